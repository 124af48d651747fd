package cors

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/outbound"
)

var browser = Browser{Client: outbound.New(outbound.Config{Loopback: true})}

func folder(t *testing.T, text string) location.Prefix {
	t.Helper()
	p, err := location.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPreflightSaysWhetherPagesMayRead(t *testing.T) {
	rows := []struct {
		name   string
		status int
		origin string
		want   fault.Kind
		ok     bool
	}{
		{"every origin", 200, "*", 0, true},
		{"this origin", 204, Origin, 0, true},
		{"another origin", 200, "https://example.com", fault.Forbidden, false},
		{"no rule", 403, "", fault.Forbidden, false},
		{"a rule and no success", 403, "*", fault.Forbidden, false},
		{"a redirect", 307, "*", fault.Forbidden, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			var asked *http.Request
			store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r
				if row.origin != "" {
					w.Header().Set("Access-Control-Allow-Origin", row.origin)
				}
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(row.status)
			}))
			defer store.Close()
			yes := true
			err := browser.Preflight(t.Context(), &lake.Storage{Type: lake.S3, Endpoint: store.URL, PathStyleAccess: &yes}, folder(t, "s3://lake/a/b"))
			if row.ok && err != nil || !row.ok && !fault.Is(err, row.want) {
				t.Errorf("got %v, want kind %s or none: %v", err, row.want, row.ok)
			}
			if got := asked.Method + " " + asked.URL.Path; got != "OPTIONS /lake/a/b/object" {
				t.Errorf("got %s", got)
			}
			for _, secret := range []string{"Authorization", "Cookie", "X-Amz-Security-Token"} {
				if asked.Header.Get(secret) != "" {
					t.Errorf("the preflight holds %s", secret)
				}
			}
		})
	}
}

// Nor does it differ from one that says no.
func TestAStoreThatDoesNotAnswer_LetsNobodyIn(t *testing.T) {
	store := httptest.NewServer(nil)
	store.Close()
	yes := true
	err := browser.Preflight(t.Context(), &lake.Storage{Type: lake.S3, Endpoint: store.URL, PathStyleAccess: &yes}, folder(t, "s3://lake/a"))
	if !fault.Is(err, fault.Forbidden) || fault.From(err).Message != closed().Message {
		t.Errorf("got %v, want what a store says that lets nobody in", err)
	}
	if err := browser.Preflight(t.Context(), &lake.Storage{Type: lake.S3}, folder(t, "s3://lake/a")); !fault.Is(err, fault.Unsupported) {
		t.Errorf("without a region: got %v, want unsupported", err)
	}
}

func TestAPreflight_IsSentByTheClient(t *testing.T) {
	asked := false
	store := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer store.Close()
	yes := true
	err := Browser{Client: outbound.New(outbound.Config{})}.Preflight(t.Context(), &lake.Storage{Type: lake.S3, Endpoint: store.URL, PathStyleAccess: &yes}, folder(t, "s3://lake/a"))
	if asked || !fault.Is(err, fault.Forbidden) {
		t.Errorf("got %v, and asked %v, want an address that the client does not reach left alone", err, asked)
	}
}

func TestWhereBrowsersFindObjects(t *testing.T) {
	yes := true
	rows := []struct {
		name    string
		storage lake.Storage
		folder  string
		want    string
	}{
		{"AWS", lake.Storage{Type: lake.S3, Region: "eu-west-1"}, "s3://lake/a b", "https://lake.s3.eu-west-1.amazonaws.com/a%20b/object"},
		{"AWS in China", lake.Storage{Type: lake.S3, Region: "cn-north-1"}, "s3://lake/a", "https://lake.s3.cn-north-1.amazonaws.com.cn/a/object"},
		{"a bucket with dots, for which no certificate is", lake.Storage{Type: lake.S3, Region: "eu-west-1"}, "s3://lake.example/a", "https://s3.eu-west-1.amazonaws.com/lake.example/a/object"},
		{"no region", lake.Storage{Type: lake.S3}, "s3://lake/a", ""},
		{"an endpoint", lake.Storage{Type: lake.S3, Endpoint: "http://store.example:9000"}, "s3://lake/a", "http://lake.store.example:9000/a/object"},
		{"an endpoint in path style", lake.Storage{Type: lake.S3, Endpoint: "http://store.example:9000/s3", PathStyleAccess: &yes}, "s3://lake/a", "http://store.example:9000/s3/lake/a/object"},
		{"GCS", lake.Storage{Type: lake.GCS}, "gs://lake/a", "https://storage.googleapis.com/lake/a/object"},
		{"ADLS", lake.Storage{Type: lake.Azure}, "abfss://lake@acc.dfs.core.windows.net/a", "https://acc.blob.core.windows.net/lake/a/object"},
		{"files", lake.Storage{Type: lake.File}, "file:///a", ""},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			if got := Address(&row.storage, folder(t, row.folder)); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}
