package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// group makes a command that only holds others.
func group(name, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use:                        name,
		Short:                      short,
		SuggestionsMinimumDistance: 2, // letters
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				p := misused("unknown command %q for %q", args[0], cmd.CommandPath())
				if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
					p.next = fmt.Sprintf("Did you mean `%s %s`?", cmd.CommandPath(), like[0])
				}
				return p
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// leaf makes a command that does something. use is its name and the names of its arguments, all of which are needed.
func leaf(use, short string, run func(ctx context.Context, args []string) error) *cobra.Command {
	words := strings.Fields(use)[1:]
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < len(words) {
				return misused("missing argument %s", words[len(args)])
			}
			if len(args) > len(words) {
				return misused("unexpected argument %q", args[len(words)])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return run(cmd.Context(), args) },
	}
}

// usage is the template of a command's help. It is text with the colours already in it, because cobra's template
// functions are global.
func usage(colour, globals bool) string {
	bold, name, off := "", "", ""
	if colour {
		bold, name, off = "\x1b[1m", "\x1b[36m", "\x1b[0m"
	}
	head := func(text string) string { return bold + text + off }
	template := head("Usage:") + `
  {{if .HasAvailableSubCommands}}{{.CommandPath}} COMMAND{{else}}{{.UseLine}}{{end}}
{{- if .HasAvailableSubCommands}}

` + head("Commands:") + `{{range .Commands}}{{if (or .IsAvailableCommand (eq .Name "help"))}}
  ` + name + `{{rpad .Name .NamePadding}}` + off + `  {{.Short}}{{end}}{{end}}{{end}}
{{- if .HasAvailableLocalFlags}}

` + head("Flags:") + `
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}`
	if globals {
		template += `
{{- if .HasAvailableInheritedFlags}}

` + head("Global flags:") + `
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}{{end}}`
	}
	return template + "\n"
}
