package cli

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"
)

// credentials is PrincipalWithCredentials of the management API. It holds a secret in the clear, and nothing keeps it: it
// is decoded to be printed once.
type credentials struct {
	Principal   entity `json:"principal"`
	Credentials struct {
		ClientID     string `json:"clientId"`
		ClientSecret string `json:"clientSecret"`
	} `json:"credentials"`
}

// print shows the client id and secret, which cannot be seen again.
func (c credentials) print(w io.Writer) {
	table(w, []string{"PRINCIPAL", "CLIENT ID", "CLIENT SECRET"},
		[][]string{{c.Principal.Name, c.Credentials.ClientID, c.Credentials.ClientSecret}})
}

func principals(s *session) *cobra.Command {
	return group("principals", "Manage principals, who ask for tokens",
		principalsCreate(s), principalsGet(s), principalsList(s),
		updater(s, "PRINCIPAL", "principal", manageService, principalPath),
		principalsRotate(s), principalsReset(s), principalsDelete(s))
}

func principalPath(name string) []string { return []string{management, "principals", name} }

// showCredentials sends a request that answers with a client secret and prints it.
func (s *session) showCredentials(ctx context.Context, r request) error {
	return show(ctx, s, r, func(w io.Writer, c credentials) { c.print(w) })
}

func principalsCreate(s *session) *cobra.Command {
	var kind string
	var properties []string
	cmd := leaf("create PRINCIPAL", "Create a principal and print its client id and secret, once", func(ctx context.Context, args []string) error {
		all, err := pairs("property", properties)
		if err != nil {
			return err
		}
		body := map[string]any{"principal": map[string]any{"name": args[0], "properties": all}}
		return s.showCredentials(ctx, request{method: http.MethodPost, path: []string{management, "principals"}, body: body, needs: manageService})
	})
	oneOf(cmd.Flags(), &kind, "type", "SERVICE", "type of the principal; there is one", "SERVICE")
	cmd.Flags().StringArrayVar(&properties, "property", nil, "`key=value`; repeatable")
	return cmd
}

func principalsGet(s *session) *cobra.Command {
	return leaf("get PRINCIPAL", "Show a principal", func(ctx context.Context, args []string) error {
		return show(ctx, s, request{method: http.MethodGet, path: principalPath(args[0]), needs: manageService}, record)
	})
}

func principalsList(s *session) *cobra.Command {
	type answer struct {
		Principals []entity `json:"principals"`
	}
	return leaf("list", "List principals", func(ctx context.Context, _ []string) error {
		r := request{method: http.MethodGet, path: []string{management, "principals"}, needs: manageService}
		return show(ctx, s, r, func(w io.Writer, all answer) {
			rows := make([][]string, len(all.Principals))
			for i, p := range all.Principals {
				rows[i] = []string{p.Name, p.ClientID, strconv.Itoa(p.EntityVersion), moment(p.CreateTimestamp)}
			}
			table(w, []string{"NAME", "CLIENT ID", "VERSION", "CREATED"}, rows)
		})
	})
}

func principalsRotate(s *session) *cobra.Command {
	return leaf("rotate-credentials PRINCIPAL", "Make a new client secret for oneself and print it, once", func(ctx context.Context, args []string) error {
		return s.showCredentials(ctx, request{
			method: http.MethodPost, path: append(principalPath(args[0]), "rotate"),
			needs: "the principal's own credentials; root gives others new ones with `firn principals reset`, and PRINCIPAL_ROTATE_CREDENTIALS",
		})
	})
}

func principalsReset(s *session) *cobra.Command {
	var body struct {
		ClientID     string `json:"clientId,omitempty"`
		ClientSecret string `json:"clientSecret,omitempty"`
	}
	var fresh secretFlag
	cmd := leaf("reset PRINCIPAL", "Replace another's client secret and print the new one, once", func(ctx context.Context, args []string) error {
		if err := takeStdin(&fresh, &s.clientSecret, &s.accessToken); err != nil {
			return err
		}
		secret, err := fresh.read(s.config.Stdin)
		if err != nil {
			return err
		}
		body.ClientSecret = secret.Reveal()
		return s.showCredentials(ctx, request{
			method: http.MethodPost, path: append(principalPath(args[0]), "reset"), body: body, needs: "the credentials of the principal root",
		})
	})
	cmd.Flags().StringVar(&body.ClientID, "new-client-id", "", "client `id` to set; it stays if not given")
	fresh.bind(cmd.Flags(), "new-client-secret", "client `secret` to set; the server makes one if not given, which is better")
	return cmd
}

func principalsDelete(s *session) *cobra.Command {
	return leaf("delete PRINCIPAL", "Delete a principal; its tokens stop working", func(ctx context.Context, args []string) error {
		return s.say(ctx, request{method: http.MethodDelete, path: principalPath(args[0]), needs: manageService}, "Deleted principal %s.", args[0])
	})
}
