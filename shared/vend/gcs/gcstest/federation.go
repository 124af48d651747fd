package gcstest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// Audience is the workload identity provider that takes an AWS account's roles.
const Audience = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/aws/providers/firn"

var (
	callerIdentity = regexp.MustCompile(`^https://sts\.([a-z0-9-]+)\.amazonaws\.com\?Action=GetCallerIdentity&Version=2011-06-15$`)
	authorization  = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=[A-Za-z0-9]+/[0-9]{8}/([a-z0-9-]+)/sts/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=[0-9a-f]{64}$`)
)

// federate trades a signed call of GetCallerIdentity for a token of Self (IAM documentation, "Workload identity federation
// with AWS"). It looks at what was signed; only AWS can tell by whom.
func (s *Server) federate(w http.ResponseWriter, f url.Values) {
	after := s.begin(w, "federate")
	text, err := url.QueryUnescape(f.Get("subject_token"))
	var call struct {
		URL     string                        `json:"url"`
		Method  string                        `json:"method"`
		Headers []struct{ Key, Value string } `json:"headers"`
	}
	if err != nil || json.Unmarshal([]byte(text), &call) != nil {
		refuse(http.StatusBadRequest, "invalid_grant", "the subject token is not a request")
	}
	headers := map[string]string{}
	for _, h := range call.Headers {
		headers[strings.ToLower(h.Key)] = h.Value
	}
	target, signed := callerIdentity.FindStringSubmatch(call.URL), authorization.FindStringSubmatch(headers["authorization"])
	switch {
	case f.Get("audience") != Audience || headers["x-goog-cloud-target-resource"] != Audience:
		refuse(http.StatusBadRequest, "invalid_target", "the provider is not this one")
	case call.Method != http.MethodPost || target == nil || signed == nil || target[1] != signed[1]:
		refuse(http.StatusBadRequest, "invalid_grant", "not a signed GetCallerIdentity")
	case !strings.Contains(signed[2], "x-goog-cloud-target-resource") || headers["x-amz-security-token"] == "" || f.Get("scope") == "":
		refuse(http.StatusBadRequest, "invalid_grant", "without the provider in the signature, a session token or a scope")
	}
	s.mu.Lock()
	made := &token{account: Self, expires: s.now().Add(time.Hour)}
	value := s.issue(made)
	s.mu.Unlock()
	after()
	s.give(w, value, typeAccess, made.expires, nil)
}
