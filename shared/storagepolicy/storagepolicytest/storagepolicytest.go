// Package storagepolicytest makes storage policies for tests that are about something else.
package storagepolicytest

import (
	"os"
	"path/filepath"
	"strings"

	"firn/shared/storagepolicy"
)

// Parse returns a policy of its text. It panics if that is wrong.
func Parse(text string) *storagepolicy.Policy {
	p, err := storagepolicy.Parse([]byte(text))
	if err != nil {
		panic(err)
	}
	return p
}

// Lenient returns a policy by which every realm may use the endpoints, AWS, GCS and Azure with any identity, and any
// storageName in names.
func Lenient(endpoints []string, names ...string) *storagepolicy.Policy {
	var all []string
	for _, endpoint := range append([]string{storagepolicy.AWS}, endpoints...) {
		all = append(all, `{endpoint: "`+endpoint+`", bucket: "*", use: [assume, sign]}`)
	}
	entries := "[" + strings.Join(all, ", ") + "]"
	text := "realms: {'*': {ownIdentity: " + entries + ", gcs: {serviceAccounts: ['*'], buckets: ['*']}, azure: {accounts: ['*']}, storageNames: {"
	for _, name := range names {
		text += `"` + name + `": ` + entries + ", "
	}
	return Parse(text + "}}}")
}

// WithFolders returns the policy, by which every realm may use the folders of this machine too, and those below the
// system's for temporary files.
func WithFolders(p *storagepolicy.Policy, folders ...string) *storagepolicy.Policy {
	out, err := p.With(storagepolicy.Flags{Folders: append(folders, filepath.Clean(os.TempDir()))})
	if err != nil {
		panic(err)
	}
	return out
}
