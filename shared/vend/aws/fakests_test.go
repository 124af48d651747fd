package aws

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/vendtest"
	"firn/shared/vend/vendtest/iamtest"
)

var testNow = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// fakeSTS answers AssumeRole within STS's documented limits, and enforces the session policies that it was sent in front
// of an imagined store.
type fakeSTS struct {
	*httptest.Server
	mu       sync.Mutex
	policies map[string]*iamtest.Policy // by session token
	requests []url.Values
	full     string // an element of the answers that says how full they are
	answer   func(w http.ResponseWriter) (done bool)
}

func newFakeSTS(t *testing.T) *fakeSTS {
	f := &fakeSTS{policies: map[string]*iamtest.Policy{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

var (
	stsSession  = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)
	stsExternal = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
	stsTag      = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)
	stsRole     = regexp.MustCompile(`^arn:[a-z0-9-]+:iam::\d{12}:role/[\w+=,.@/-]+$`)
)

// signedAs is the field under which a request's Authorization header is kept.
const signedAs = "(signed as)"

// asked gives the requests so far.
func (f *fakeSTS) asked() []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// ServeHTTP is the AssumeRole of the STS API reference.
func (f *fakeSTS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.PostForm.Set(signedAs, r.Header.Get("Authorization"))
	f.requests = append(f.requests, r.PostForm)
	if f.answer != nil && f.answer(w) {
		return
	}
	duration, err := strconv.Atoi(r.PostForm.Get("DurationSeconds"))
	external := r.PostForm.Get("ExternalId")
	if err != nil || duration < 900 || duration > 43_200 || !stsSession.MatchString(r.PostForm.Get("RoleSessionName")) ||
		!stsRole.MatchString(r.PostForm.Get("RoleArn")) || external != "" && !stsExternal.MatchString(external) ||
		len(r.PostForm.Get("Policy")) > 2048 {
		stsError(w, http.StatusBadRequest, "ValidationError")
		return
	}
	if source := r.PostForm.Get("SourceIdentity"); source != "" && !stsSession.MatchString(source) || !goodTags(r.PostForm) {
		stsError(w, http.StatusBadRequest, "ValidationError")
		return
	}
	policy, err := iamtest.Parse(iamtest.AWS, r.PostForm.Get("Policy"))
	if err != nil {
		stsError(w, http.StatusBadRequest, "MalformedPolicyDocument")
		return
	}
	token := fmt.Sprintf("token-%d", len(f.requests))
	f.policies[token] = policy
	stsAnswer(w, f.full, token, testNow.Add(time.Duration(duration)*time.Second).Format(time.RFC3339))
}

// goodTags says whether tags are within the bounds of the API reference.
func goodTags(form url.Values) bool {
	for i := 1; form.Has(fmt.Sprintf("Tags.member.%d.Key", i)); i++ {
		key, value := form.Get(fmt.Sprintf("Tags.member.%d.Key", i)), form.Get(fmt.Sprintf("Tags.member.%d.Value", i))
		if key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 256 || !stsTag.MatchString(key) || !stsTag.MatchString(value) {
			return false
		}
	}
	return true
}

func stsAnswer(w http.ResponseWriter, full, token, expiration string) {
	fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIATEST</AccessKeyId>`+
		`<SecretAccessKey>wJalr+secret</SecretAccessKey><SessionToken>%s</SessionToken><Expiration>%s</Expiration></Credentials>`+
		`%s</AssumeRoleResult></AssumeRoleResponse>`, token, expiration, full)
}

func stsError(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>%s</Code>`+
		`<Message>User: arn:aws:sts::111122223333:assumed-role/firn is not welcome</Message></Error><RequestId>r1</RequestId></ErrorResponse>`, code)
}

// try decides an attempt as S3 does: by the actions that each call needs.
func (f *fakeSTS) try(t *testing.T, cred vend.Credential, a vendtest.Attempt) []string {
	t.Helper()
	f.mu.Lock()
	policy, ok := f.policies[cred.S3.SessionToken.Reveal()]
	f.mu.Unlock()
	if !ok {
		t.Fatal("credential was not minted here")
	}
	bucket := "arn:aws:s3:::" + a.Bucket
	may := func(action, key string) bool { return allows(policy, action, bucket+"/"+key, nil) }
	allowed := false
	switch a.Verb {
	case vendtest.Get:
		allowed = may("s3:GetObject", a.Key)
	case vendtest.Put:
		allowed = may("s3:PutObject", a.Key)
	case vendtest.Remove:
		allowed = may("s3:DeleteObject", a.Key)
	case vendtest.Copy:
		allowed = may("s3:GetObject", a.From) && may("s3:PutObject", a.Key)
	case vendtest.List:
		allowed = allows(policy, "s3:ListBucket", bucket, map[string][]string{"s3:prefix": {a.Key}})
	case vendtest.RemoveMany:
		return slices.DeleteFunc(slices.Clone(a.Keys), func(key string) bool { return may("s3:DeleteObject", key) })
	}
	if allowed {
		return nil
	}
	return []string{a.Key}
}

// allows decides by a session policy alone: the role may do everything.
func allows(session *iamtest.Policy, action, resource string, context map[string][]string) bool {
	return iamtest.Evaluate(iamtest.Request{Action: action, Resource: resource, Context: context},
		iamtest.Policies{Identity: []*iamtest.Policy{iamtest.Everything()}, Session: []*iamtest.Policy{session}}) == iamtest.Allow
}

// named are credentials for storage with a storageName.
func named(name string) aws.CredentialsProvider {
	switch name {
	case "gone":
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{}, fault.New(fault.Invalid, "gone")
		})
	case "away":
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("away") })
	case "lab":
		return credentials.NewStaticCredentialsProvider("AKIALAB", "lab-secret", "")
	}
	return nil
}

// vendor asks the fake without retries.
func (f *fakeSTS) vendor(t *testing.T) *Vendor {
	t.Helper()
	v, err := New(Config{
		Base: aws.Config{
			Region:      "eu-central-1",
			Credentials: credentials.NewStaticCredentialsProvider("AKIABASE", "base-secret", ""),
			Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		},
		Named: named,
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (f *fakeSTS) storage() *lake.Storage {
	return &lake.Storage{Type: lake.S3, Profile: lake.ProfileAWS, RoleARN: "arn:aws:iam::111122223333:role/lake", ExternalID: "tenant-1", Region: "eu-west-1", STSEndpoint: f.URL}
}
