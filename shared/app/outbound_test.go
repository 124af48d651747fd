package app

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"firn/shared/app/cloudtest"
	"firn/shared/outbound"
	"firn/shared/storagepolicy/storagepolicytest"
)

// secret is in all that the endpoints of these tests say.
const secret = "hunter2"

// listenRaw serves connections by hand; what is not closed stays open until the test ends.
func listenRaw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var open []net.Conn
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open = append(open, c)
			serve(c)
		}
	})
	t.Cleanup(func() {
		l.Close()
		all.Wait()
		for _, c := range open {
			c.Close()
		}
	})
	return l.Addr().String()
}

// notStores are endpoints at which no store is, by name.
func notStores(t *testing.T) map[string]string {
	t.Helper()
	answering := func(status int, kind, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("X-Secret", secret)
			w.Header().Set("Location", "http://169.254.169.254/latest/meta-data/")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	closed := httptest.NewServer(nil)
	closed.Close()
	safe := httptest.NewUnstartedServer(http.NotFoundHandler())
	safe.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	safe.StartTLS()
	t.Cleanup(safe.Close)
	return map[string]string{
		"a closed port":           closed.URL,
		"a silent port":           "http://" + listenRaw(t, func(net.Conn) {}),
		"a port that hangs up":    "http://" + listenRaw(t, func(c net.Conn) { c.Close() }),
		"another protocol":        "http://" + listenRaw(t, func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-"+secret+"\r\n"); c.Close() }),
		"a page":                  answering(200, "text/html", "<html><body>"+secret+"</body></html>"),
		"a JSON document":         answering(200, "application/json", `{"AccessKeyId":"`+secret+`","SecretAccessKey":"`+secret+`"}`),
		"nothing":                 answering(204, "text/plain", ""),
		"a page that is missing":  answering(404, "text/plain", "404 page not found: "+secret),
		"a page with a login":     answering(401, "text/html", "<html>"+secret+"</html>"),
		"a broken page":           answering(500, "text/plain", secret),
		"a gateway":               answering(502, "text/html", "<html>"+secret+"</html>"),
		"a redirect to metadata":  answering(307, "text/plain", secret),
		"an error of its own":     answering(403, "application/xml", `<Error><Code>`+secret+`</Code><Message>`+secret+`</Message></Error>`),
		"plain HTTP behind https": "https" + strings.TrimPrefix(answering(200, "text/plain", secret), "http"),
		"an untrusted https":      safe.URL,
		"a metadata service":      "http://169.254.169.254",
		"one in another spelling": "http://[::ffff:a9fe:a9fe]",
		"a private address":       "https://10.0.0.1:9000",
		"a private plain address": "http://192.168.0.1:9000",
		"an unspecified address":  "http://0.0.0.0:9000",
	}
}

// masked takes out of an answer what differs between two catalogs.
func masked(answer, endpoint string) string {
	answer = strings.ReplaceAll(answer, endpoint, "ENDPOINT")
	for _, pattern := range []string{`firn-probe/[a-z0-9]+`, `firn-[a-z0-9]{20,}`, `[tT]imestamp":[0-9]+`} {
		answer = regexp.MustCompile(pattern).ReplaceAllString(answer, "MASKED")
	}
	return answer
}

// answersAbout are the answers of a server to what makes it reach the storage of a catalog.
func answersAbout(t *testing.T, storage, endpoint string) (answers map[string]string, log string) {
	t.Helper()
	var text bytes.Buffer
	s := newServer(t, func(c *Config) {
		c.Client = outbound.New(outbound.Config{Loopback: true, HeaderTimeout: 50 * time.Millisecond})
		c.Log = slog.New(slog.NewTextHandler(&text, nil))
		c.Probe = true
		c.StoragePolicy = storagepolicytest.Lenient(regexp.MustCompile(`https?://[^"]+`).FindAllString(storage, -1))
	})
	bearer := s.login(t, "root", "s3cr3t")
	answers = map[string]string{}
	say := func(name, method, target, body string, header ...string) {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+bearer)
		r.Header.Set("Content-Type", "application/json")
		if name == "stage with credentials" {
			r.Header.Set("X-Iceberg-Access-Delegation", "vended-credentials")
		}
		w := httptest.NewRecorder()
		s.Handler.ServeHTTP(w, r)
		head := w.Header().Clone()
		head.Del("X-Request-Id")
		head.Del("Content-Length")
		head.Del("Etag")
		var lines bytes.Buffer
		if err := head.Write(&lines); err != nil {
			t.Fatal(err)
		}
		if answer := w.Body.String() + lines.String(); strings.Contains(answer, secret) {
			t.Errorf("%s: got %s, which shows what the endpoint said", name, answer)
		}
		answers[name] = http.StatusText(w.Code) + " " + masked(w.Body.String(), endpoint) + lines.String()
	}
	const tables, schema = "/api/catalog/v1/lake/namespaces/ns/tables", `,"schema":{"type":"struct","fields":[]}}`
	say("create the catalog", "POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://bucket/wh"},
		"storageConfigInfo":{"storageType":"S3","roleArn":"arn:aws:iam::123456789012:role/lake","region":"eu-west-1","pathStyleAccess":true,`+storage+`}}}`)
	say("probe", "POST", "/api/management/v1/catalogs/lake/probe", "")
	say("grant", "PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`)
	say("namespace", "POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["ns"]}`)
	say("create", "POST", tables, `{"name":"t"`+schema)
	say("stage with credentials", "POST", tables, `{"name":"t","stage-create":true`+schema)
	say("register", "POST", "/api/catalog/v1/lake/namespaces/ns/register", `{"name":"t","metadata-location":"s3://bucket/wh/ns/t/metadata/v1.metadata.json"}`)
	say("load", "GET", tables+"/t", "")
	return answers, text.String()
}

