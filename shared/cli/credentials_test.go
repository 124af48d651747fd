package cli_test

import (
	"strings"
	"testing"

	"firn/shared/cli"
)

// A revocation after which keys may live on is a failure of the command, in both forms of output.
func TestARevocationThatIsNotDoneFails(t *testing.T) {
	const storages = `"storages":[{"storageType":"S3","catalogs":["a","b"],"moreCatalogs":3,"outcome":"PENDING","detail":"Not yet."}]`
	rows := []struct {
		name, body, output string
		code               int
		stdout             string
	}{
		{"done", `{"id":"principal-x","principal":"etl","halted":true,"pending":false,"keysIssuedBeforeTimestamp":1767355261000,"storages":[]}`, "text", 0,
			"Revoked the storage credentials of principal etl, issued before 2026-01-02T12:01:01Z.\nNew ones are not handed out until `firn credentials allow principal-x`, from that time on.\n"},
		{"not done", `{"id":"key-x","credentialId":"x","pending":true,"keysIssuedBeforeTimestamp":1767355261000,` + storages + `}`, "text", 1,
			"Revoked the storage credentials of credential x, issued before 2026-01-02T12:01:01Z.\nSTORAGE  CATALOGS         OUTCOME  DETAIL\nS3       a, b and 3 more  PENDING  Not yet.\n"},
		{"not done, as JSON", `{"id":"key-x","pending":true}`, "json", 1, `{"id":"key-x","pending":true}` + "\n"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			code, stdout, stderr := run(t, cli.Config{}, serverOf(t, says(201, row.body)), "credentials", "revoke", "--principal", "etl", "--output", row.output)
			if code != row.code || stdout != row.stdout || (code != 0) != strings.Contains(stderr, "credentials that are out may still work") {
				t.Errorf("got exit code %d and\n%s%s\nwant %d and\n%s", code, stdout, stderr, row.code, row.stdout)
			}
		})
	}
}
