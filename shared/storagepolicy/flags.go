package storagepolicy

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
)

// Flags are the common cases of one machine, which need no file. They hold for all realms.
type Flags struct {
	Endpoints []string // URLs; usable with firn's own identity, for every bucket
	Folders   []string // absolute paths that storage of type FILE may use
	Private   []string // absolute paths of the server's own files, which no line and no flag allows
	Loopback  bool     // endpoints on loopback count as listed, for requests; no identity is lent to them by that
}

// With returns the policy widened by the flags. The error names the flag's value that is wrong.
func (p *Policy) With(f Flags) (*Policy, error) {
	out := &Policy{realms: map[string]*rules{}, loopback: f.Loopback}
	for _, path := range f.Private {
		// A path may hold what no location does, and still be in a folder that is one.
		out.private = append(out.private, strings.TrimPrefix(filepath.ToSlash(filepath.Clean(path)), "/")+"/")
	}
	r := &rules{endpoints: map[string]bool{}, storageNames: map[string][]entry{}}
	if p != nil {
		out.loopback = out.loopback || p.loopback
		out.private = append(out.private, p.private...)
		maps.Copy(out.realms, p.realms)
		if all := p.realms[AllRealms]; all != nil {
			own := *all
			own.endpoints = maps.Clone(all.endpoints)
			r = &own
		}
	}
	for _, text := range f.Endpoints {
		if err := checkEndpoint(text); err != nil {
			return nil, err
		}
		r.endpoints[originOf(text)] = true
		lent := entry{endpoint: originOf(text), in: folder{bucket: newGlob("*")}, uses: map[Use]bool{Assume: true, Sign: true}}
		r.ownIdentity = append(r.ownIdentity[:len(r.ownIdentity):len(r.ownIdentity)], lent)
	}
	for _, path := range f.Folders {
		folder, err := machineFolder(path)
		if err != nil {
			return nil, fmt.Errorf("allow file storage: %w", err)
		}
		r.file = append(r.file[:len(r.file):len(r.file)], folder)
	}
	out.realms[AllRealms] = r
	return out, nil
}
