package gcs

import (
	"bytes"
	"encoding/base64"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/google/go-cmp/cmp"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
)

// testKeyset is one of AES-GCM with 256 bits, in the form in which the token service gives it.
var testKeyset = lake.Secret(base64.StdEncoding.EncodeToString(keysetOf(tinkpb.OutputPrefixType_TINK, nil)))

func keysetOf(prefix tinkpb.OutputPrefixType, change func(*tinkpb.Keyset)) []byte {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		panic(err)
	}
	set := insecurecleartextkeyset.KeysetMaterial(handle)
	set.Key[0].OutputPrefixType = prefix
	if change != nil {
		change(set)
	}
	raw, err := proto.Marshal(set)
	if err != nil {
		panic(err)
	}
	return raw
}

// The tree that is built is the one that a parser makes of the text.
func TestTheTreeIsThatOfTheText(t *testing.T) {
	env, err := cel.NewEnv()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := boundary(grant(t, readWrite, "gs://lake/ns/t/", "gs://lake/data/t & co/"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		ast, issues := env.Parse(r.expression())
		if issues.Err() != nil {
			t.Fatal(issues.Err())
		}
		want, err := cel.AstToParsedExpr(ast)
		if err != nil {
			t.Fatal(err)
		}
		var got expr.Expr
		if err := proto.Unmarshal(r.tree(), &got); err != nil {
			t.Fatal(err)
		}
		numbers := protocmp.IgnoreFields(&expr.Expr{}, "id")
		if len(r.terms) <= 2 { // the parser balances longer chains
			if diff := cmp.Diff(&got, want.GetExpr(), protocmp.Transform(), numbers); diff != "" {
				t.Errorf("%s (-got +want):\n%s", r.expression(), diff)
			}
		}
		text, err := cel.AstToString(cel.ParsedExprToAst(&expr.ParsedExpr{Expr: &got}))
		again, issues := env.Parse(text)
		if err != nil || issues.Err() != nil {
			t.Fatal(err, issues.Err())
		}
		reparsed, err := cel.AstToParsedExpr(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(reparsed.GetExpr(), want.GetExpr(), protocmp.Transform(), numbers); diff != "" {
			t.Errorf("%s as text (-got +want):\n%s", r.expression(), diff)
		}
	}
}

// What is sealed is what Tink opens.
func TestSessionKeysSealAsTinkDoes(t *testing.T) {
	for _, prefix := range []tinkpb.OutputPrefixType{tinkpb.OutputPrefixType_TINK, tinkpb.OutputPrefixType_RAW} {
		raw := keysetOf(prefix, nil)
		key, err := parseSessionKey(lake.Secret(base64.StdEncoding.EncodeToString(raw)))
		if err != nil {
			t.Fatalf("%s: %v", prefix, err)
		}
		handle, err := insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(raw)))
		if err != nil {
			t.Fatal(err)
		}
		tink, err := aead.New(handle)
		if err != nil {
			t.Fatal(err)
		}
		sealed := key.seal([]byte("boundary"))
		if got, err := tink.Decrypt(sealed, nil); err != nil || string(got) != "boundary" {
			t.Errorf("%s: got %q, %v, want boundary", prefix, got, err)
		}
		if string(sealed) == string(key.seal([]byte("boundary"))) {
			t.Errorf("%s: two sealings are the same", prefix)
		}
	}
}

func TestSessionKeysThatCannotBeUsed(t *testing.T) {
	change := func(f func(*tinkpb.Keyset)) string {
		return base64.StdEncoding.EncodeToString(keysetOf(tinkpb.OutputPrefixType_TINK, f))
	}
	rows := []struct{ name, key, want string }{
		{"not base64", "!", "it is not base64"},
		{"not a keyset", base64.StdEncoding.EncodeToString([]byte("keys")), "it is not a keyset"},
		{"of another type of field", base64.StdEncoding.EncodeToString([]byte{1<<3 | 5, 0, 0, 0, 0}), "it is not a keyset"},
		{"a key that is none", base64.StdEncoding.EncodeToString([]byte{2<<3 | 2, 1, 0xff}), "it holds something that is no key"},
		{"no key", change(func(k *tinkpb.Keyset) { k.Key = nil }), "it has no primary key"},
		{"another key", change(func(k *tinkpb.Keyset) { k.PrimaryKeyId++ }), "it has no primary key"},
		{"disabled", change(func(k *tinkpb.Keyset) { k.Key[0].Status = tinkpb.KeyStatusType_DISABLED }), "its primary key is not an enabled key for AES-GCM"},
		{"another cipher", change(func(k *tinkpb.Keyset) {
			k.Key[0].KeyData.TypeUrl = "type.googleapis.com/google.crypto.tink.XChaCha20Poly1305Key"
		}), "its primary key is not an enabled key for AES-GCM"},
		{"another prefix", change(func(k *tinkpb.Keyset) { k.Key[0].OutputPrefixType = tinkpb.OutputPrefixType_CRUNCHY }), "its prefix is of an unknown kind"},
		{"another version", change(func(k *tinkpb.Keyset) { k.Key[0].KeyData.Value = append([]byte{1 << 3, 1}, k.Key[0].KeyData.Value...) }), "its primary key is of an unknown version"},
		{"short", change(func(k *tinkpb.Keyset) { k.Key[0].KeyData.Value = []byte{3<<3 | 2, 3, 1, 2, 3} }), "its primary key has a wrong length"},
	}
	const message = "This server cannot use the key that Google's token service gave. An administrator must turn the client-side boundary off."
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := parseSessionKey(lake.Secret(row.key))
			fails(t, err, fault.Unsupported, message)
			if got, want := fault.From(err).Cause.Error(), "session key of the intermediary token: "+row.want; got != want {
				t.Errorf("got the cause %q, want %q", got, want)
			}
		})
	}
}

// Another intermediary's key opens nothing: a boundary cannot be put behind a token that it was not made for.
func TestABoundaryBelongsToItsIntermediary(t *testing.T) {
	w := newWorld(t, clientSide)
	first := w.vend(t, "", grant(t, vend.Read, "gs://lake/t/")).GCS.Token.Reveal()
	w.pass(reuse)
	second := w.vend(t, "", grant(t, vend.Read, "gs://lake/t2/")).GCS.Token.Reveal()
	cut := func(s string) (string, string) {
		for i := len(s) - 1; ; i-- {
			if s[i] == '.' {
				return s[:i], s[i:]
			}
		}
	}
	middle, _ := cut(first)
	_, sealed := cut(second)
	const object = "projects/_/buckets/lake/objects/t2/a"
	if w.Allows(middle+sealed, "storage.objects.get", object, nil) || w.Allows(middle, "storage.objects.get", object, nil) || !w.Allows(second, "storage.objects.get", object, nil) {
		t.Error("want the second token alone to open the object")
	}
}
