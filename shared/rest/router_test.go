package rest_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/rest"
)

func nothing(context.Context, *rest.Call) (rest.Answer, error) { return rest.Empty(204), nil }

func TestRouteTablesThatContradictThemselves(t *testing.T) {
	good := rest.Route{Method: "GET", Pattern: "/a/{b}", Operation: "get", Function: rest.Catalog, Handler: nothing}
	change := func(f func(*rest.Route)) []rest.Route {
		r := good
		f(&r)
		return []rest.Route{r}
	}
	other := func(pattern string) []rest.Route {
		r := good
		r.Operation, r.Pattern = "other", pattern
		return []rest.Route{good, r}
	}
	for _, test := range []struct {
		name   string
		routes []rest.Route
		want   string
	}{
		{"good", []rest.Route{good}, ""},
		{"no handler", change(func(r *rest.Route) { r.Handler = nil }), "incomplete"},
		{"no method", change(func(r *rest.Route) { r.Method = "" }), "incomplete"},
		{"no operation", change(func(r *rest.Route) { r.Operation = "" }), "incomplete"},
		{"no function", change(func(r *rest.Route) { r.Function = "" }), "incomplete"},
		{"operation twice", []rest.Route{good, good}, "used twice"},
		{"the same path by another name", other("/a/{c}"), "taken"},
		{"no slash", change(func(r *rest.Route) { r.Pattern = "a" }), "slash"},
		{"a trailing slash", change(func(r *rest.Route) { r.Pattern = "/a/" }), "empty segment"},
		{"a brace that stays open", change(func(r *rest.Route) { r.Pattern = "/a/{b" }), "brace"},
		{"a brace within", change(func(r *rest.Route) { r.Pattern = "/a/b{c}" }), "brace"},
		{"a name without a name", change(func(r *rest.Route) { r.Pattern = "/a/{}" }), "brace"},
		{"too deep", change(func(r *rest.Route) { r.Pattern = strings.Repeat("/a", 25) }), "too many"},
		{"too many names", change(func(r *rest.Route) { r.Pattern = strings.Repeat("/{a}", 9) }), "too many"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := rest.New(rest.Config{
				Protocols: []rest.Protocol{{Name: "p", Dialect: rest.Vocabulary{}.Envelope, Routes: test.routes}},
				Realms:    []lake.Realm{"R"}, Verifier: bearers{}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
			})
			if got := fmt.Sprint(err); test.want == "" && err != nil || !strings.Contains(got, test.want) {
				t.Errorf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestADoorNeedsItsParts(t *testing.T) {
	whole := rest.Config{Realms: []lake.Realm{"R"}, Verifier: bearers{}, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	for _, test := range []struct {
		name string
		take func(*rest.Config)
	}{
		{"realms", func(c *rest.Config) { c.Realms = nil }},
		{"verifier", func(c *rest.Config) { c.Verifier = nil }},
		{"log", func(c *rest.Config) { c.Log = nil }},
		{"clock", func(c *rest.Config) { c.Now = nil }},
		{"dialect", func(c *rest.Config) { c.Protocols = []rest.Protocol{{Name: "p"}} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := whole
			test.take(&c)
			if _, err := rest.New(c); err == nil {
				t.Error("got no error, want one")
			}
		})
	}
}

func TestUnknownRoutesAreToldInTheDialectOfTheirBase(t *testing.T) {
	says := func(word string) rest.Dialect {
		return func(e *fault.Error) rest.Answer { return rest.Raw(rest.Vocabulary{}.Word(e).Status, []byte(word)) }
	}
	d, _ := newDoor(t, func(c *rest.Config) {
		c.Protocols = []rest.Protocol{
			{Name: "a", Base: "/api/a", Dialect: says("a"), Routes: []rest.Route{{Method: "GET", Pattern: "/api/b/x", Operation: "x", Function: rest.Catalog, Handler: nothing}}},
			{Name: "ab", Base: "/api/a/b", Dialect: says("ab")},
			{Name: "none", Dialect: says("none")},
		}
	})
	for _, test := range []struct{ line, want string }{
		{"GET /api/a", "a"},
		{"GET /api/a/c", "a"},
		{"GET /api/a/b/c", "ab"},
		{"GET /api/ab", noRoute},
		{"POST /api/b/x", badMethod},
	} {
		t.Run(test.line, func(t *testing.T) {
			if got := text(t, ask(d, test.line, nil)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestAllowNamesEveryMethodThatTheWrongOneCouldHaveBeen(t *testing.T) {
	d, _ := newDoor(t, func(c *rest.Config) {
		c.Protocols = []rest.Protocol{{Name: "p", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{
			{Method: "POST", Pattern: "/a/b", Operation: "x", Function: rest.Catalog, Handler: nothing},
			{Method: "PUT", Pattern: "/{name}/b", Operation: "y", Function: rest.Catalog, Handler: nothing},
		}}}
	})
	if got := ask(d, "PUT /a/b", nil).StatusCode; got != 204 {
		t.Errorf("PUT: got %d, want 204", got)
	}
	if got := ask(d, "GET /a/b", nil).Header.Get("Allow"); got != "OPTIONS, POST, PUT" {
		t.Errorf("GET: got Allow %q, want OPTIONS, POST, PUT", got)
	}
}

func TestRefusalsOfAHandlerAreToldInItsProtocolsDialect(t *testing.T) {
	d, _ := newDoor(t, func(c *rest.Config) {
		c.Protocols = []rest.Protocol{{
			Name: "a", Dialect: func(*fault.Error) rest.Answer { return rest.Raw(418, []byte("tea")) },
			Routes: []rest.Route{{Method: "GET", Pattern: "/x", Operation: "x", Function: rest.Catalog, Handler: nothing}},
		}}
	})
	got := ask(d, "GET /x", nil, "Accept: text/html")
	if body := text(t, got); got.StatusCode != 418 || body != "tea" {
		t.Errorf("got %d %s, want 418 tea", got.StatusCode, body)
	}
}

func TestAPathThatAHandlerAsksForWrongly(t *testing.T) {
	d, s := newDoor(t, func(c *rest.Config) {
		c.Protocols = []rest.Protocol{{Name: "a", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{{
			Method: "GET", Pattern: "/{x}", Operation: "x", Function: rest.Catalog,
			Handler: func(_ context.Context, c *rest.Call) (rest.Answer, error) { return rest.JSON(200, c.Path("y")) },
		}}}}
	})
	if got := ask(d, "GET /x", nil).StatusCode; got != 500 || !strings.Contains(s.log.String(), "has no segment y") {
		t.Errorf("got %d and %q, want 500 and the segment's name", got, s.log.String())
	}
}

func TestAPlusIsASpaceToProtocolsOfForms(t *testing.T) {
	d, _ := newDoor(t, func(c *rest.Config) {
		named := func(_ context.Context, c *rest.Call) (rest.Answer, error) { return rest.JSON(200, c.Path("name")) }
		c.Protocols = []rest.Protocol{
			{Name: "forms", Base: "/api/forms", Forms: true, Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{
				{Method: "GET", Pattern: "/api/forms/{name}", Operation: "x", Function: rest.Catalog, Handler: named}}},
			{Name: "others", Base: "/api", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{
				{Method: "GET", Pattern: "/api/others/{name}", Operation: "x", Function: rest.Catalog, Handler: named}}},
		}
	})
	for _, test := range []struct{ name, line, want string }{
		{"a plus", "GET /api/forms/a+b", `"a b"`},
		{"an escaped space", "GET /api/forms/a%20b", `"a b"`},
		{"an escaped plus", "GET /api/forms/a%2Bb+c", `"a+b c"`},
		{"a plus that was escaped twice", "GET /api/forms/a%252Bb", `"a%2Bb"`},
		{"another protocol", "GET /api/others/a+b", `"a+b"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := text(t, ask(d, test.line, nil)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestProtocolsAreEnumerable(t *testing.T) {
	d, _ := newDoor(t, nil)
	if got := d.Protocols(); len(got) != 1 || len(got[0].Routes) != len(zoo().Routes) {
		t.Errorf("got %d protocols, want the zoo with all its routes", len(got))
	}
}

func FuzzNamesComeBackAsTheyWere(f *testing.F) {
	for _, name := range []string{"a", "a/b", "a\x1fb", "%2F", "+", "..", "ü", ";", "?#", "\x00"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if name == "" || !utf8.ValidString(name) || len(name) > 1000 {
			t.Skip()
		}
		var got string
		d, _ := newDoor(t, func(c *rest.Config) {
			c.Protocols = []rest.Protocol{{Name: "p", Dialect: rest.Vocabulary{}.Envelope, Routes: []rest.Route{{
				Method: "GET", Pattern: "/x/{name}/y", Operation: "x", Function: rest.Catalog,
				Handler: func(_ context.Context, c *rest.Call) (rest.Answer, error) {
					got = c.Path("name")
					return rest.Empty(204), nil
				},
			}}}}
		})
		ask(d, "GET /x/"+url.PathEscape(name)+"/y", nil)
		if got != name {
			t.Errorf("got %q, want %q", got, name)
		}
	})
}

// sink takes an answer and keeps nothing.
type sink struct{ h http.Header }

func (s sink) Header() http.Header         { return s.h }
func (s sink) WriteHeader(int)             {}
func (s sink) Write(p []byte) (int, error) { return len(p), nil }

func BenchmarkDoor(b *testing.B) {
	d, err := rest.New(rest.Config{
		Protocols: []rest.Protocol{zoo()}, Realms: []lake.Realm{"POLARIS"}, Verifier: bearers{},
		Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		b.Fatal(err)
	}
	for _, test := range []struct{ name, line, accept string }{
		{"empty", "DELETE /api/zoo/p/namespaces/a%1Fb", ""},
		{"unknown route", "GET /api/zoo/p/nope", ""},
		{"16 KB", "GET /api/zoo/big", ""},
		{"16 KB packed", "GET /api/zoo/big", "gzip"},
	} {
		b.Run(test.name, func(b *testing.B) {
			method, target, _ := strings.Cut(test.line, " ")
			r := httptest.NewRequest(method, target, nil)
			r.Header.Set("Authorization", "Bearer good")
			if test.accept != "" {
				r.Header.Set("Accept-Encoding", test.accept)
			}
			b.ReportAllocs()
			for b.Loop() {
				d.ServeHTTP(sink{http.Header{}}, r)
			}
		})
	}
}
