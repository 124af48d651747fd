package lambdahttp_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"firn/shared/lambdahttp"
)

// TestLargeAnswers finds, for bodies that are quoted in every way, the last that fits, and that the next does not.
func TestLargeAnswers(t *testing.T) {
	const limit = 100 << 10
	for _, body := range []struct {
		name, unit, coding string
	}{
		{"plain", "x", ""},
		{"quotes", `{"a":"\"}`, ""},
		{"control characters", "\x01\x1f\v\x7f", ""},
		{"line ends and the like", "\b\t\n\f\r", ""},
		{"wide characters", "é世🜁", ""},
		{"separators of lines", "\u2028\u2029", ""},
		{"HTML", "<&>", ""},
		{"binary", "\xff", ""},
		{"packed", "x", "gzip"},
	} {
		for _, source := range sources {
			t.Run(body.name+"/"+source.name, func(t *testing.T) {
				serve := func(length, max int) (result, reply) {
					a, _ := adapter(func(w http.ResponseWriter, _ *http.Request) {
						w.Header().Set("Content-Type", "application/json")
						if body.coding != "" {
							w.Header().Set("Content-Encoding", body.coding)
						}
						io.WriteString(w, strings.Repeat(body.unit, length))
					}, func(c *lambdahttp.Config) { c.MaxAnswer = max })
					got, as, err := invoke(t, a.Handle, event(t, source.file))
					if err != nil {
						t.Fatal(err)
					}
					return got, as
				}
				length := limit / 6 / len(body.unit)
				_, as := serve(length, 10*limit)
				size := len(as.bytes)
				if got, as := serve(length, size); got.Status != 200 || len(as.bytes) != size {
					t.Errorf("an answer of the limit: got %d and %d bytes, want 200 and %d", got.Status, len(as.bytes), size)
				}
				got, _ := serve(length, size-1)
				if e := refused(t, got); got.Status != 500 || e.Error.Type != "ServiceFailureException" {
					t.Errorf("an answer beyond the limit: got %+v", got)
				}
			})
		}
	}
}

func TestTooLargeAnswersSayWhatToDo(t *testing.T) {
	const tooLarge = "The answer is larger than the 6291456 bytes that this door can carry: the table's metadata is too large; ask for it with Accept-Encoding: gzip, or expire snapshots"
	for _, test := range []struct {
		name, coding string
		size, max    int
		stream       bool
		taken        int    // bytes before the handler is told that it is too much
		want         string // empty: it is sent
	}{
		{"plain", "", 6<<20 - 1000, 0, false, 6<<20 - 1000, ""},
		{"plain, too large with its headers", "", 6<<20 - 10, 0, false, 6<<20 - 10, tooLarge},
		{"plain, too large", "", 8 << 20, 0, false, 4 << 20, tooLarge},
		{"packed", "gzip", 4 << 20, 0, false, 4 << 20, ""},
		{"packed, too large", "gzip", 5 << 20, 0, false, 5 << 20, "The answer is larger than the 6291456 bytes that this door can carry: the table's metadata is too large; expire snapshots"},
		{"of another limit", "", 11 << 20, 16 << 20, false, 11 << 20, ""},
		{"streamed", "", 11 << 20, 0, true, 11 << 20, ""},
		{"streamed, too large", "", 200<<20 + 1, 0, true, 0, "The answer is larger than the 209715200 bytes that this door can carry: the table's metadata is too large; ask for it with Accept-Encoding: gzip, or expire snapshots"},
	} {
		t.Run(test.name, func(t *testing.T) {
			chunk := bytes.Repeat([]byte("x"), 4<<20)
			taken := 0
			a, log := adapter(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "mine")
				w.Header().Set("Content-Type", "application/json")
				if test.coding != "" {
					w.Header().Set("Content-Encoding", test.coding)
				}
				if test.size > 16<<20 { // only said to be so large
					w.Header().Set("Content-Length", fmt.Sprint(test.size))
				}
				for left := test.size; left > 0; left -= len(chunk) {
					n, err := w.Write(chunk[:min(left, len(chunk))])
					if taken += n; err != nil {
						return
					}
				}
			}, func(c *lambdahttp.Config) { c.MaxAnswer, c.Stream = test.max, test.stream })
			got, as, err := invoke(t, a.Handle, event(t, "rest-load.json"))
			if err != nil {
				t.Fatal(err)
			}
			if taken != test.taken {
				t.Errorf("the handler could write %d bytes, want %d", taken, test.taken)
			}
			if test.want == "" {
				if got.Status != 200 || len(got.Body) != test.size || log.Len() > 0 || as.stream != test.stream {
					t.Errorf("got %d with %d bytes, %s", got.Status, len(got.Body), log)
				}
				return
			}
			if e := refused(t, got); got.Status != 500 || e.Error.Message != test.want {
				t.Errorf("got %d %+v", got.Status, e)
			}
			if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "request_id=mine") || got.Header.Get("X-Request-Id") != "mine" {
				t.Errorf("got %v, log %s", got.Header, log)
			}
		})
	}
}
