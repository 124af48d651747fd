package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

func vendedCredentials(s *session) *cobra.Command {
	return group("credentials", "Take storage credentials back that were handed out, and allow new ones",
		credentialsRevoke(s), credentialsRevocations(s), credentialsAllow(s))
}

func revocationsPath() []string { return []string{management, "revocations"} }

// Who may revoke depends on what.
const revokes = "for a principal, the credentials of the principal root; for a table, CATALOG_MANAGE_ACCESS on what holds it; for one credential, " + manageService

// revocation is a revocation of the management API.
type revocation struct {
	ID           string   `json:"id"`
	Principal    string   `json:"principal"`
	Catalog      string   `json:"catalog"`
	Namespace    []string `json:"namespace"`
	Table        string   `json:"table"`
	CredentialID string   `json:"credentialId"`
	Reason       string   `json:"reason"`
	RevokedBy    string   `json:"revokedBy"`
	Halted       bool     `json:"halted"`
	Pending      bool     `json:"pending"`
	Created      int64    `json:"createTimestamp"`
	IssuedBefore int64    `json:"keysIssuedBeforeTimestamp"`
	Storages     []struct {
		StorageType  string   `json:"storageType"`
		Catalogs     []string `json:"catalogs"`
		MoreCatalogs int      `json:"moreCatalogs"`
		Outcome      string   `json:"outcome"`
		Detail       string   `json:"detail"`
	} `json:"storages"`
}

// of names whose credentials are revoked.
func (r revocation) of() string {
	switch {
	case r.CredentialID != "":
		return "credential " + r.CredentialID
	case r.Table != "":
		return "table " + joinNamespace(append(append([]string{r.Catalog}, r.Namespace...), r.Table))
	}
	return "principal " + r.Principal
}

// state says in one word what holds of new credentials, and of those that are out.
func (r revocation) state() (fresh, out string) {
	fresh, out = "allowed", "ended"
	if r.Halted {
		fresh = "halted"
	}
	if r.Pending {
		return fresh, "pending"
	}
	for _, s := range r.Storages {
		if s.Outcome == "EXPIRE" {
			out = "ended where they can be"
		}
	}
	return fresh, out
}

// print tells what was done, store by store.
func (r revocation) print(w io.Writer) {
	fmt.Fprintf(w, "Revoked the storage credentials of %s, issued before %s.\n", plain(r.of()), moment(r.IssuedBefore))
	if r.Halted {
		fmt.Fprintf(w, "New ones are not handed out until `firn credentials allow %s`, from that time on.\n", plain(r.ID))
	}
	rows := make([][]string, len(r.Storages))
	for i, s := range r.Storages {
		catalogs := strings.Join(s.Catalogs, ", ")
		if s.MoreCatalogs > 0 {
			catalogs += fmt.Sprintf(" and %d more", s.MoreCatalogs)
		}
		rows[i] = []string{s.StorageType, catalogs, s.Outcome, s.Detail}
	}
	if len(rows) > 0 {
		table(w, []string{"STORAGE", "CATALOGS", "OUTCOME", "DETAIL"}, rows)
	}
}

func credentialsRevoke(s *session) *cobra.Command {
	var principal, catalog, name, id, reason string
	cmd := leaf("revoke", "End the storage credentials of a principal, for a table, or one; of the first two no new ones are handed out", func(ctx context.Context, _ []string) error {
		body := map[string]any{}
		if reason != "" {
			body["reason"] = reason
		}
		switch {
		case principal != "" && name == "" && id == "" && catalog == "":
			body["principal"] = principal
		case id != "" && principal == "" && name == "" && catalog == "":
			body["credentialId"] = id
		case name != "" && principal == "" && id == "":
			levels, err := splitNamespace(name)
			if err != nil {
				return err
			}
			if catalog == "" {
				catalog, levels = levels[0], levels[1:]
			}
			if len(levels) < 2 {
				return misused("--table %q names no table: write CATALOG.NAMESPACE.TABLE, or --catalog CATALOG --table NAMESPACE.TABLE", name)
			}
			body["catalog"], body["namespace"], body["table"] = catalog, levels[:len(levels)-1], levels[len(levels)-1]
		default:
			return misused("say whose credentials to revoke: --principal, --table or --id, one of them")
		}
		return s.revoke(ctx, body)
	})
	cmd.Flags().StringVar(&principal, "principal", "", "`name` of the principal")
	cmd.Flags().StringVar(&catalog, "catalog", "", "`name` of the table's catalog, where --table does not begin with it")
	cmd.Flags().StringVar(&name, "table", "", "`name` of the table, CATALOG.NAMESPACE.TABLE (\\. is a dot inside a part)")
	cmd.Flags().StringVar(&id, "id", "", "`id` of one credential, as the audit record and the store's log have it")
	cmd.Flags().StringVar(&reason, "reason", "", "why; `text` for those who look later")
	return cmd
}

// revoke sends a revocation and tells what was done. It is a failure if credentials that are out may live on: whoever asked must not
// rest.
func (s *session) revoke(ctx context.Context, body map[string]any) error {
	var made revocation
	text, err := s.send(ctx, request{method: http.MethodPost, path: revocationsPath(), body: body, needs: revokes}, &made)
	if err != nil {
		return err
	}
	if s.output == "json" {
		s.document(text)
	} else {
		made.print(s.config.Stdout)
	}
	if made.Pending {
		return failed("credentials that are out may still work",
			"No new ones are handed out, and the server tries every few minutes to end those: look with `firn credentials revocations`.")
	}
	return nil
}

func credentialsRevocations(s *session) *cobra.Command {
	type answer struct {
		Revocations []revocation `json:"revocations"`
	}
	return leaf("revocations", "List whose storage credentials are revoked", func(ctx context.Context, _ []string) error {
		return show(ctx, s, request{method: http.MethodGet, path: revocationsPath(), needs: manageService}, func(w io.Writer, all answer) {
			rows := make([][]string, len(all.Revocations))
			for i, r := range all.Revocations {
				fresh, out := r.state()
				rows[i] = []string{r.ID, r.of(), fresh, out, moment(r.IssuedBefore), r.RevokedBy, r.Reason}
			}
			table(w, []string{"ID", "OF", "NEW", "OUT", "ISSUED BEFORE", "BY", "REASON"}, rows)
		})
	})
}

func credentialsAllow(s *session) *cobra.Command {
	return leaf("allow REVOCATION", "Let new storage credentials be handed out again; those that were revoked stay dead", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: append(revocationsPath(), args[0]), needs: revokes}, "Lifted revocation %s.", args[0])
	})
}
