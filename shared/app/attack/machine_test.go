package attack

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/app/disk"
	"firn/shared/blob"
	blobazure "firn/shared/blob/azure"
	blobgcs "firn/shared/blob/gcs"
	blobs3 "firn/shared/blob/s3"
	"firn/shared/sign/sigv4"
	"firn/shared/storagepolicy"
	"firn/shared/vend"
	vendaws "firn/shared/vend/aws"
	vendazure "firn/shared/vend/azure"
	"firn/shared/vend/azure/azuretest"
	vendgcs "firn/shared/vend/gcs"
	"firn/shared/vend/gcs/gcstest"
	"firn/shared/vend/r2"
)

// What firn itself is on a machine: the access keys of its own identity and of the credentials that
// storageName names.
const (
	ownKey   = "AKIAFIRNSOWN"
	namedKey = "AKIAFIRNSLAB"
	named    = "lab"
)

// machine is what surrounds a server on a machine: an identity of its own for every cloud, a folder for
// storage of type FILE, and a network that records each request which firn sends. AWS, R2 and the endpoint
// that the operator lists are one store with STS, which enforces nothing: what is at stake here is whether a
// request is sent, and by whom.
type machine struct {
	storeFake
	listed, foreign *httptest.Server // an S3-compatible store that the operator knows, and a host that he does not
	files           string           // the folder for storage of type FILE
	outside         string           // a folder beside it
	azure           *azuretest.Cloud

	build func(*storagepolicy.Policy) // makes the drivers anew, with what they remember
}

// sent is a request of firn's.
type sent struct {
	by      string // an access key, or a bearer
	to      string // host
	what    string // method and path
	role    string // of AssumeRole
	opens   string // session policy of AssumeRole
	foreign bool   // no policy lists the host
}

// foreignText is in the answers of the foreign host. No caller may see it.
const foreignText = "what-a-private-host-says"

// newMachine returns the bed of a machine. Its catalogs lake, loose, twin and vault are in the embedded
// store.
func newMachine(t *testing.T, log *slog.Logger) *bed {
	b := embedded(t, log)
	m := &machine{storeFake: storeFake{objects: map[object]string{}}}
	b.machine = m
	m.listed = httptest.NewServer(&m.storeFake)
	m.foreign = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.note(r, true, nil)
		http.Error(w, "<Error><Code>"+foreignText+"</Code></Error>", http.StatusForbidden)
	}))
	t.Cleanup(m.listed.Close)
	t.Cleanup(m.foreign.Close)
	root, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	m.files, m.outside = filepath.Join(root, "lake"), filepath.Join(root, "lake2")
	for _, folder := range []string{m.files, m.outside} {
		must(t, os.MkdirAll(folder, 0o700))
	}
	m.drivers(t, b)
	put := b.put
	b.put = func(bucket, key, text string) {
		if bucket != "" {
			put(bucket, key, text)
			return
		}
		must(t, os.MkdirAll(filepath.Dir("/"+key), 0o700))
		must(t, os.WriteFile("/"+key, []byte(text), 0o600))
	}
	return b
}

// drivers makes the bed's vendor, files and signer, as on a machine that every cloud knows.
func (m *machine) drivers(t *testing.T, b *bed) {
	wire := network{m}
	own := credentials.NewStaticCredentialsProvider(ownKey, "own-secret", "own-session")
	lab := func(name string) aws.CredentialsProvider {
		if name != named {
			return nil
		}
		return credentials.NewStaticCredentialsProvider(namedKey, "lab-secret", "")
	}
	base := aws.Config{Region: "eu-west-1", Credentials: own, HTTPClient: &http.Client{Transport: wire},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		Retryer:                    func() aws.Retryer { return aws.NopRetryer{} }}
	sts, err := vendaws.New(vendaws.Config{Base: base, Named: lab})
	must(t, err)
	cache := vend.NewCache(vend.CacheConfig{Vendor: sts, Now: time.Now})
	forR2, err := r2.New(r2.Config{Named: lab, Now: time.Now})
	must(t, err)
	s3, err := blobs3.New(blobs3.Config{Base: base, Unscoped: own, Named: lab})
	must(t, err)

	google := gcstest.New(t, time.Now)
	google.Trust("acme@acme.iam.gserviceaccount.com")
	client := &http.Client{Transport: recorded{m, google.Client().Transport}}
	forGCS, err := vendgcs.New(vendgcs.Config{Identity: self{google}, Now: time.Now, Client: client})
	must(t, err)
	m.azure = azuretest.New(t, time.Now)
	m.azure.Trust("entra-token", tenant)
	m.azure.Seed("acc", "lake", "", "")
	entraWire := recorded{m, m.azure.Transport()}
	forAzure, err := vendazure.New(vendazure.Config{Identity: entra{}, Now: time.Now, Transport: entraWire})
	must(t, err)

	vendor, files := b.vendor.(vend.ByStorage), b.files.(blob.ByStorage)
	vendor.S3, vendor.R2, vendor.GCS, vendor.Azure = cache, forR2, forGCS, forAzure
	files.S3, files.GCS, files.Azure = s3, blobgcs.New(blobgcs.Config{Client: client}), blobazure.New(blobazure.Config{Transport: entraWire})
	endpoint := b.signs
	m.build = func(p *storagepolicy.Policy) {
		b.policy, vendor.Policy, files.Policy, files.File = p, p, p, disk.Opener{Policy: p}
		b.vendor, b.files = vendor, files
		b.signer = sigv4.New(sigv4.Config{Region: "eu-west-1", Embedded: endpoint, Unscoped: own, Named: lab,
			Now: time.Now, Policy: p})
	}
	m.build(nil)
}

// under returns the world after a restart of the server with another policy. What the drivers remember stays.
func (w *world) under(p *storagepolicy.Policy) {
	w.t.Helper()
	w.machine.build(p)
	w.server.Vendor, w.server.Signer, w.server.Files = tappedVendor{w.vendor, w.tap}, w.signer,
		tappedOpener{w.files, w.tap}
	w.server.StoragePolicy, w.server.Probe = p, true
	w.restart()
}

// network is all hosts there are, for firn.
type network struct{ m *machine }

var _ http.RoundTripper = network{}

// known are the domains of the clouds that firn may know by itself.
var known = []string{".amazonaws.com", ".r2.cloudflarestorage.com"}

func (n network) RoundTrip(r *http.Request) (*http.Response, error) {
	switch {
	case slices.ContainsFunc(known, func(domain string) bool {
		return strings.HasSuffix(r.URL.Hostname(),
			domain)
	}):
		out := httptest.NewRecorder()
		r.Host = r.URL.Host
		n.m.storeFake.ServeHTTP(out, r)
		a := out.Result()
		a.Request = r
		return a, nil
	case "http://"+r.URL.Host == n.m.listed.URL || "http://"+r.URL.Host == n.m.foreign.URL:
		return http.DefaultTransport.RoundTrip(r)
	}
	n.m.note(r, true, nil)
	return nil, fmt.Errorf("no route to %s: %w", r.URL.Host, errors.ErrUnsupported)
}

// recorded records what is sent to a cloud's fake.
type recorded struct {
	m    *machine
	next http.RoundTripper
}

var _ http.RoundTripper = recorded{}

func (n recorded) RoundTrip(r *http.Request) (*http.Response, error) {
	n.m.note(r, false, nil)
	return n.next.RoundTrip(r)
}

// tree returns what is in a folder of the machine: contents by path.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	must(t, filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	}))
	return all
}
