package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"firn/shared/lake"
)

// Where the APIs begin under the base URL.
const (
	management = "/api/management/v1" // Polaris management API
	iceberg    = "/api/catalog/v1"    // Iceberg REST catalog API
	sharing    = "/api/sharing"       // Delta Sharing: the endpoint of profile files
)

const (
	patience   = 30 * time.Second // for one request, all of it
	maxAnswer  = 32 << 20         // bytes of an answer
	realmField = "Polaris-Realm"
)

// request is one call of an API.
type request struct {
	method string
	path   []string // the API it belongs to, then the segments, not escaped
	query  url.Values
	body   any          // nil: none; else what becomes the JSON
	needs  string       // the privilege that allows it, for whoever lacks it
	header *http.Header // takes the answer's headers; nil: nobody reads them
}

// client speaks to one server as one caller.
type client struct {
	base   *url.URL
	realm  string
	id     string
	secret lake.Secret
	token  lake.Secret // empty: fetched by the first request
	http   *http.Client
}

func newClient(s *session) (*client, error) {
	base, err := url.Parse(strings.TrimRight(s.baseURL, "/"))
	switch {
	case err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https":
		return nil, misused("--base-url must be a URL such as http://127.0.0.1:8181")
	case base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, misused("--base-url must not hold credentials, a query or a fragment")
	}
	token, secret, err := s.secrets()
	if err != nil {
		return nil, err
	}
	if token == "" && (s.clientID == "" || secret == "") {
		p := misused("no credentials: give a client id and secret, or an access token")
		p.next = "Set CLIENT_ID and CLIENT_SECRET. `firn serve` prints those of root once, when it first starts with a data folder; it keeps only a hash. A file may hold the secret: --client-secret-file."
		return nil, p
	}
	return &client{
		base: base, realm: s.realm, id: s.clientID, secret: secret, token: token,
		http: &http.Client{
			Timeout:       patience,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// secrets reads what the caller proves itself by: a token alone, where one is given.
func (s *session) secrets() (token, secret lake.Secret, err error) {
	if err := takeStdin(&s.accessToken, &s.clientSecret); err != nil {
		return "", "", err
	}
	if token, err = s.accessToken.read(s.config.Stdin); err != nil || token != "" {
		return token, "", err
	}
	secret, err = s.clientSecret.read(s.config.Stdin)
	return "", secret, err
}

// send sends a request, with a token that it fetches first if it has none, and gives the body of a good answer.
func (c *client) send(ctx context.Context, r request) ([]byte, error) {
	address, err := c.address(r)
	if err != nil {
		return nil, err
	}
	var body io.Reader
	if r.body != nil {
		text, err := json.Marshal(r.body)
		if err != nil {
			return nil, fmt.Errorf("writing the request: %w", err)
		}
		body = bytes.NewReader(text)
	}
	if c.token == "" {
		if c.token, err = c.fetchToken(ctx); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, body)
	if err != nil {
		return nil, fmt.Errorf("making the request: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	answer, err := c.do(req)
	if err != nil {
		return nil, err
	}
	if answer.status/100 != 2 {
		return nil, answer.refusal(r.needs)
	}
	if r.header != nil {
		*r.header = answer.header
	}
	return answer.body, nil
}

// fetchToken exchanges the client id and secret for a token with all of the principal's roles (RFC 6749 section 4.4).
func (c *client) fetchToken(ctx context.Context) (lake.Secret, error) {
	form := url.Values{
		"grant_type":    {"client_credentials"},
		"client_id":     {c.id},
		"client_secret": {c.secret.Reveal()},
		"scope":         {"PRINCIPAL_ROLE:ALL"},
	}
	address := c.base.String() + iceberg + "/oauth/tokens"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", fmt.Errorf("making the token request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := c.do(req)
	if err != nil {
		return "", err
	}
	if answer.status != http.StatusOK {
		return "", answer.tokenRefusal()
	}
	var granted struct {
		AccessToken string `json:"access_token"`
	}
	if json.Unmarshal(answer.body, &granted) != nil || granted.AccessToken == "" {
		return "", failed("the answer to the token request holds no token", "Check that --base-url names a firn server.")
	}
	return lake.Secret(granted.AccessToken), nil
}

// do sends a request and reads its answer, whatever its status.
func (c *client) do(req *http.Request) (*answer, error) {
	req.Header.Set("Accept", "application/json")
	if c.realm != "" {
		req.Header.Set(realmField, c.realm)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.unreachable(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, c.unreachable(err)
	}
	if len(body) > maxAnswer {
		return nil, failed(fmt.Sprintf("the answer has more than %d bytes", maxAnswer), "Check that --base-url names a firn server.")
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// address is the URL of a request. A segment that is empty or dots alone names another resource on the way, so it is
// refused here.
func (c *client) address(r request) (string, error) {
	var b strings.Builder
	b.WriteString(c.base.String() + r.path[0])
	for _, segment := range r.path[1:] {
		if segment == "" || segment == "." || segment == ".." {
			return "", misused("%q is not a name", segment)
		}
		b.WriteString("/" + strings.ReplaceAll(url.PathEscape(segment), "+", "%2B")) // a bare plus is a space to Iceberg's protocol
	}
	if len(r.query) > 0 {
		b.WriteString("?" + r.query.Encode())
	}
	return b.String(), nil
}

// unreachable says why there is no answer.
func (c *client) unreachable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	where := c.base.String()
	if errors.Is(err, syscall.ECONNREFUSED) {
		return failed("nothing listens at "+where, "Is `firn serve` running? Start it, or say with --base-url or FIRN_BASE_URL where the server is.")
	}
	if t, ok := errors.AsType[net.Error](err); ok && t.Timeout() {
		return failed(fmt.Sprintf("no answer from %s within %s", where, patience), "A change may have taken effect: look before you repeat it.")
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // without the method and URL, which are said already
	}
	return failed(fmt.Sprintf("no connection with %s: %v", where, err),
		"Check --base-url or FIRN_BASE_URL, and whether the server speaks http or https.")
}
