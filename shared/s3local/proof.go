package s3local

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// proof is what a request brings to show who sent it.
type proof struct {
	accessKey string
	day       string // YYYYMMDD, equals the first eight characters of when
	region    string // any: whatever the client believes
	when      string // as sent
	at        time.Time
	headers   []string // signed, lower case, sorted
	signature string   // 64 hexadecimal digits
	token     string
	presigned bool
	life      time.Duration // of a presigned request
}

func (p proof) scope() string { return p.day + "/" + p.region + "/s3/aws4_request" }

// timely holds the moment of signing against ours.
func (p proof) timely(now time.Time) error {
	if p.at.After(now.Add(skew)) || !p.presigned && p.at.Before(now.Add(-skew)) {
		return refuse(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request's time and the server's is too large.")
	}
	if p.presigned && !now.Before(p.at.Add(p.life)) {
		return denied("The presigned request is expired.")
	}
	return nil
}

// readProof finds the one place where a request is signed.
func readProof(r *http.Request, query map[string]string) (proof, error) {
	authorization := r.Header.Values("Authorization")
	_, presigned := query["X-Amz-Signature"]
	_, version2 := query["AWSAccessKeyId"]
	version2 = version2 || len(authorization) > 0 && strings.HasPrefix(authorization[0], "AWS ")
	switch {
	case version2:
		return proof{}, malformed("Signature Version 2 is not supported. Please use AWS4-HMAC-SHA256 (boto3: Config(signature_version='s3v4')).")
	case len(authorization) > 1, presigned && len(authorization) > 0:
		return proof{}, refuse(http.StatusBadRequest, "InvalidArgument", "Only one way of signing is allowed in a request.")
	case presigned:
		return readPresigned(query)
	case len(authorization) == 0:
		return proof{}, denied("The request is not signed.")
	}
	return readHeader(r, authorization[0])
}

// readHeader reads the Authorization header and those that belong to it.
func readHeader(r *http.Request, authorization string) (proof, error) {
	bad := refuse(http.StatusBadRequest, "AuthorizationHeaderMalformed", "The Authorization header cannot be parsed.")
	name, rest, _ := strings.Cut(authorization, " ")
	if name != algorithm {
		return proof{}, malformed("The authorization mechanism is not supported. Please use AWS4-HMAC-SHA256.")
	}
	fields := map[string]string{}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if _, twice := fields[name]; twice || !ok {
			return proof{}, bad
		}
		fields[name] = value
	}
	if len(fields) != 3 {
		return proof{}, bad
	}
	if r.Header.Get(payloadField) == "" {
		return proof{}, malformed("The header x-amz-content-sha256 is missing.")
	}
	p := proof{when: r.Header.Get("X-Amz-Date"), token: r.Header.Get("X-Amz-Security-Token")}
	err := p.fill(fields["Credential"], fields["SignedHeaders"], fields["Signature"], bad)
	return p, err
}

// presignNames are the query parameters of a presigned request; only those are left out of what an operation's list must name.
var presignNames = []string{"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Security-Token", "X-Amz-Signature", "X-Amz-Content-Sha256"}

// readPresigned reads the parameters of a presigned request ("Authenticating Requests: Using Query Parameters").
func readPresigned(query map[string]string) (proof, error) {
	bad := refuse(http.StatusBadRequest, "AuthorizationQueryParametersError", "The parameters of the presigned request are not valid.")
	seconds, err := strconv.Atoi(query["X-Amz-Expires"])
	life := time.Duration(seconds) * time.Second
	if err != nil || seconds < 1 || seconds > int(maxPresign/time.Second) || query["X-Amz-Algorithm"] != algorithm {
		return proof{}, bad
	}
	if payload, ok := query["X-Amz-Content-Sha256"]; ok && payload != unsignedPayload {
		return proof{}, bad
	}
	p := proof{when: query["X-Amz-Date"], token: query["X-Amz-Security-Token"], presigned: true, life: life}
	err = p.fill(query["X-Amz-Credential"], query["X-Amz-SignedHeaders"], query["X-Amz-Signature"], bad)
	return p, err
}

// fill checks and takes over what both ways of signing have.
func (p *proof) fill(credential, headers, signature string, bad *refusal) error {
	parts := strings.Split(credential, "/")
	if len(parts) != 5 || parts[3] != "s3" || parts[4] != "aws4_request" || len(parts[2]) > 64 {
		return bad
	}
	p.accessKey, p.day, p.region, p.signature = parts[0], parts[1], parts[2], signature
	if p.token == "" {
		return refuse(http.StatusForbidden, "InvalidAccessKeyId", "The access key is not known, or its session token is missing.")
	}
	at, err := time.Parse(amzTime, p.when)
	if err != nil || at.Format(amzTime) != p.when || p.when[:8] != p.day {
		return bad
	}
	p.at, p.headers = at, strings.Split(headers, ";")
	if !slices.IsSorted(p.headers) || len(slices.Compact(slices.Clone(p.headers))) != len(p.headers) || strings.ToLower(headers) != headers {
		return bad
	}
	return nil
}
