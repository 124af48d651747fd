package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
)

// A probe tries whether a catalog's storage can be vended for. The header tells of the last one.
const (
	probeHeader  = "Firn-Probe"
	noProbe      = "firn.config.probe=false"
	noProbeUsage = "hand out keys without having tried the storage, now and later; --set-property firn.config.probe=true ends that"
)

// probed is the answer to a probe.
type probed struct {
	State    string `json:"state"`
	Vendable bool   `json:"vendable"`
	Reason   string `json:"reason"`
	Findings []struct {
		Code     string `json:"code"`
		Severity string `json:"severity"`
		Message  string `json:"message"`
		Remedy   string `json:"remedy"`
		Detail   string `json:"detail"`
	} `json:"findings"`
	Passed []string `json:"passed"`
}

const probeFailed = "failed" // the state of a catalog that has no keys

func catalogsProbe(s *session) *cobra.Command {
	return leaf("probe CATALOG", "Try whether keys to a catalog's storage open it, and no more than they should", func(ctx context.Context, args []string) error {
		var answer probed
		body, err := s.send(ctx, request{
			method: http.MethodPost, path: append(catalogPath(args[0]), "probe"), needs: "CATALOG_WRITE_PROPERTIES on the catalog, or " + manageService,
		}, &answer)
		if err != nil {
			return err
		}
		if s.output == "json" {
			s.document(body)
		} else {
			answer.print(s.config.Stdout, args[0])
		}
		if answer.State == probeFailed {
			what := "the storage of catalog " + args[0] + " did not pass: no keys are handed out"
			if answer.Vendable {
				what = "the storage of catalog " + args[0] + " did not pass, and keys are handed out all the same (" + noProbe + ")"
			}
			return failed(what, "Put right what is said above, the first thing first, and run the command again.")
		}
		return nil
	})
}

func (p *probed) print(w io.Writer, catalog string) {
	switch p.State {
	case "passed":
		fmt.Fprintf(w, "The storage of catalog %s passed: keys open their folder, and nothing beside it.\n", plain(catalog))
	case "skipped":
		fmt.Fprintf(w, "The storage of catalog %s has nothing to try. %s\n", plain(catalog), plain(p.Reason))
	}
	for _, f := range p.Findings {
		fmt.Fprintf(w, "%s (%s)\n  %s\n  To do: %s\n", plain(f.Code), plain(f.Severity), plain(f.Message), plain(f.Remedy))
		if f.Detail != "" {
			fmt.Fprintf(w, "  Tried: %s\n", plain(f.Detail))
		}
	}
	if len(p.Passed) > 0 {
		fmt.Fprintf(w, "Proven: %s\n", plain(strings.Join(p.Passed, ", ")))
	}
}

// sayOfCatalog is say for what makes or changes a catalog: it adds that keys must wait, where they must.
func (s *session) sayOfCatalog(ctx context.Context, r request, format, name string) error {
	var header http.Header
	r.header = &header
	if err := s.say(ctx, r, format, name); err != nil || s.output == "json" {
		return err
	}
	if found := header.Get(probeHeader); strings.HasPrefix(found, probeFailed) {
		fmt.Fprintf(s.config.Stdout, "No keys to its storage are handed out, which did not pass the probe (%s). `firn catalogs probe %s` says what to do.\n", plain(found), plain(name))
	}
	return nil
}
