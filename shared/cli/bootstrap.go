package cli

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// BootstrapConfig is what `firn bootstrap` was asked for. Its values are checked: a field holds what its comment says.
type BootstrapConfig struct {
	Table         string   // name of the DynamoDB table; not empty
	SigningSecret string   // ARN or name of the secret for the signing keys; not empty
	Realms        []string // one at least, different, without spaces
}

func bootstrap(c Config) *cobra.Command {
	var b BootstrapConfig
	cmd := leaf("bootstrap", "Prepare a deployed environment", func(ctx context.Context, _ []string) error {
		switch {
		case b.Table == "":
			return misused("--table must name the environment's DynamoDB table")
		case b.SigningSecret == "":
			return misused("--signing-secret must name the environment's secret")
		}
		if err := checkRealms(b.Realms); err != nil {
			return err
		}
		if err := c.Bootstrap(ctx, b); err != nil {
			return failed(err.Error(), "Check the AWS credentials, the region and the names of the table and the secret, which the deployment prints; then run the command again: what is done stays done.")
		}
		return nil
	})
	cmd.Long = `Prepare a deployed environment, once: make the signing keys and the principal root of each realm.

It speaks to AWS with the credentials of this environment (AWS_PROFILE, AWS_REGION ...). FIRN_BOOTSTRAP_CREDENTIALS
(or POLARIS_BOOTSTRAP_CREDENTIALS) gives root's credentials as realm,id,secret, with semicolons between realms,
FIRN_BOOTSTRAP_CREDENTIALS_FILE names a file that holds them, where line ends separate too;
those that are not given are made and printed, once. What is there already stays as it is.`
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&b.Table, "table", "", "`name` of the DynamoDB table")
	fs.StringVar(&b.SigningSecret, "signing-secret", "", "`ARN` of the secret for the signing keys")
	fs.StringSliceVar(&b.Realms, "realms", []string{"POLARIS"}, "`names` of the realms, with commas between")
	fs.VisitAll(func(f *pflag.Flag) { fromEnvironment(fs, f.Name) })
	cmd.SetUsageTemplate(usage(c.Terminal && c.Getenv("NO_COLOR") == "", false))
	return cmd
}
