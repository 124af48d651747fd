package cli

import (
	"maps"
	"strings"

	"github.com/spf13/pflag"
)

// pairs reads flags of key=value, each key once. A value may hold anything, also commas and further = signs.
func pairs(flag string, texts []string) (map[string]string, error) {
	properties := make(map[string]string, len(texts))
	for _, text := range texts {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, misused("--%s %q is not key=value", flag, text)
		}
		if _, twice := properties[key]; twice {
			return nil, misused("--%s gives %q twice", flag, key)
		}
		properties[key] = value
	}
	return properties, nil
}

// editFlags are the flags that change an object's properties.
type editFlags struct{ set, remove []string }

func (f *editFlags) bind(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.set, "set-property", nil, "`key=value` to set, other properties stay; repeatable")
	fs.StringArrayVar(&f.remove, "remove-property", nil, "`key` to remove, which need not be there; repeatable")
}

// edit is a change of an object's properties.
type edit struct {
	set    map[string]string
	remove []string
}

// parse refuses flags that cannot be read, before anything is sent.
func (f *editFlags) parse() (edit, error) {
	set, err := pairs("set-property", f.set)
	if err != nil {
		return edit{}, err
	}
	for _, key := range f.remove {
		if _, both := set[key]; both {
			return edit{}, misused("%q is to be both set and removed", key)
		}
	}
	return edit{set, f.remove}, nil
}

func (e edit) empty() bool { return len(e.set) == 0 && len(e.remove) == 0 }

// apply gives the properties after the change. The API replaces the whole map, so the rest is sent along.
func (e edit) apply(have map[string]string) map[string]string {
	properties := make(map[string]string, len(have)+len(e.set))
	maps.Copy(properties, have)
	maps.Copy(properties, e.set)
	for _, key := range e.remove {
		delete(properties, key)
	}
	return properties
}
