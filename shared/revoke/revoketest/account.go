// Package revoketest is the IAM of an AWS account with vending roles, as far as keys are ended there: their permissions
// boundaries with versions and limits, and the revokers that may write them. For tests alone.
//
// It refuses what AWS refuses: a sixth version, a policy that is too long or no policy, a revoker without its external id, and
// whatever a revoker may not do. What policies mean is not here: package iamtest decides that.
package revoketest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
)

// The limits of a managed policy (IAM User Guide, "IAM and AWS STS quotas").
const (
	MaxVersions = 5
	MaxPolicy   = 6_144
)

// ID is the number of the account.
const ID = "111122223333"

// Account answers STS and IAM in their query protocol. It may be asked, and told to fail, concurrently.
type Account struct {
	mu       sync.Mutex
	roles    map[string]*role   // by name
	policies map[string]*policy // by ARN
	sessions map[string]string  // access key to the name of the role that is revoked for
	plan     func(action string) string
	calls    map[string]int
}

type role struct{ arn, externalID, boundary string }

type policy struct {
	made     int // versions so far
	versions []version
}

type version struct {
	id, document string
	current      bool
}

// New makes an account without roles.
func New() *Account {
	return &Account{roles: map[string]*role{}, policies: map[string]*policy{}, sessions: map[string]string{}, calls: map[string]int{}}
}

// Boundary is what the boundary of a new role allows.
const Boundary = `{"Version":"2012-10-17","Statement":[{"Sid":"Objects","Effect":"Allow","Action":["s3:GetObject","s3:PutObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::lake/*"},` +
	`{"Sid":"List","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::lake"}]}`

// Role makes a vending role with a boundary and a revoker, and gives its ARN.
func (a *Account) Role(name, externalID string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := &role{arn: "arn:aws:iam::" + ID + ":role/firn-vending/" + name, externalID: externalID, boundary: "arn:aws:iam::" + ID + ":policy/firn-vending/" + name}
	a.roles[name], a.policies[r.boundary] = r, &policy{made: 1, versions: []version{{"v1", Boundary, true}}}
	return r.arn
}

// Bind gives a role the boundary of that ARN; empty: none.
func (a *Account) Bind(name, boundary string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roles[name].boundary = boundary
}

// Policy is what a role's boundary says now.
func (a *Account) Policy(name string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, v := range a.policies["arn:aws:iam::"+ID+":policy/firn-vending/"+name].versions {
		if v.current {
			return v.document
		}
	}
	return ""
}

// Write makes a version of a role's boundary, as its owner does, in place of all there are.
func (a *Account) Write(name, document string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.policies["arn:aws:iam::"+ID+":policy/firn-vending/"+name]
	p.made++
	p.versions = []version{{fmt.Sprint("v", p.made), document, true}}
}

// Plan runs before each call from now on, and gives the error code that it is refused with; empty: it is not. Actions are
// those of the API: CreatePolicyVersion, AssumeRole.
func (a *Account) Plan(plan func(action string) (refuse string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.plan = plan
}

// Take gives how often each action was called since the last Take.
func (a *Account) Take() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.calls
	a.calls = map[string]int{}
	return was
}

// refusal is an error of AWS's.
type refusal struct {
	status int
	code   string
}

func refuse(code string) *refusal {
	return &refusal{map[string]int{"AccessDenied": 403, "NoSuchEntity": 404, "LimitExceeded": 409, "DeleteConflict": 409, "ServiceFailure": 500}[code], code}
}

var credential = regexp.MustCompile(`Credential=([^/]+)/`)

// ServeHTTP answers a call.
func (a *Account) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	action := r.FormValue("Action")
	a.mu.Lock()
	a.calls[action]++
	plan := a.plan
	a.mu.Unlock()
	planned := ""
	if plan != nil {
		planned = plan(action) // others may write now
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	body, refused := "", refuse(planned)
	if planned == "" {
		key := ""
		if found := credential.FindStringSubmatch(r.Header.Get("Authorization")); found != nil {
			key = found[1]
		}
		body, refused = a.answer(action, key, r.Form)
	}
	space := "https://iam.amazonaws.com/doc/2010-05-08/"
	if action == "AssumeRole" {
		space = "https://sts.amazonaws.com/doc/2011-06-15/"
	}
	if refused != nil {
		w.WriteHeader(cmp.Or(refused.status, http.StatusBadRequest))
		fmt.Fprintf(w, `<ErrorResponse xmlns="%s"><Error><Type>Sender</Type><Code>%s</Code><Message>refused</Message></Error><RequestId>1</RequestId></ErrorResponse>`, space, refused.code)
		return
	}
	fmt.Fprintf(w, `<%[1]sResponse xmlns="%[2]s"><%[1]sResult>%[3]s</%[1]sResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></%[1]sResponse>`, action, space, body)
}

var revoker = regexp.MustCompile(`^arn:aws:iam::` + ID + `:role/firn-revoking/(.+)-revoke$`)