// A store that refuses is told by what its code means, and its own words are told to nobody.
func TestTheWordsOfAnEndpoint_AreNotShown(t *testing.T) {
	account := environment(t)
	for code, want := range map[string]string{"KMS.NotFoundException": "kms.denied", "NoSuchBucket": "bucket.missing", "SlowDown": "store.busy", "InvalidAccessKeyId": "key.rejected"} {
		t.Run(code, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `<Error><Code>`+code+`</Code><Message>`+secret+`</Message><RequestId>`+secret+`</RequestId></Error>`)
			}))
			t.Cleanup(s.Close)
			got, _ := answersAbout(t, `"endpoint":"`+s.URL+`","stsEndpoint":"`+account.URL+`"`, s.URL)
			if !strings.Contains(got["probe"], want) || !strings.Contains(got["probe"], "the answer: "+code+`"`) {
				t.Errorf("got %s, want %s and the code alone", got["probe"], want)
			}
		})
	}
}

// environment is that of a server on AWS whose token service makes credentials for one role. Nothing is tried
// again.
func environment(t *testing.T) *cloudtest.Account {
	t.Helper()
	account := cloudtest.New(t)
	account.Trust("arn:aws:iam::123456789012:role/lake")
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "own-secret", "AWS_MAX_ATTEMPTS": "1", "AWS_REGION": "eu-west-1"} {
		t.Setenv(name, value)
	}
	return account
}

