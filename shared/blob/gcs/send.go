package gcs

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"firn/shared/budget"
)

// The bounds of one call.
const (
	attempts  = 3
	firstWait = 100 * time.Millisecond // before the second attempt; twice that before the third
	maxAnswer = 16 << 20               // bytes of an answer that is no object
)

type request struct {
	method, target string
	body           []byte
	limit          int64 // most bytes that are read of a good answer; what is longer is cut off
}

// send makes a call, up to three times while the store is busy or away. failed is told of every attempt that did not
// succeed; it may be nil.
func (b *Bucket) send(ctx context.Context, r request, failed func(error)) ([]byte, error) {
	wait := firstWait
	for attempt := 1; ; attempt++ {
		data, err := b.attempt(ctx, r)
		if err == nil {
			return data, nil
		}
		if failed != nil {
			failed(err)
		}
		if attempt == attempts || !passing(err) || !pause(ctx, wait) {
			return nil, err
		}
		wait *= 2
	}
}

func (b *Bucket) attempt(ctx context.Context, r request) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, r.method, b.opener.config.Endpoint+r.target, bytes.NewReader(r.body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+b.token.Reveal())
	req.Header.Set("Accept-Encoding", "identity")
	if r.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/octet-stream")
	}
	resp, err := b.opener.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		return nil, refusalOf(resp.StatusCode, body)
	}
	data, err := budget.ReadAll(ctx, io.LimitReader(resp.Body, r.limit), min(resp.ContentLength, r.limit), r.limit)
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return data, nil
}

// refusalOf reads the JSON API's form of errors.
func refusalOf(status int, body []byte) error {
	var in struct {
		Error struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	const most = 500
	if json.Unmarshal(body, &in) != nil {
		in.Error.Message = ""
	}
	return &refusal{status: status, detail: in.Error.Message[:min(len(in.Error.Message), most)]}
}

// pause waits, with a jitter, unless the context ends before.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d/2 + rand.N(d/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
