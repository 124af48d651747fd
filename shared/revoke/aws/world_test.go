package aws

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/lake"
	"firn/shared/revoke"
	"firn/shared/revoke/revoketest"
	"firn/shared/vend/aws/session"
	"firn/shared/vend/vendtest/iamtest"
)

const own lake.ID = "firn"

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// world is an account with one vending role.
type world struct {
	t       testing.TB
	account *revoketest.Account
	ender   *Ender
	target  revoke.Target
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, account: revoketest.New()}
	server := httptest.NewServer(w.account)
	t.Cleanup(server.Close)
	var err error
	w.ender, err = New(Config{Own: own, Base: aws.Config{BaseEndpoint: &server.URL, HTTPClient: server.Client(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAFIRN", "secret", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		}}})
	if err != nil {
		t.Fatal(err)
	}
	w.target = revoke.Target{Role: w.account.Role("lake", "outside"), ExternalID: "outside"}
	return w
}

// end ends the keys of the cuts, which must go well.
func (w *world) end(cuts ...revoke.Cut) (widely bool) {
	w.t.Helper()
	widely, err := w.ender.End(w.t.Context(), w.target, cuts)
	if err != nil {
		w.t.Fatal(err)
	}
	return widely
}

// key is a vended key, as AWS sees its requests.
type key struct {
	name   string // of the session
	issued time.Time
}

func vended(realm lake.Realm, principal, table lake.ID, issued time.Time) key {
	return key{session.Name(realm, "ann-"+string(principal), principal, table), issued}
}

// everything are requests that the keys of the test's grants allow: all or none of them must be denied.
var everything = []iamtest.Request{
	{Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/t/a"}, {Action: "s3:PutObject", Resource: "arn:aws:s3:::lake/t/a"},
	{Action: "s3:DeleteObject", Resource: "arn:aws:s3:::lake/t/a"}, {Action: "s3:ListBucket", Resource: "arn:aws:s3:::lake"},
}

// lives says whether the key opens anything: what session policy, role and boundary allow together.
func (w *world) lives(k key) bool {
	w.t.Helper()
	parse := func(text string) []*iamtest.Policy {
		p, err := iamtest.Parse(iamtest.AWS, text)
		if err != nil {
			w.t.Fatalf("%v: %s", err, text)
		}
		return []*iamtest.Policy{p}
	}
	policies := iamtest.Policies{Identity: parse(revoketest.Boundary), Session: parse(revoketest.Boundary), Boundary: parse(w.account.Policy("lake"))}
	opens := 0
	for _, r := range everything {
		r.Context = map[string][]string{"aws:userid": {"AROAEXAMPLEID:" + k.name}, "aws:TokenIssueTime": {k.issued.UTC().Format(time.RFC3339)}}
		if iamtest.Evaluate(r, policies) == iamtest.Allow {
			opens++
		}
	}
	if opens != 0 && opens != len(everything) {
		w.t.Fatalf("a key opens %d of %d", opens, len(everything))
	}
	return opens > 0
}

func ofPrincipal(id lake.ID, before time.Time) revoke.Cut {
	return revoke.Cut{Realm: "r", Of: lake.Revoked{PrincipalID: id}, Before: before}
}

func forTable(id lake.ID, before time.Time) revoke.Cut {
	return revoke.Cut{Realm: "r", Of: lake.Revoked{CatalogID: "c", TableID: id}, Before: before}
}

func single(name string, before time.Time) revoke.Cut {
	return revoke.Cut{Realm: "r", Of: lake.Revoked{Credential: name}, Before: before}
}
