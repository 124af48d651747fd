package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// build is what `firn version` prints: what the Go toolchain wrote into this binary.
type build struct {
	Version  string `json:"version"` // the module's; (devel) if built from a working tree
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the working tree had changes
	Go       string `json:"go"`
}

func version(s *session) *cobra.Command {
	return leaf("version", "Print the version of this program", func(context.Context, []string) error {
		b := build{Version: "unknown"}
		if info, ok := debug.ReadBuildInfo(); ok {
			b.Version, b.Go = orElse(info.Main.Version, b.Version), info.GoVersion
			for _, x := range info.Settings {
				switch x.Key {
				case "vcs.revision":
					b.Revision = x.Value
				case "vcs.modified":
					b.Modified = x.Value == "true"
				}
			}
		}
		if s.output == "json" {
			text, err := json.Marshal(b)
			if err != nil {
				return fmt.Errorf("writing the version: %w", err)
			}
			s.document(text)
			return nil
		}
		fmt.Fprintf(s.config.Stdout, "firn %s, %s\n", b.Version, b.Go)
		return nil
	})
}
