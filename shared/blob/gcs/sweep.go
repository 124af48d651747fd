package gcs

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"golang.org/x/sync/errgroup"

	"firn/shared/blob"
	"firn/shared/fault"
	"firn/shared/location"
)

const (
	maxBatch = 1000 // what one page of a listing gives (JSON API, objects: list), and what one sweep removes
	together = 16   // deletes on their way at the same time
)

// page is a part of a listing.
type page struct {
	Items []struct {
		Name string `json:"name"`
	} `json:"items"`
	Next string `json:"nextPageToken"`
}

// DeleteAll removes what a listing finds, at most 1,000 objects, each by a call of its own: the JSON API has none for
// many. In a bucket with a hierarchical namespace empty folders stay. Access requirement: List, Write and Delete.
func (b *Bucket) DeleteAll(ctx context.Context, prefix location.Prefix, limit int) (more bool, err error) {
	if err := blob.CheckLimit(limit); err != nil {
		return false, err
	}
	if prefix.Kind() != location.GCS {
		return false, fault.Of(fault.Invalid, fault.Location, prefix.String(), "Location %s is not in Google Cloud Storage.", prefix)
	}
	if err := blob.Ended(ctx, prefix.String()); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, b.opener.config.Timeout)
	defer cancel()
	names, more, err := b.list(ctx, prefix, min(limit, maxBatch))
	if err != nil {
		return false, err
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(together)
	for _, name := range names {
		group.Go(func() error { return b.remove(within, prefix.String(), prefix.Bucket(), name) })
	}
	if err := group.Wait(); err != nil {
		return true, err
	}
	return more, nil
}

// list gives up to limit names, and whether there may be more. A page may be empty and not the last.
func (b *Bucket) list(ctx context.Context, prefix location.Prefix, limit int) (names []string, more bool, err error) {
	query := url.Values{"prefix": {prefix.Key()}, "fields": {"items(name),nextPageToken"}}
	for {
		query.Set("maxResults", strconv.Itoa(limit-len(names)))
		target := "/storage/v1/b/" + url.PathEscape(prefix.Bucket()) + "/o?" + query.Encode()
		data, err := b.send(ctx, request{method: http.MethodGet, target: target, limit: maxAnswer}, nil)
		if err != nil {
			return nil, false, translate(ctx, prefix.String(), err)
		}
		var p page
		if err := json.Unmarshal(data, &p); err != nil {
			return nil, false, translate(ctx, prefix.String(), fmt.Errorf("read listing: %w", err))
		}
		for _, item := range p.Items {
			names = append(names, item.Name)
		}
		if p.Next == "" || len(names) >= limit {
			return names, p.Next != "", nil
		}
		query.Set("pageToken", p.Next)
	}
}
