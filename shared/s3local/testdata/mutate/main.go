// Mutate takes one check at a time out of shared/s3local and demands that its tests notice. It changes no file: each
// mutant is an overlay of the build. Run it from the module's root, with names to try only those:
//
//	go run ./shared/s3local/testdata/mutate [name ...]
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const folder = "shared/s3local"

// mutation replaces a text that its file holds exactly once.
type mutation struct{ name, file, old, new string }

var mutations = []mutation{
	{"prefix", "scope.go", `&& strings.HasPrefix(key, s.Prefix)`, ``},
	{"slash", "scope.go", `if !strings.HasSuffix(s.Prefix, "/") {`, `if false {`},
	{"bucket", "scope.go", `&& s.Bucket == bucket `, ``},
	{"action", "scope.go", `s.Actions&a == a && `, ``},
	{"scope on each request", "gate.go", `if !allowed(c.claims.Scopes, a, bucket, key) {`, `if false {`},
	{"scope of the Go API", "client.go", `if !allowed(c.scopes, a, bucket, key) {`, `if false {`},
	{"signature", "sigv4.go", `if !hmac.Equal([]byte(hex.EncodeToString(sign(key, text))), []byte(p.signature)) {`, `if false && text != "" {`},
	{"skew", "proof.go", `if p.at.After(now.Add(skew)) || !p.presigned && p.at.Before(now.Add(-skew)) {`, `if false {`},
	{"coverage of headers", "sigv4.go", `if !slices.Contains(signed, name) {`, `if false {`},
	{"coverage of the host", "sigv4.go", `if !slices.Contains(signed, "host") {`, `if false {`},
	{"header twice", "sigv4.go", `if len(values) > 1 {`, `if len(values) > 1 && false {`},
	{"token's access key", "issuer.go", `i.seal.Open(nil, nil, sealed, []byte(accessKeyID))`, `i.seal.Open(nil, nil, sealed, nil)`},
	{"chunk signature", "chunk.go", `if err := c.chain.hold("-PAYLOAD", signature, emptySHA256, hex.EncodeToString(sum[:])); err != nil {`, `if err := c.chain.hold("-PAYLOAD", signature, emptySHA256, hex.EncodeToString(sum[:])); err != nil && false {`},
	{"trailer signature", "chunk.go", `if c.chain != nil && c.trailer != "" {`, `if false {`},
	{"trailer there", "chunk.go", `if c.trailer != "" && c.checksum == "" {`, `if false {`},
	{"checksums", "checksum.go", `if base64.StdEncoding.EncodeToString(e.sum.Sum(nil)) != e.want {`, `if base64.StdEncoding.EncodeToString(e.sum.Sum(nil)) != e.want && false {`},
	{"length", "body.go", `if b.left != 0 {`, `if false {`},
	{"body unbound", "gate.go", `if !b.bound {`, `if false {`},
	{"copy source", "serve_object.go", `if err := c.may(Read, bucket, key); err != nil {`, `if err := c.may(Read, bucket, key); err != nil && false {`},
	{"copy source's version", "serve_object.go", `want != "" && unquote(want) != o.ETag`, `want != "" && false`},
	{"batch delete", "serve_delete.go", `if err := c.may(Delete, c.bucket, key); err != nil {`, `if err := c.may(Delete, c.bucket, key); err != nil && false {`},
	{"expiry", "issuer.go", `if !i.now().Before(c.Expires) {`, `if false {`},
	{"revocation", "issuer.go", `ok && !c.Issued.After(cut)`, `ok && false && !c.Issued.After(cut)`},
	{"revocation of what is younger", "issuer.go", `ok && !c.Issued.After(cut)`, `ok && !cut.IsZero()`},
	{"credential asked on each request", "sigv4.go", `signing: key}, issuer.Check(claims)`, `signing: key}, nil`},
	{"credential asked before publishing", "work.go", `if err := p.alive(); err != nil {`, `if err := p.alive(); err != nil && false {`},
	{"credential asked before a part", "upload.go", `if err := alive(); err != nil {`, `if err := alive(); err != nil && false {`},
	{"credential asked in a download", "answer.go", `if w.ended = w.alive(); w.ended != nil {`, `if w.ended = w.alive(); false {`},
	{"key rule, dots", "key.go", `if piece == "." || piece == ".." {`, `if piece == "" {`},
	{"key rule, encoded dots", "key.go", `plain := unescapeDots.Replace(segment)`, `plain := segment`},
	{"key rule, characters", "key.go", `if !utf8.ValidString(key) || strings.ContainsFunc(key, unprintable) {`, `if !utf8.ValidString(key) {`},
	{"key rule of a list's prefix", "list.go", `if err := checkListPrefix(l.prefix); err != nil {`, `if err := checkListPrefix(l.prefix); err != nil && false {`},
	{"list of parameters", "operation.go", `if !known {`, `if !known && false {`},
	{"list of headers", "operation.go", `if !slices.Contains(commonHeaders, name) && !slices.Contains(op.headers, name) {`, `if false {`},
	{"upload's target", "upload.go", `absent(err) || err == nil && string(target) != bucket+"/"+key`, `absent(err) || err == nil && len(target) == 0`},
	{"presigned expiry", "proof.go", `if p.presigned && !now.Before(p.at.Add(p.life)) {`, `if false {`},
	{"duplicate parameter", "target.go", `if _, twice := t.query[name]; twice {`, `if _, twice := t.query[name]; twice && false {`},
	{"double authentication", "proof.go", `case len(authorization) > 1, presigned && len(authorization) > 0:`, `case len(authorization) > 1:`},
	{"absolute form", "target.go", `if !strings.HasPrefix(uri, "/") {`, `if false {`},
	{"publishing only what held", "serve_object.go", `if _, err := copyBytes(w, b); err != nil {`, `if _, err := copyBytes(w, b); err != nil && false {`},
	{"one winner", "work.go", `case err == nil && p.ifAbsent:`, `case false:`},
	{"part still the one named", "upload.go", `if err == nil && object("", info).ETag != unquote(ref.ETag) {`, `if false && info != nil {`},
	{"quota", "store.go", `if s.quota > 0 && size > s.quota-s.used {`, `if false {`},
	{"one process", "lock_unix.go", `syscall.LOCK_EX|syscall.LOCK_NB`, `syscall.LOCK_SH|syscall.LOCK_NB`},
}