// Whatever is at the endpoint of a catalog that is no store, its callers learn one thing: that it is none.
// What was said is in the log.
func TestEndpointsThatAreNoStores_AnswerAlike(t *testing.T) {
	account := environment(t)
	kinds := map[string]struct{ storage, probe, create string }{
		"STS":            {`"endpoint":"ENDPOINT"`, "The endpoint does not answer as STS.", "The endpoint does not answer as STS."},
		"STS of its own": {`"endpoint":"https://10.0.0.2:9000","stsEndpoint":"ENDPOINT"`, "The endpoint does not answer as STS.", "The endpoint does not answer as STS."},
		"S3":             {`"endpoint":"https://10.0.0.2:9000","endpointInternal":"ENDPOINT","stsEndpoint":"` + account.URL + `"`, "The endpoint does not answer as S3.", "The metadata file could not be written; please retry."},
	}
	for kind, row := range kinds {
		t.Run(kind, func(t *testing.T) {
			all := notStores(t)
			want, _ := answersAbout(t, strings.ReplaceAll(row.storage, "ENDPOINT", all["a closed port"]), all["a closed port"])
			for name, part := range map[string]string{"create the catalog": "Firn-Probe: failed; endpoint.unreachable", "probe": row.probe, "create": row.create} {
				if !strings.Contains(want[name], part) {
					t.Errorf("%s: got %s, want %q in it", name, want[name], part)
				}
			}
			for name, endpoint := range all {
				t.Run(name, func(t *testing.T) {
					got, log := answersAbout(t, strings.ReplaceAll(row.storage, "ENDPOINT", endpoint), endpoint)
					if diff := cmp.Diff(got, want); diff != "" {
						t.Errorf("the answers differ from those about a closed port (-got +want):\n%s", diff)
					}
					if strings.Contains(log, "own-secret") || !strings.Contains(log, "a check of a storage failed") {
						t.Errorf("got the log %s, want what was answered and no secret of this server", log)
					}
				})
			}
		})
	}
}

// A server that more than this machine reaches asks nobody here for a catalog, unless its operator listed the
// endpoint.
func TestEndpoints_AreReachedWhereTheyAreListed(t *testing.T) {
	account := environment(t)
	for _, storage := range []string{`"endpoint":"VICTIM"`, `"endpoint":"https://s3.example.","stsEndpoint":"VICTIM"`,
		`"endpoint":"https://s3.example.","endpointInternal":"VICTIM","stsEndpoint":"` + account.URL + `"`} {
		for _, listed := range []bool{false, true} {
			asked := atomic.Int64{}
			victim := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
			t.Cleanup(victim.Close)
			s := newServer(t, func(c *Config) {
				c.Probe, c.Loopback = true, false
				endpoints := []string{account.URL, "https://s3.example."}
				if listed {
					endpoints = append(endpoints, victim.URL)
				}
				c.StoragePolicy = storagepolicytest.Lenient(endpoints)
			})
			bearer := s.login(t, "root", "s3cr3t")
			for _, step := range [][3]string{
				{"POST", "/api/management/v1/catalogs", `{"catalog":{"type":"INTERNAL","name":"lake","properties":{"default-base-location":"s3://bucket/wh"},
					"storageConfigInfo":{"storageType":"S3","roleArn":"arn:aws:iam::123456789012:role/lake","region":"eu-west-1","pathStyleAccess":true,` + strings.ReplaceAll(storage, "VICTIM", victim.URL) + `}}}`},
				{"POST", "/api/management/v1/catalogs/lake/probe", ""},
				{"PUT", "/api/management/v1/catalogs/lake/catalog-roles/catalog_admin/grants", `{"grant":{"type":"catalog","privilege":"CATALOG_MANAGE_CONTENT"}}`},
				{"POST", "/api/catalog/v1/lake/namespaces", `{"namespace":["ns"]}`},
			} {
				w := s.ask(t, bearer, step[0], step[1], step[2])
				if !listed {
					if w.Code != http.StatusForbidden {
						t.Errorf("%s: got %d %s, want the catalog refused", storage, w.Code, w.Body)
					}
					break
				}
				if w.Code/100 != 2 {
					t.Fatalf("%s %s: got %d %s", step[0], step[1], w.Code, w.Body)
				}
			}
			w := s.ask(t, bearer, "POST", "/api/catalog/v1/lake/namespaces/ns/tables", `{"name":"t","schema":{"type":"struct","fields":[]}}`)
			if listed && w.Code != http.StatusServiceUnavailable {
				t.Errorf("%s: got %d %s, want it unavailable", storage, w.Code, w.Body)
			}
			if got := asked.Load(); (got > 0) != listed {
				t.Errorf("%s: got %d requests, want some: %v", storage, got, listed)
			}
		}
	}
}

func TestLoopback_IsWhatOnlyThisMachineReaches(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:8181": true, "localhost:8181": true, ":8181": false, "[::1]:8181": true, "0.0.0.0:8181": false, "[::]:8181": false, "10.0.0.1:8181": false} {
		if got := isLoopback(address); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
}