func (a *Account) answer(action, key string, form url.Values) (string, *refusal) {
	if action == "AssumeRole" {
		return a.assume(form)
	}
	name, known := a.sessions[key]
	if !known {
		return "", refuse("AccessDenied")
	}
	if action == "GetRole" {
		return a.role(name, form.Get("RoleName"))
	}
	arn := form.Get("PolicyArn")
	p := a.policies[arn]
	if p == nil || arn != a.roles[name].boundary { // a revoker may write no other
		return "", refuse("AccessDenied")
	}
	switch action {
	case "ListPolicyVersions":
		return p.list(), nil
	case "GetPolicyVersion":
		return p.get(form.Get("VersionId"))
	case "CreatePolicyVersion":
		return p.create(form.Get("PolicyDocument"), form.Get("SetAsDefault") == "true")
	case "DeletePolicyVersion":
		return "", p.remove(form.Get("VersionId"))
	}
	return "", refuse("AccessDenied")
}

// assume lets in whoever knows the external id. Who that is, the account does not ask.
func (a *Account) assume(form url.Values) (string, *refusal) {
	found := revoker.FindStringSubmatch(form.Get("RoleArn"))
	if found == nil || a.roles[found[1]] == nil || a.roles[found[1]].externalID != form.Get("ExternalId") {
		return "", refuse("AccessDenied")
	}
	key := fmt.Sprintf("ASIAREVOKER%d", len(a.sessions))
	a.sessions[key] = found[1]
	return fmt.Sprintf(`<Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>`+
		`<AssumedRoleUser><AssumedRoleId>AROA:firn-revoke</AssumedRoleId><Arn>arn:aws:sts::%s:assumed-role/x/firn-revoke</Arn></AssumedRoleUser>`, key, ID), nil
}

func (a *Account) role(mine, name string) (string, *refusal) {
	if name != mine {
		return "", refuse("AccessDenied")
	}
	r := a.roles[name]
	boundary := ""
	if r.boundary != "" {
		boundary = "<PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>" + r.boundary + "</PermissionsBoundaryArn></PermissionsBoundary>"
	}
	return fmt.Sprintf(`<Role><Path>/firn-vending/</Path><RoleName>%s</RoleName><RoleId>AROA</RoleId><Arn>%s</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>%s</Role>`, name, r.arn, boundary), nil
}

func (v version) text() string {
	n := 0
	_, _ = fmt.Sscanf(v.id, "v%d", &n)
	made := time.Date(2026, 1, 1, 0, 0, n, 0, time.UTC).Format(time.RFC3339)
	return fmt.Sprintf(`<VersionId>%s</VersionId><IsDefaultVersion>%t</IsDefaultVersion><CreateDate>%s</CreateDate>`, v.id, v.current, made)
}

func (p *policy) list() string {
	var b strings.Builder
	for _, v := range p.versions {
		b.WriteString("<member>" + v.text() + "</member>")
	}
	return "<IsTruncated>false</IsTruncated><Versions>" + b.String() + "</Versions>"
}

func (p *policy) get(id string) (string, *refusal) {
	i := p.index(id)
	if i < 0 {
		return "", refuse("NoSuchEntity")
	}
	return "<PolicyVersion><Document>" + strings.ReplaceAll(url.QueryEscape(p.versions[i].document), "+", "%20") + "</Document>" + p.versions[i].text() + "</PolicyVersion>", nil
}

func (p *policy) index(id string) int {
	return slices.IndexFunc(p.versions, func(v version) bool { return v.id == id })
}

var sids = regexp.MustCompile(`^[A-Za-z0-9]*$`)

// create holds a document against the limits and the grammar of statements' ids.
func (p *policy) create(document string, current bool) (string, *refusal) {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, document)
	var doc struct{ Statement []struct{ Sid string } }
	seen := map[string]bool{}
	switch {
	case len(p.versions) >= MaxVersions, len([]rune(letters)) > MaxPolicy:
		return "", refuse("LimitExceeded")
	case json.Unmarshal([]byte(document), &doc) != nil || len(doc.Statement) == 0:
		return "", refuse("MalformedPolicyDocument")
	}
	for _, s := range doc.Statement {
		if !sids.MatchString(s.Sid) || s.Sid != "" && seen[s.Sid] {
			return "", refuse("MalformedPolicyDocument")
		}
		seen[s.Sid] = true
	}
	p.made++
	next := version{fmt.Sprint("v", p.made), document, current}
	for i := range p.versions {
		p.versions[i].current = p.versions[i].current && !current
	}
	p.versions = append(p.versions, next)
	return "<PolicyVersion>" + next.text() + "</PolicyVersion>", nil
}

func (p *policy) remove(id string) *refusal {
	i := p.index(id)
	switch {
	case i < 0:
		return refuse("NoSuchEntity")
	case p.versions[i].current:
		return refuse("DeleteConflict")
	}
	p.versions = slices.Delete(p.versions, i, i+1)
	return nil
}
