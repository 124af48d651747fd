// Package cli is the command line `firn`: `firn serve`, and the administrator's commands over the management and Iceberg
// REST APIs. Its words, flags and arguments are those of Apache Polaris's CLI, so that scripts and habits carry over; the
// scripts under testdata say what each command prints.
//
// Flags come before environment variables: --client-id, else FIRN_CLIENT_ID, else CLIENT_ID. `--output text` prints
// tables and sentences; `--output json` prints the API's own document, with the fields that this client does not know,
// and nothing where the API answers nothing. Errors go to stderr: what happened, then what to do next; with `--output json`
// as one object, {"error": {"message": ..., "next": ...}}. The exit code is 0, 1 for a failure and 2 for a command that was
// written wrongly, which then had no effect. Every command is one request or a few, and nothing is kept on this machine.
//
// A secret is taken from a file (--client-secret-file), from stdin (--client-secret -), from the environment or, where other users
// of the machine do not matter, from the command line.
//
// It refuses to find credentials by itself, to follow redirects (they would carry a secret elsewhere), and to print a
// secret other than the one that create, rotate-credentials, reset or issue-token was just given, once, on stdout.
//
// A namespace is written with dots between its levels. A dot inside a level is written `\.`; a level cannot hold a
// backslash, so nothing else needs escaping.
//
// # Adding a command
//
// A command is one function in the file of its noun, in that noun's group; a noun is one file and one line of nouns.
//
// # Why
//
// The client is a page of net/http and not a generated one: some thirty requests share one shape, and JSON output must
// carry fields that no generated type has. Text from the server is shown with control characters escaped, since a name
// that somebody else chose must not steer an administrator's terminal.
//
// `serve` is handed in: this package imports no driver and no use-case, so that a build without it is a client alone.
package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// Config is the world that a run of the command line sees.
type Config struct {
	Serve     func(ctx context.Context, c ServeConfig) error     // runs until ctx ends; nil: the build has no `firn serve`
	Bootstrap func(ctx context.Context, c BootstrapConfig) error // prepares a deployed environment; nil: the build cannot
	Getenv    func(name string) string                           // an unset variable is empty
	Stdin     io.Reader                                          // for secrets; nil: empty
	Stdout    io.Writer
	Stderr    io.Writer
	Terminal  bool // Stdout is a terminal: help is coloured, unless NO_COLOR is set
}

// nouns are the commands beside serve.
var nouns = []func(*session) *cobra.Command{
	catalogs, principals, principalRoles, catalogRoles, privileges, vendedCredentials, namespaces, shares, recipients, version,
}

// Main runs one command and gives its exit code: 0, 1 for a failure, 2 for wrong usage. args begin behind the program's
// name.
func Main(ctx context.Context, c Config, args []string) int {
	out := &printer{to: c.Stdout}
	c.Stdout = out
	s := &session{config: c}
	root := group("firn", "A serverless lakehouse catalog that hands out keys")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return settle(cmd.Flags(), c.Getenv) }
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misused("%v", err) })
	root.SetOut(c.Stdout)
	root.SetErr(c.Stderr)
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp) // arguments are names in a catalog
	root.SetUsageTemplate(usage(c.Terminal && c.Getenv("NO_COLOR") == "", true))
	s.bind(root.PersistentFlags())
	if c.Serve != nil {
		root.AddCommand(serve(c))
	}
	if c.Bootstrap != nil {
		root.AddCommand(bootstrap(c))
	}
	for _, noun := range nouns {
		root.AddCommand(noun(s))
	}
	root.SetArgs(append([]string{}, args...)) // never nil: cobra would read the process's own
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil && out.err != nil {
		err = failed("the answer could not be printed: "+out.err.Error(), "The command took effect. A secret that it would have shown is lost: reset it.")
	}
	// A command that was written wrongly ended before its flags were filled from the environment.
	asJSON := s.output == "json" || !root.PersistentFlags().Changed("output") && strings.EqualFold(c.Getenv("FIRN_OUTPUT"), "json")
	return report(c.Stderr, asJSON, cmd.CommandPath(), err)
}