func main() {
	scratch, err := os.MkdirTemp("", "mutate")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer os.RemoveAll(scratch)
	tried, bad := 0, 0
	for _, m := range mutations {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], m.name) {
			continue
		}
		verdict := try(m, scratch)
		fmt.Printf("%-9s %s\n", verdict, m.name)
		tried++
		if verdict != "noticed" {
			bad++
		}
	}
	fmt.Printf("%d of %d mutants were noticed\n", tried-bad, tried)
	if bad > 0 {
		os.Exit(1)
	}
}

// try says "noticed" if the tests fail with the mutation, "SURVIVED" if they pass, "BROKEN" if it cannot be tried.
func try(m mutation, scratch string) string {
	source, err := filepath.Abs(filepath.Join(folder, m.file))
	if err != nil {
		return "BROKEN"
	}
	text, err := os.ReadFile(source)
	if err != nil || strings.Count(string(text), m.old) != 1 {
		return "BROKEN"
	}
	mutant, overlay := filepath.Join(scratch, m.file), filepath.Join(scratch, "overlay.json")
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{source: mutant}})
	if err != nil || os.WriteFile(mutant, []byte(strings.Replace(string(text), m.old, m.new, 1)), 0o600) != nil || os.WriteFile(overlay, list, 0o600) != nil {
		return "BROKEN"
	}
	out, err := exec.Command("go", "test", "-vet=off", "-timeout=2m", "-overlay="+overlay, "./"+folder).CombinedOutput()
	switch {
	case err == nil:
		return "SURVIVED"
	case strings.Contains(string(out), "[build failed]") || !strings.Contains(string(out), "FAIL"):
		return "BROKEN"
	}
	return "noticed"
}
