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

// Text is a policy by which every realm may use the endpoints, AWS, GCS and Azure with any identity, any storageName in
// names, and folders for temporary files.
func Text(endpoints []string, names ...string) string {
	return "realms: {'*': {" + identities(endpoints, names) + `, file: ["` + strings.Join(temporary(), `", "`) + `"]}}`
}

// Lenient is Text without folders.
func Lenient(endpoints []string, names ...string) *storagepolicy.Policy {
	return Parse("realms: {'*': {" + identities(endpoints, names) + "}}")
}

func identities(endpoints, names []string) string {
	var all []string
	for _, endpoint := range append([]string{storagepolicy.AWS}, endpoints...) {
		all = append(all, `{endpoint: "`+endpoint+`", bucket: "*", use: [assume, sign]}`)
	}
	entries, named := "["+strings.Join(all, ", ")+"]", ""
	for _, name := range names {
		named += `"` + name + `": ` + entries + ", "
	}
	return "ownIdentity: " + entries + ", gcs: {serviceAccounts: ['*'], buckets: ['*']}, azure: {accounts: ['*']}, storageNames: {" + named + "}"
}

// temporary are the folders in which tests keep files.
func temporary() []string { return []string{filepath.Clean(os.TempDir()), "/tmp"} }

// WithFolders returns the policy, by which every realm may use the folders of this machine too, and those below the
// system's for temporary files.
func WithFolders(p *storagepolicy.Policy, folders ...string) *storagepolicy.Policy {
	out, err := p.With(storagepolicy.Flags{Folders: append(folders, temporary()...)})
	if err != nil {
		panic(err)
	}
	return out
}
