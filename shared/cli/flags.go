package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// variables is the annotation of a flag that names the environment variables behind it.
const variables = "firn_variables"

// alternative is the annotation of a flag that names the one which says the same in another way.
const alternative = "firn_alternative"

// instead marks two flags of which one stands for the other: given on the command line, it comes before the other's variable.
func instead(fs *pflag.FlagSet, one, other string) {
	for name, of := range map[string]string{one: other, other: one} {
		f := fs.Lookup(name)
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[alternative] = []string{of}
	}
}

// fromEnvironment lets environment variables stand in for a flag, the first that is set, and names them in its help.
// Without names it is FIRN_ and the flag's name in capitals.
func fromEnvironment(fs *pflag.FlagSet, flag string, names ...string) {
	if len(names) == 0 {
		names = []string{"FIRN_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))}
	}
	f := fs.Lookup(flag)
	f.Usage += " [$" + strings.Join(names, ", $") + "]"
	if f.Annotations == nil {
		f.Annotations = map[string][]string{}
	}
	f.Annotations[variables] = names
}

// required marks flags without which a command cannot run.
func required(cmd *cobra.Command, flags ...string) {
	for _, name := range flags {
		f := cmd.Flags().Lookup(name)
		f.Usage += " (required)"
		if f.Annotations == nil {
			f.Annotations = map[string][]string{}
		}
		f.Annotations[cobra.BashCompOneRequiredFlag] = []string{"true"}
	}
}

// settle fills flags that were not given from the environment and refuses a command that lacks one that it needs.
func settle(fs *pflag.FlagSet, getenv func(string) string) error {
	var missing []string
	var err error
	given := map[string]bool{}
	fs.Visit(func(f *pflag.Flag) { given[f.Name] = true })
	fs.VisitAll(func(f *pflag.Flag) {
		if of := f.Annotations[alternative]; len(of) > 0 && given[of[0]] {
			return
		}
		for _, name := range f.Annotations[variables] {
			value := getenv(name)
			if f.Changed || value == "" {
				continue
			}
			if e := fs.Set(f.Name, value); e != nil && err == nil {
				err = misused("$%s: %v", name, e)
			}
		}
		if len(f.Annotations[cobra.BashCompOneRequiredFlag]) > 0 && !f.Changed {
			missing = append(missing, "--"+f.Name)
		}
	})
	if err == nil && len(missing) > 0 {
		err = misused("missing %s", strings.Join(missing, ", "))
	}
	return err
}

// choice is a flag that takes one of a few words, in any case, and keeps them as they are listed.
type choice struct {
	value   *string
	allowed []string
}

var _ pflag.Value = (*choice)(nil)

// oneOf declares a flag of a few words; the first is the default unless it is required.
func oneOf(fs *pflag.FlagSet, value *string, name, preset, usage string, allowed ...string) {
	*value = preset
	fs.Var(&choice{value, allowed}, name, usage)
}

// Set refuses a word that is not listed.
func (c *choice) Set(text string) error {
	i := slices.IndexFunc(c.allowed, func(a string) bool { return strings.EqualFold(a, text) })
	if i < 0 {
		return misused("must be one of %s", strings.Join(c.allowed, ", "))
	}
	*c.value = c.allowed[i]
	return nil
}

// String gives the word.
func (c *choice) String() string {
	if c.value == nil {
		return "" // pflag asks a zero value whether the default is worth showing
	}
	return *c.value
}

// Type shows the words in the help.
func (c *choice) Type() string { return strings.ToLower(strings.Join(c.allowed, "|")) }
