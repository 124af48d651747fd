package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/spf13/cobra"
)

// entity is a principal or a role of the management API, with the fields that commands read.
type entity struct {
	Name            string            `json:"name"`
	ClientID        string            `json:"clientId"` // of a principal
	Properties      map[string]string `json:"properties"`
	CreateTimestamp int64             `json:"createTimestamp"` // milliseconds since 1970
	EntityVersion   int               `json:"entityVersion"`
}

// entityUpdate is the body of the update operations: the change applies to this version of the object or not at all.
type entityUpdate struct {
	CurrentEntityVersion int               `json:"currentEntityVersion"`
	Properties           map[string]string `json:"properties"`
}

// roles is a list of principal roles or of catalog roles.
type roles struct {
	Roles []entity `json:"roles"`
}

// print shows the roles as a table.
func (l roles) print(w io.Writer) {
	rows := make([][]string, len(l.Roles))
	for i, r := range l.Roles {
		rows[i] = []string{r.Name, strconv.Itoa(r.EntityVersion), moment(r.CreateTimestamp)}
	}
	table(w, []string{"NAME", "VERSION", "CREATED"}, rows)
}

// updater makes the command `update` of a noun whose properties alone can change. path gives the object's path; needs is
// the privilege to change it.
func updater(s *session, argument, noun, needs string, path func(name string) []string) *cobra.Command {
	var flags editFlags
	cmd := leaf("update "+argument, "Change properties of a "+noun, func(ctx context.Context, args []string) error {
		change, err := flags.parse()
		if err != nil {
			return err
		}
		if change.empty() {
			return misused("nothing to change: give --set-property or --remove-property")
		}
		var now entity
		if _, err := s.send(ctx, request{method: http.MethodGet, path: path(args[0]), needs: needs}, &now); err != nil {
			return err
		}
		body := entityUpdate{now.EntityVersion, change.apply(now.Properties)}
		return s.say(ctx, request{method: http.MethodPut, path: path(args[0]), body: body, needs: needs},
			fmt.Sprintf("Updated %s %%s.", noun), args[0])
	})
	flags.bind(cmd.Flags())
	return cmd
}
