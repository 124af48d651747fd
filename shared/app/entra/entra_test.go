package entra

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/fault"
)

const tenant = "7e2a47d0-1111-4222-8333-444455556666"

// issuer is Entra at all of its hosts: it takes AWS's word for the client, in any tenant.
type issuer struct {
	fail func(r *http.Request) (status int, body string, err error) // status 0: no failure

	mu    sync.Mutex
	asked []string // hosts and paths of requests for tokens
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	answer := func(status int, body string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
	base := "https://" + r.URL.Host + "/" + strings.Split(r.URL.Path, "/")[1]
	if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
		return answer(200, `{"issuer":"`+base+`/v2.0","authorization_endpoint":"`+base+`/oauth2/v2.0/authorize","token_endpoint":"`+base+`/oauth2/v2.0/token"}`)
	}
	i.asked = append(i.asked, r.URL.Host+r.URL.Path)
	if i.fail != nil {
		if status, body, err := i.fail(r); status != 0 || err != nil {
			if err != nil {
				return nil, err
			}
			return answer(status, body)
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	want := map[string]string{"grant_type": "client_credentials", "client_id": "firn-app", "scope": "https://storage.azure.com/.default openid offline_access profile",
		"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
	for name, value := range want {
		if form.Get(name) != value {
			return answer(400, `{"error":"invalid_request","error_description":"`+name+` is `+form.Get(name)+`"}`)
		}
	}
	return answer(200, `{"token_type":"Bearer","expires_in":3600,"access_token":"storage-token of `+form.Get("client_assertion")+`"}`)
}

// vouches is STS: it signs the audience, or refuses.
func vouches(t *testing.T, refuse func(w http.ResponseWriter) bool) aws.Config {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuse != nil && refuse(w) {
			return
		}
		if err := r.ParseForm(); err != nil || r.Form.Get("Action") != "GetWebIdentityToken" || r.Form.Get("SigningAlgorithm") != "RS256" || r.Form.Get("DurationSeconds") != "300" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, `<GetWebIdentityTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetWebIdentityTokenResult><WebIdentityToken>aws-word-for-`+
			r.Form.Get("Audience.member.1")+`</WebIdentityToken></GetWebIdentityTokenResult></GetWebIdentityTokenResponse>`)
	}))
	t.Cleanup(server.Close)
	return aws.Config{Region: "eu-west-1", BaseEndpoint: aws.String(server.URL), Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }}
}

func TestAWSVouchesInEachCloud(t *testing.T) {
	rows := []struct{ domain, host, token string }{
		{"core.windows.net", "login.microsoftonline.com", "storage-token of aws-word-for-api://AzureADTokenExchange"},
		{"storage.azure.net", "login.microsoftonline.com", "storage-token of aws-word-for-api://AzureADTokenExchange"},
		{"core.chinacloudapi.cn", "login.chinacloudapi.cn", "storage-token of aws-word-for-api://AzureADTokenExchangeChina"},
		{"core.usgovcloudapi.net", "login.microsoftonline.us", "storage-token of aws-word-for-api://AzureADTokenExchangeUSGov"},
	}
	for _, row := range rows {
		t.Run(row.domain, func(t *testing.T) {
			entra := &issuer{}
			id := Federated("firn-app", vouches(t, nil), entra)
			for range 2 {
				token, err := id.Token(t.Context(), tenant, row.domain)
				if err != nil || token.Reveal() != row.token {
					t.Fatalf("got %q, %v, want %q", token.Reveal(), err, row.token)
				}
			}
			if want := row.host + "/" + tenant + "/oauth2/v2.0/token"; len(entra.asked) != 1 || entra.asked[0] != want {
				t.Errorf("got requests to %v for two tokens, want one to %s", entra.asked, want)
			}
		})
	}
}

func TestATenantGetsTokensOfItsOwn(t *testing.T) {
	entra := &issuer{}
	id := Federated("firn-app", vouches(t, nil), entra)
	for _, name := range []string{tenant, "contoso.example", tenant, "contoso.example"} {
		if _, err := id.Token(t.Context(), name, "core.windows.net"); err != nil {
			t.Fatal(err)
		}
	}
	if len(entra.asked) != 2 {
		t.Errorf("got requests to %v, want one for each tenant", entra.asked)
	}
}

func TestNoTokenForAnotherDomain(t *testing.T) {
	entra := &issuer{}
	for _, domain := range []string{"", "evil.example", "core.windows.net.evil.example", "windows.net"} {
		if _, err := Federated("firn-app", vouches(t, nil), entra).Token(t.Context(), tenant, domain); !fault.Is(err, fault.Unsupported) {
			t.Errorf("%q: got %v, want unsupported", domain, err)
		}
	}
	if len(entra.asked) > 0 {
		t.Errorf("got requests to %v, want none", entra.asked)
	}
}

