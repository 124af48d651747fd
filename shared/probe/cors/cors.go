// Package cors asks a store what a browser asks before a page's script may read an object: a preflight request, with no
// credentials (Fetch standard, section 3.2, HTTP CORS protocol).
//
// It refuses to read more than the answer's head, and never tells whether an endpoint of a catalog's own does
// not answer or says no: a difference would scan ports.
package cors

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/probe"
)

// timeout of one preflight: it decides nothing that is worth a longer wait.
const timeout = 3 * time.Second

// Origin is the page that asks: it exists nowhere, so what is allowed to it is allowed to all.
const Origin = "https://firn-probe.invalid"

// requested are the headers that a signed read has beyond those that every page may send.
const requested = "authorization,range,x-amz-content-sha256,x-amz-date,x-amz-security-token"

// Browser sends preflights by a client for addresses that a caller may influence (package outbound), which
// follows no redirect.
type Browser struct{ Client *http.Client }

var _ probe.Browser = Browser{}

// Preflight asks about an object of the folder, which need not be there.
func (b Browser) Preflight(ctx context.Context, storage *lake.Storage, folder location.Prefix) error {
	address := Address(storage, folder)
	if address == "" {
		return fault.New(fault.Unsupported, "It is not known where browsers find this storage.")
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodOptions, address, nil)
	if err != nil {
		return fault.New(fault.Unsupported, "It is not known where browsers find this storage.").Because(err)
	}
	r.Header.Set("Origin", Origin)
	r.Header.Set("Access-Control-Request-Method", http.MethodGet)
	r.Header.Set("Access-Control-Request-Headers", requested)
	answer, err := b.Client.Do(r)
	if err != nil && storage.Endpoint != "" {
		return closed().Because(err)
	}
	if err != nil {
		return fault.New(fault.Unavailable, "The storage does not answer browsers.").Because(err)
	}
	defer answer.Body.Close()
	if origin := answer.Header.Get("Access-Control-Allow-Origin"); answer.StatusCode/100 != 2 || origin != "*" && origin != Origin {
		return closed()
	}
	return nil
}

func closed() *fault.Error {
	return fault.New(fault.Forbidden, "The storage lets no page of any origin read.")
}

// Address is where a browser finds an object of the folder; empty where that is not known.
func Address(s *lake.Storage, folder location.Prefix) string {
	object := folder.Key() + "object"
	switch s.Type {
	case lake.S3:
		return s3Address(s, folder.Bucket(), object)
	case lake.GCS:
		return (&url.URL{Scheme: "https", Host: "storage.googleapis.com", Path: "/" + folder.Bucket() + "/" + object}).String()
	case lake.Azure:
		host := strings.Replace(folder.Account(), ".dfs.", ".blob.", 1)
		return (&url.URL{Scheme: "https", Host: host, Path: "/" + folder.Bucket() + "/" + object}).String()
	}
	return ""
}

func s3Address(s *lake.Storage, bucket, object string) string {
	endpoint := s.Endpoint
	if endpoint == "" {
		if s.Region == "" {
			return ""
		}
		suffix := "amazonaws.com"
		if strings.HasPrefix(s.Region, "cn-") {
			suffix += ".cn"
		}
		endpoint = "https://s3." + s.Region + "." + suffix
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	if s.PathStyleAccess != nil && *s.PathStyleAccess || strings.Contains(bucket, ".") {
		return u.JoinPath(bucket, object).String()
	}
	u.Host = bucket + "." + u.Host
	return u.JoinPath(object).String()
}
