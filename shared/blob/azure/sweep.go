package azure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/location"
	"firn/shared/vend/azure/adlsrest"
)

const (
	maxPage    = 500     // files and folders that one call removes
	maxListing = 8 << 20 // bytes of a page
	atOnce     = 8       // requests: files are removed one by one, as no batch takes the SAS of a directory
)

// DeleteAll removes at most limit files and folders, or 500. Folders go when they are empty, the prefix itself last: what
// Azure would do at once for a whole folder could not be bounded. Access requirement: List and Delete.
func (b *Bucket) DeleteAll(ctx context.Context, prefix location.Prefix, limit int) (more bool, err error) {
	if err := blob.CheckLimit(limit); err != nil {
		return false, err
	}
	if prefix.Kind() != location.ADLS {
		return false, fault.Of(fault.Invalid, fault.Location, prefix.String(), "Location %s is not in Azure storage.", prefix)
	}
	ctx, cancel, err := b.bound(ctx, prefix.String(), prefix.Account())
	if err != nil {
		return false, err
	}
	defer cancel()
	s := sweep{Bucket: b, prefix: prefix, left: min(limit, maxPage)}
	gone, err := s.folder(ctx, prefix.Key()[:len(prefix.Key())-1])
	return !gone, err
}

// sweep is one call's work.
type sweep struct {
	*Bucket
	prefix location.Prefix
	left   int // files and folders that may still be removed
}

// folder removes what is in a folder, and then it. Listing goes one level at a time, into the first folder first: however
// the store orders a listing, each call comes to something that can be removed.
func (s *sweep) folder(ctx context.Context, path string) (gone bool, err error) {
	page, err := s.list(ctx, path)
	if fault.Is(err, fault.NotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if err := s.remove(ctx, page.files...); err != nil {
		return false, err
	}
	for _, below := range page.folders {
		if s.left <= 0 {
			return false, nil
		}
		if gone, err := s.folder(ctx, below); err != nil || !gone {
			return false, err
		}
	}
	if page.more || s.left <= 0 {
		return false, nil
	}
	if err := s.remove(ctx, path); !fault.Is(err, fault.NotEmpty) {
		return err == nil, err
	}
	return false, nil // someone wrote into it
}

// page is what one listing gives.
type page struct {
	files, folders []string
	more           bool
}

// list asks for the first files and folders in a folder (Path - List). A page may be empty and not the last.
func (s *sweep) list(ctx context.Context, path string) (out page, err error) {
	query := fmt.Sprintf("resource=filesystem&recursive=false&maxResults=%d&directory=%s&%s", s.left, url.QueryEscape(path), s.sas.Reveal())
	for from := ""; ; {
		answer, err := s.client.Do(ctx, adlsrest.Request{Method: http.MethodGet, Limit: maxListing,
			URL: s.account.URL(adlsrest.DFS, s.prefix.Bucket(), "", query+from)})
		if err != nil {
			return page{}, translate(ctx, s.prefix.String(), err)
		}
		var list struct {
			Paths []struct {
				Name        string
				IsDirectory string
			}
		}
		if err := json.Unmarshal(answer.Body, &list); err != nil {
			return page{}, translate(ctx, s.prefix.String(), errors.New("the listing is not JSON"))
		}
		for _, p := range list.Paths {
			if p.IsDirectory == "true" {
				out.folders = append(out.folders, p.Name)
			} else {
				out.files = append(out.files, p.Name)
			}
		}
		next := answer.Header.Get("X-Ms-Continuation")
		if out.more = next != ""; !out.more || len(list.Paths) > 0 {
			return out, nil
		}
		from = "&continuation=" + url.QueryEscape(next)
	}
}

// remove deletes files, or an empty folder (Path - Delete). What is gone already was removed by someone else.
func (s *sweep) remove(ctx context.Context, paths ...string) error {
	s.left -= len(paths)
	errs := make([]error, len(paths))
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, path := range paths {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			_, err := s.client.Do(ctx, adlsrest.Request{Method: http.MethodDelete,
				URL: s.account.URL(adlsrest.DFS, s.prefix.Bucket(), path, "recursive=false&"+s.sas.Reveal())})
			if err = translate(ctx, s.prefix.String(), err); !fault.Is(err, fault.NotFound) {
				errs[i] = err
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