func TestEntraRefuses(t *testing.T) {
	const unknown = `{"error":"invalid_client","error_description":"AADSTS700213: No matching federated identity record found","error_codes":[700213]}`
	rows := []struct {
		name  string
		fail  func(*http.Request) (int, string, error)
		kind  fault.Kind
		says  string
		tries int
	}{
		{"no federated credential", func(*http.Request) (int, string, error) { return 401, unknown, nil }, fault.Forbidden, notAccepted, 1},
		{"no such tenant", func(*http.Request) (int, string, error) { return 400, `{"error":"invalid_request"}`, nil }, fault.Forbidden, notAccepted, 1},
		{"broken", func(*http.Request) (int, string, error) { return 503, `{}`, nil }, fault.Unavailable, away, 3},
		{"throttled", func(*http.Request) (int, string, error) { return 429, `{}`, nil }, fault.Unavailable, away, 3},
		{"away", func(*http.Request) (int, string, error) { return 0, "", errors.New("connection refused") }, fault.Unavailable, away, 3},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			entra := &issuer{fail: row.fail}
			_, err := Federated("firn-app", vouches(t, nil), entra).Token(t.Context(), tenant, "core.windows.net")
			if f := fault.From(err); f == nil || f.Kind != row.kind || f.Message != row.says || len(entra.asked) != row.tries {
				t.Errorf("got %v after %d tries, want %s %q after %d", err, len(entra.asked), row.kind, row.says, row.tries)
			}
			if err != nil && strings.Contains(err.Error(), "aws-word") {
				t.Errorf("got AWS's word in %v", err)
			}
		})
	}
}

func TestAWSRefuses(t *testing.T) {
	says := func(status int, code string) func(w http.ResponseWriter) bool {
		return func(w http.ResponseWriter) bool {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `<ErrorResponse><Error><Code>`+code+`</Code><Message>m</Message></Error></ErrorResponse>`)
			return true
		}
	}
	rows := []struct {
		name   string
		refuse func(http.ResponseWriter) bool
		kind   fault.Kind
		says   string
	}{
		{"no right", says(403, "AccessDenied"), fault.Forbidden, notVouched},
		{"not enabled", says(400, "OutboundWebIdentityFederationDisabledException"), fault.Forbidden, notVouched},
		{"not enabled, as older messages are called", says(400, "OutboundWebIdentityFederationDisabled"), fault.Forbidden, notVouched},
		{"throttled", says(400, "Throttling"), fault.Unavailable, stsAway},
		{"broken", says(500, "InternalFailure"), fault.Unavailable, stsAway},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			entra, refuse := &issuer{}, row.refuse
			id := Federated("firn-app", vouches(t, func(w http.ResponseWriter) bool { return refuse != nil && refuse(w) }), entra)
			_, err := id.Token(t.Context(), tenant, "core.windows.net")
			if f := fault.From(err); f == nil || f.Kind != row.kind || f.Message != row.says || len(entra.asked) > 0 {
				t.Errorf("got %v and requests to %v, want %s %q and none", err, entra.asked, row.kind, row.says)
			}
			refuse = nil
			entra.fail = func(*http.Request) (int, string, error) { return 401, `{}`, nil }
			if _, err := id.Token(t.Context(), tenant, "core.windows.net"); !fault.Is(err, fault.Forbidden) || fault.From(err).Message != notAccepted {
				t.Errorf("got %v, want Entra's refusal and not the one before it", err)
			}
		})
	}
}

// A machine without any identity says so; one whose variables name a secret uses it.
func TestTheEnvironmentsIdentity(t *testing.T) {
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"} {
		t.Setenv(name, "")
	}
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential")
	entra := &issuer{fail: func(r *http.Request) (int, string, error) {
		return 200, `{"token_type":"Bearer","expires_in":3600,"access_token":"by-secret"}`, nil
	}}
	if _, err := FromEnvironment(entra).Token(t.Context(), tenant, "core.windows.net"); !fault.Is(err, fault.Unsupported) || fault.From(err).Message != noIdentity {
		t.Errorf("without an identity: got %v, want unsupported", err)
	}
	t.Setenv("AZURE_TENANT_ID", "home.example")
	t.Setenv("AZURE_CLIENT_ID", "firn-app")
	t.Setenv("AZURE_CLIENT_SECRET", "s")
	token, err := FromEnvironment(entra).Token(t.Context(), tenant, "core.windows.net")
	if err != nil || token.Reveal() != "by-secret" || len(entra.asked) != 1 || entra.asked[0] != "login.microsoftonline.com/"+tenant+"/oauth2/v2.0/token" {
		t.Errorf("got %v and requests to %v, want a token of the catalog's tenant", err, entra.asked)
	}
}
