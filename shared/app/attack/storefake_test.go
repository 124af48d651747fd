package attack

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// storeFake is the S3 and the STS of all hosts that firn may know. It does what it is asked to, by whomever,
// and records that.
type storeFake struct {
	mu      sync.Mutex
	sent    []sent
	minted  int
	objects map[object]string
}

var _ http.Handler = (*storeFake)(nil)

// take returns the requests since it was called last.
func (f *storeFake) take() []sent {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := f.sent
	f.sent = nil
	return all
}

// note records a request; form is that of STS.
func (f *storeFake) note(r *http.Request, foreign bool, form url.Values) {
	by := r.Header.Get("Authorization")
	if _, rest, ok := strings.Cut(by, "Credential="); ok {
		by, _, _ = strings.Cut(rest, "/")
	}
	host := r.URL.Host
	if host == "" {
		host = r.Host
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, sent{by: by, to: host, what: r.Method + " " + r.URL.Path,
		role: form.Get("RoleArn"), opens: form.Get("Policy"), foreign: foreign})
}

func (f *storeFake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body := []byte(nil)
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	form, _ := url.ParseQuery(string(body))
	if form.Get("Action") != "AssumeRole" {
		form = nil
	}
	f.note(r, false, form)
	f.mu.Lock()
	defer f.mu.Unlock()
	if form != nil {
		f.minted++
		fmt.Fprintf(w,
			`<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIA%d</AccessKeyId>`+
				`<SecretAccessKey>minted</SecretAccessKey><SessionToken>minted</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
			f.minted, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if name, _, ok := strings.Cut(r.Host, ".s3."); ok {
		bucket, key = name, strings.TrimPrefix(r.URL.Path, "/")
	} else if name, _, ok := strings.Cut(r.Host, ".acc.r2."); ok {
		bucket, key = name, strings.TrimPrefix(r.URL.Path, "/")
	}
	f.serve(w, r, object{bucket, key}, body)
}

// serve answers the requests that firn has for S3.
func (f *storeFake) serve(w http.ResponseWriter, r *http.Request, o object, body []byte) {
	text, there := f.objects[o]
	w.Header().Set("ETag", `"an-object"`)
	switch {
	case r.Method == http.MethodPost && r.URL.Query().Has("delete"):
		var in struct {
			Object []struct{ Key string }
		}
		if xml.Unmarshal(body, &in) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, gone := range in.Object {
			delete(f.objects, object{o.bucket, gone.Key})
		}
		fmt.Fprint(w, `<DeleteResult/>`)
	case r.Method == http.MethodGet && o.key == "":
		fmt.Fprint(w, `<ListBucketResult>`)
		for _, found := range slices.SortedFunc(maps.Keys(f.objects), func(a,
			b object) int {
			return strings.Compare(a.String(), b.String())
		}) {
			if found.bucket == o.bucket && strings.HasPrefix(found.key, r.URL.Query().Get("prefix")) {
				fmt.Fprintf(w, `<Contents><Key>%s</Key></Contents>`, found.key)
			}
		}
		fmt.Fprint(w, `</ListBucketResult>`)
	case r.Method == http.MethodPut && there && r.Header.Get("If-None-Match") == "*":
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, `<Error><Code>PreconditionFailed</Code></Error>`)
	case r.Method == http.MethodPut:
		f.objects[o] = string(body)
	case r.Method == http.MethodDelete:
		delete(f.objects, o)
		w.WriteHeader(http.StatusNoContent)
	case !there:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `<Error><Code>NoSuchKey</Code></Error>`)
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		fmt.Fprint(w, text)
	}
}
