package storagepolicy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"firn/shared/location"
)

// document is a policy as it is written, in YAML or JSON.
type document struct {
	Realms map[string]realm `yaml:"realms"`
}

type realm struct {
	AssumeRoles  []string              `yaml:"assumeRoles"`
	Endpoints    []string              `yaml:"endpoints"`
	OwnIdentity  []identity            `yaml:"ownIdentity"`
	StorageNames map[string][]identity `yaml:"storageNames"`
	GCS          struct {
		ServiceAccounts []string `yaml:"serviceAccounts"`
		Buckets         []string `yaml:"buckets"`
	} `yaml:"gcs"`
	Azure struct {
		Accounts []string `yaml:"accounts"`
	} `yaml:"azure"`
	File []string `yaml:"file"`
}

type identity struct {
	Endpoint string `yaml:"endpoint"` // empty: AWS
	Bucket   string `yaml:"bucket"`   // a pattern; "*" is every bucket
	Prefix   string `yaml:"prefix"`   // empty: the whole bucket
	Use      []Use  `yaml:"use"`      // empty: assume
}

// maxDocument bounds a policy, in bytes.
const maxDocument = 1 << 20

// Parse reads a policy in YAML, of which JSON is a part. An empty text is the default policy. The error names each line
// that is wrong; a field that the policy does not have is an error.
func Parse(text []byte) (*Policy, error) {
	if len(text) > maxDocument {
		return nil, fmt.Errorf("the storage policy has more than %d bytes", maxDocument)
	}
	var d document
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&d); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the storage policy: %w", err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("read the storage policy: it must be one document")
	}
	p := &Policy{realms: map[string]*rules{}}
	var wrong []error
	for name, written := range d.Realms {
		at := func(field string, err error) {
			wrong = append(wrong, fmt.Errorf("storage policy: realms.%s.%s: %w", name, field, err))
		}
		p.realms[name] = written.rules(at)
	}
	slices.SortFunc(wrong, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	return p, nil
}

// Realms returns the realms that the policy has rules of their own for. An operator's slip in a name must not go
// unnoticed, so every server compares them with its own at its start.
func (p *Policy) Realms() []string {
	var out []string
	if p != nil {
		for name := range p.realms {
			if name != AllRealms {
				out = append(out, name)
			}
		}
	}
	slices.Sort(out)
	return out
}

func (r *realm) rules(wrong func(field string, err error)) *rules {
	out := &rules{endpoints: map[string]bool{}, storageNames: map[string][]entry{}}
	if r.AssumeRoles != nil {
		out.assumeRoles = globs(r.AssumeRoles, "assumeRoles", wrong)
		out.assumeRoles = append(make([]glob, 0, len(r.AssumeRoles)), out.assumeRoles...) // an empty list allows no role
	}
	for _, text := range r.Endpoints {
		if err := checkEndpoint(text); err != nil {
			wrong("endpoints", err)
		}
		out.endpoints[originOf(text)] = true
	}
	out.ownIdentity = entries(r.OwnIdentity, "ownIdentity", wrong)
	for name, list := range r.StorageNames {
		out.storageNames[name] = entries(list, "storageNames."+name, wrong)
	}
	out.gcsAccounts = globs(r.GCS.ServiceAccounts, "gcs.serviceAccounts", wrong)
	for _, text := range r.GCS.Buckets {
		bucket, prefix, _ := strings.Cut(text, "/")
		out.gcsBuckets = append(out.gcsBuckets, newFolder(bucket, prefix, "gcs.buckets", wrong))
	}
	for _, text := range r.Azure.Accounts {
		account, rest, _ := strings.Cut(text, "/")
		container, prefix, _ := strings.Cut(rest, "/")
		if container == "" {
			container = "*"
		}
		f := newFolder(container, prefix, "azure.accounts", wrong)
		if account == "" || strings.Contains(account, ".") {
			wrong("azure.accounts", fmt.Errorf("%q must be ACCOUNT, ACCOUNT/CONTAINER or ACCOUNT/CONTAINER/FOLDER/, the account by its bare name", text))
		}
		g := newGlob(account)
		f.account = &g
		out.azure = append(out.azure, f)
	}
	for _, text := range r.File {
		p, err := machineFolder(text)
		if err != nil {
			wrong("file", err)
		}
		out.file = append(out.file, p)
	}
	return out
}

func entries(list []identity, field string, wrong func(string, error)) []entry {
	var out []entry
	for _, i := range list {
		e := entry{endpoint: originOf(i.Endpoint), in: newFolder(i.Bucket, i.Prefix, field, wrong), uses: map[Use]bool{}}
		if i.Endpoint != "" && i.Endpoint != AWS {
			if err := checkEndpoint(i.Endpoint); err != nil {
				wrong(field, err)
			}
		}
		if len(i.Use) == 0 {
			e.uses[Assume] = true
		}
		for _, u := range i.Use {
			if u != Assume && u != Sign {
				wrong(field, fmt.Errorf("use: %q is neither %s nor %s", u, Assume, Sign))
			}
			e.uses[u] = true
		}
		out = append(out, e)
	}
	return out
}

func newFolder(bucket, prefix, field string, wrong func(string, error)) folder {
	if bucket == "" || strings.Contains(bucket, "/") {
		wrong(field, fmt.Errorf("bucket %q must be a bucket's name, or a pattern of names (* for all)", bucket))
	}
	if prefix != "" && (!strings.HasSuffix(prefix, "/") || strings.HasPrefix(prefix, "/")) {
		wrong(field, fmt.Errorf("prefix %q must end in a slash and begin with none", prefix))
	}
	return folder{bucket: newGlob(bucket), prefix: prefix}
}

func globs(texts []string, field string, wrong func(string, error)) []glob {
	var out []glob
	for _, text := range texts {
		if text == "" {
			wrong(field, errors.New("a pattern must not be empty"))
		}
		out = append(out, newGlob(text))
	}
	return out
}

func checkEndpoint(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("endpoint %q must be an http or https URL with a host, without credentials and query", text)
	}
	return nil
}

// machineFolder reads a folder of this machine, which must be absolute.
func machineFolder(path string) (location.Prefix, error) {
	if !filepath.IsAbs(path) {
		return location.Prefix{}, fmt.Errorf("folder %q must be an absolute path", path)
	}
	return location.ParsePrefix("file://" + filepath.ToSlash(filepath.Clean(path)))
}
