package attack

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// verb is what a plain burglar does with an object.
type verb string

// plainBurglar is a client of a store over HTTP, one request for each verb.
type plainBurglar struct {
	t      *testing.T
	client *http.Client
	// request makes the request of a verb: get, head, put, delete, copy (from another object), list (what begins with the key).
	request func(do verb, o, from object) (*http.Request, error)
}

var _ burglar = plainBurglar{}

func (b plainBurglar) do(do verb, o, from object) error {
	r, err := b.request(do, o, from)
	if err != nil {
		return err
	}
	a, err := b.client.Do(r.WithContext(b.t.Context()))
	if err != nil {
		return err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	switch {
	case err != nil:
		return err
	case a.StatusCode/100 == 2:
		return nil
	case a.StatusCode >= 400 && a.StatusCode < 500 && a.StatusCode != http.StatusUnauthorized:
		return fmt.Errorf("%s %s: %d %s", do, o, a.StatusCode, text)
	}
	b.t.Errorf("%s %s: got %d %s, want it done or denied", do, o, a.StatusCode, text)
	return errors.New(a.Status)
}

func (b plainBurglar) put(o object) error { return b.do("put", o, object{}) }
func (b plainBurglar) list(bucket, prefix string) error {
	return b.do("list", object{bucket, prefix}, object{})
}

func (b plainBurglar) at(v, own object) []attempt {
	beside, below := object{v.bucket, parent(v) + "planted"}, object{v.bucket, v.key + ".planted"}
	return []attempt{
		{"get " + v.String(), func() error { return b.do("get", v, object{}) }},
		{"head " + v.String(), func() error { return b.do("head", v, object{}) }},
		{"copy from " + v.String(), func() error { return b.do("copy", object{own.bucket, own.key + "stolen"}, v) }},
		{"list " + v.bucket + "/" + parent(v), func() error { return b.list(v.bucket, parent(v)) }},
		{"list what begins with " + v.String(), func() error { return b.list(v.bucket, v.key) }},
		{"put " + v.String(), func() error { return b.put(v) }},
		{"put beside " + v.String(), func() error { return b.put(beside) }},
		{"copy to " + v.String(), func() error { return b.do("copy", v, object{own.bucket, own.key + "seed"}) }},
		{"put next to " + v.String(), func() error { return b.put(below) }},
		{"delete " + v.String(), func() error { return b.do("delete", v, object{}) }},
	}
}

func (b plainBurglar) around(victims []object, _ object) []attempt {
	var all []attempt
	for _, v := range victims {
		for _, prefix := range []string{"", strings.SplitAfter(v.key, "/")[0]} {
			all = append(all, attempt{fmt.Sprintf("list %q of %s", prefix, v.bucket), func() error { return b.list(v.bucket, prefix) }})
		}
	}
	return all
}

// gcsRequest is a request of Cloud Storage's JSON API.
func gcsRequest(token string) func(do verb, o, from object) (*http.Request, error) {
	return func(do verb, o, from object) (*http.Request, error) {
		const api = "https://storage.googleapis.com"
		at := func(o object) string { return "/b/" + url.PathEscape(o.bucket) + "/o/" + url.PathEscape(o.key) }
		method, target, body := http.MethodGet, api+"/storage/v1"+at(o), ""
		switch do {
		case "get", "head": // metadata and data are one right; the server knows no HEAD
			target += "?alt=media"
		case "put":
			method, target, body = http.MethodPost, api+"/upload/storage/v1/b/"+url.PathEscape(o.bucket)+"/o?uploadType=media&name="+url.QueryEscape(o.key), "mallory's"
		case "delete":
			method = http.MethodDelete
		case "copy":
			method, target = http.MethodPost, api+"/storage/v1"+at(from)+"/rewriteTo"+at(o)
		case "list":
			target = api + "/storage/v1/b/" + url.PathEscape(o.bucket) + "/o?prefix=" + url.QueryEscape(o.key)
		}
		r, err := http.NewRequest(method, target, strings.NewReader(body))
		if err == nil {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return r, err
	}
}

// adlsRequest is a request of the Blob endpoint of the account that an object's bucket names: "container@host".
func adlsRequest(sas string) func(do verb, o, from object) (*http.Request, error) {
	address := func(o object, parameters string) string {
		container, host, _ := strings.Cut(o.bucket, "@")
		u := url.URL{Scheme: "https", Host: strings.Replace(host, ".dfs.", ".blob.", 1), Path: "/" + container}
		if o.key != "" {
			u.Path += "/" + o.key
		}
		u.RawQuery = strings.Trim(parameters+"&"+sas, "&")
		return u.String()
	}
	return func(do verb, o, from object) (*http.Request, error) {
		method, target, header := map[verb]string{"put": "PUT", "copy": "PUT", "delete": "DELETE"}[do], address(o, ""), map[string]string{}
		switch do {
		case "put":
			header["X-Ms-Blob-Type"] = "BlockBlob"
		case "copy":
			header["X-Ms-Copy-Source"] = address(from, "")
		case "list":
			target = address(object{o.bucket, ""}, "restype=container&comp=list&prefix="+url.QueryEscape(o.key))
		}
		r, err := http.NewRequest(method, target, strings.NewReader(""))
		for name, value := range header {
			r.Header.Set(name, value)
		}
		return r, err
	}
}
