package rest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"firn/shared/budget"
	"firn/shared/lake"
	"firn/shared/rest"
)

// unread is a body that must not be read.
func unread() io.Reader { return iotest.ErrReader(errors.New("the body was read")) }

func TestABodyIsNotReadBeforeItsCallerIsKnown(t *testing.T) {
	for _, row := range []struct {
		name, line string
		headers    []string
		status     int
	}{
		{"a bad token", "POST /api/zoo/things", []string{"Authorization: Bearer bad"}, 401},
		{"a bad token, compressed", "POST /api/zoo/things", []string{"Authorization: Bearer bad", "Content-Encoding: gzip"}, 401},
		{"a public route, compressed", "POST /api/zoo/form", []string{"Content-Encoding: gzip"}, 415},
		{"a public route, compressed by its old name", "POST /api/zoo/form", []string{"Content-Encoding: X-GZIP"}, 415},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, s := newDoor(t, nil)
			if got := ask(d, row.line, unread(), row.headers...); got.StatusCode != row.status {
				t.Errorf("got %d, want %d", got.StatusCode, row.status)
			}
			if strings.Contains(s.log.String(), "the body was read") {
				t.Errorf("the body was read: %s", s.log.String())
			}
		})
	}
}

// What a public route takes is bounded by the door, whatever its own limit and the server's are.
func TestABodyWithoutATokenIsShort(t *testing.T) {
	d, _ := newDoor(t, func(c *rest.Config) { c.MaxBody = 0 })
	for _, row := range []struct {
		name   string
		body   io.Reader
		status int
	}{
		{"as long as may be", strings.NewReader("a=" + strings.Repeat("x", rest.MaxPublicBody-2)), 200},
		{"a byte more", strings.NewReader("a=" + strings.Repeat("x", rest.MaxPublicBody-1)), 413},
		{"a byte more, of unknown length", io.MultiReader(strings.NewReader("a=" + strings.Repeat("x", rest.MaxPublicBody-1))), 413},
	} {
		if got := ask(d, "POST /api/zoo/form", row.body); got.StatusCode != row.status {
			t.Errorf("%s: got %d, want %d", row.name, got.StatusCode, row.status)
		}
	}
}

// held returns a door over a budget of which others hold all but what is left.
func held(t *testing.T, size, left int64) *rest.Door {
	t.Helper()
	b := budget.New(size)
	ctx, end := b.Begin(t.Context())
	t.Cleanup(end)
	if size > left {
		if err := budget.Take(ctx, size-left+budget.Allowance); err != nil {
			t.Fatal(err)
		}
	}
	d, _ := newDoor(t, func(c *rest.Config) { c.Budget, c.MaxBody = b, 0 })
	return d
}

// The times of waiting are of the budget's own test: here nothing waits, or what holds the bytes is the
// request itself.
func TestBodiesTakeFromTheBudget(t *testing.T) {
	const mb = 1 << 20
	object := func(n int) string { return `{"name":"` + strings.Repeat("x", n) + `"}` }
	short := `{"name":"a","x":[0` + strings.Repeat(",0", mb/8) + `]}`
	gzip := "Content-Encoding: gzip"
	for _, row := range []struct {
		name    string
		body    string
		headers []string
		status  int
	}{
		{"a body within it", object(mb / 8), nil, 201},
		{"a body beyond it", object(2 * mb), nil, 413},
		{"a compressed body within it", string(packed(object(mb / 8))), []string{gzip}, 201},
		{"a compressed body beyond it", string(packed(object(2 * mb))), []string{gzip}, 413},
		{"short values, of which each takes more than its text", short, nil, 413},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ask(held(t, mb, mb), "POST /api/zoo/things", strings.NewReader(row.body), row.headers...)
			if got.StatusCode != row.status {
				t.Errorf("got %d %.100s, want %d", got.StatusCode, text(t, got), row.status)
			}
		})
	}
}

func TestARequestThatGetsNoMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // nobody waits in earnest
		const mb = 1 << 20
		d := held(t, mb, 0)
		got := ask(d, "POST /api/zoo/things", strings.NewReader(`{"name":"`+strings.Repeat("x", mb/2)+`"}`))
		if got.StatusCode != 503 || got.Header.Get("Retry-After") != "2" {
			t.Errorf("got %d, Retry-After %q, want 503 and 2 seconds", got.StatusCode, got.Header.Get("Retry-After"))
		}
		if got := ask(d, "POST /api/zoo/things", strings.NewReader(`{"name":"a"}`)); got.StatusCode != 201 {
			t.Errorf("a small request meanwhile: got %d, want 201", got.StatusCode)
		}
		if got := ask(d, "GET /api/zoo/big", nil, "Accept-Encoding: gzip"); got.StatusCode != 200 {
			t.Errorf("an answer that is at hand: got %d, want 200", got.StatusCode)
		}
	})
}

func TestABigAnswerTakesFromTheBudget(t *testing.T) {
	b := budget.New(1 << 20)
	d, _ := newDoor(t, func(c *rest.Config) {
		c.Budget = b
		big := func(context.Context, *rest.Call) (rest.Answer, error) {
			return rest.JSON(200, strings.Repeat("x", 2<<20))
		}
		c.Protocols = []rest.Protocol{{Name: "p", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{
			{Method: "GET", Pattern: "/read", Operation: "read", Function: rest.Catalog, Handler: big},
			{Method: "POST", Pattern: "/change", Operation: "change", Function: rest.Catalog, Handler: big},
		}}}
	})
	if got := ask(d, "GET /read", nil); got.StatusCode != 413 {
		t.Errorf("got %d, want 413", got.StatusCode)
	}
	if got := ask(d, "POST /change", nil); got.StatusCode != 200 {
		t.Errorf("an answer to what has happened: got %d, want 200", got.StatusCode)
	}
}

// slow is a client that takes its answer only when it is let.
type slow struct {
	*httptest.ResponseRecorder
	begun, let chan struct{}
}

func (s *slow) Write(p []byte) (int, error) {
	s.begun <- struct{}{}
	<-s.let
	return s.ResponseRecorder.Write(p)
}

// A client that does not take its compressed answer keeps none of the writers, of which there are few.
func TestSlowClientsHoldNoCompressor(t *testing.T) {
	d, _ := newDoor(t, func(c *rest.Config) { c.Now, c.Observer = time.Now, nil }) // for many at once
	const clients = 64
	begun, let := make(chan struct{}, clients), make(chan struct{})
	done := make(chan *slow, clients)
	for range clients {
		go func() {
			r := httptest.NewRequest("GET", "/api/zoo/big", nil)
			r.Header.Set("Authorization", "Bearer good")
			r.Header.Set("Accept-Encoding", "gzip")
			w := &slow{httptest.NewRecorder(), begun, let}
			d.ServeHTTP(w, r)
			done <- w
		}()
	}
	for range clients { // all are writing
		<-begun
	}
	close(let)
	for range clients {
		if got := unpacked(t, bytes.NewReader((<-done).Body.Bytes())); len(got) != 1000*len(long) {
			t.Errorf("got %d bytes, want the answer", len(got))
		}
	}
}

// A caller that a protocol authenticates is of the realm that was asked.
func TestBearersAreAskedBeforeTheBody(t *testing.T) {
	asked := 0
	d, s := newDoor(t, func(c *rest.Config) {
		c.Protocols = []rest.Protocol{{Name: "p", Dialect: rest.Vocabulary{}.Envelope,
			Bearers: func(context.Context, lake.Caller, string) (lake.Caller, bool, error) {
				asked++
				return lake.Caller{}, true, errors.New("the store is away")
			},
			Routes: []rest.Route{{Method: "POST", Pattern: "/p", Operation: "p", Function: rest.Catalog,
				Handler: rest.OptionalBody(func(context.Context, *rest.Call, *thing) (rest.Answer, error) { return rest.Empty(204), nil })}}}}
	})
	got := ask(d, "POST /p", unread(), "Authorization: Bearer made-up", "Content-Encoding: gzip")
	if got.StatusCode != 500 || asked != 1 || strings.Contains(s.log.String(), "the body was read") {
		t.Errorf("got %d after %d questions, want the store's error before the body is read: %s", got.StatusCode, asked, s.log.String())
	}
}
