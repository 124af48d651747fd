// Package function is what every Lambda function of firn begins with: it reads the environment, makes the clients while
// the function is initialised, joins the parts that its main names, and serves events.
//
// It refuses to start on an environment that is incomplete: a function that cannot work must fail while it is deployed,
// not while it is asked.
//
// # Why
//
// Each main passes constructors instead of naming features, so the linker leaves out what a function does not serve, and
// its role can leave out the rights. Nothing runs between requests: a function stands still then.
package function

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"firn/shared/app/base"
	"firn/shared/app/outgoing"
	"firn/shared/kv/dynamo"
	"firn/shared/lake"
	"firn/shared/rest"
	"firn/shared/storagepolicy"
	"firn/shared/store"
	"firn/shared/token"
)

// Env is a function's environment, read and made ready.
type Env struct {
	base.Base
	AWS    aws.Config
	Secret string // ARN of the secret that signs; empty where the function does not
	// Getenv reads the settings of what not every function has (package gcp).
	Getenv func(string) string
	// AzureClient is the client id of the application as which Azure knows the function; empty: it does not.
	AzureClient string
	// SharedKey is the ARN of the KMS key under which instances share the credentials that they mint; empty: they do not.
	SharedKey string
	// StorageSecrets begins the names of the secrets that catalogs may name (package storagekeys); empty: none.
	StorageSecrets string
	// Client reaches addresses that a caller may influence (package outgoing).
	Client *http.Client
	ring   *token.Ring
}

// Keys says where a function reads the keys of tokens.
type Keys func(*Env) func(context.Context) (*token.Keys, error)

// Published are the keys that anyone who verifies may read, from the table.
func Published(e *Env) func(context.Context) (*token.Keys, error) {
	return func(ctx context.Context) (*token.Keys, error) {
		jwks, err := e.Store.PublishedKeys(ctx)
		if err != nil {
			return nil, err
		}
		return token.ParseJWKS(jwks)
	}
}

// maxAnswer is how large a table's metadata may become, packed for clients that take it so: what the gateway carries, 6 MB as
// text within JSON, less what quoting or base64 (a third) and the rest of the answer add.
const maxAnswer = 4 << 20

// open reads the environment. Reading the keys warms the client of the table (or of the secret) while the function is
// initialised, when it has a whole processor and no one waits.
func open(ctx context.Context, getenv func(string) string, keys Keys) (*Env, error) {
	s := settings{getenv: getenv}
	e := &Env{Getenv: getenv, Secret: getenv("FIRN_SIGNING_SECRET"), SharedKey: getenv("FIRN_SHARED_CREDENTIALS_KEY"), StorageSecrets: getenv("FIRN_STORAGE_SECRETS"), AzureClient: getenv("FIRN_AZURE_CLIENT_ID")}
	table := s.text("FIRN_TABLE", "")
	e.Log = slog.New(rest.LogHandler(slog.NewJSONHandler(os.Stderr, nil)))
	e.Now = time.Now
	for name := range strings.SplitSeq(s.text("FIRN_REALMS", "POLARIS"), ",") {
		e.Realms = append(e.Realms, lake.Realm(strings.TrimSpace(name)))
	}
	e.MaxBody = s.number("FIRN_MAX_BODY")
	e.MaxAnswer = maxAnswer
	e.UniqueLocations = s.flag("FIRN_UNIQUE_LOCATIONS", true)
	e.CredentialDuration = s.duration("FIRN_CREDENTIAL_DURATION", time.Hour)
	if e.MaxSession = s.duration("FIRN_MAX_SESSION", 0); e.MaxSession != 0 && e.MaxSession < time.Minute {
		s.wrong = append(s.wrong, errors.New("FIRN_MAX_SESSION must be 0 or at least 1m"))
	}
	if limit := s.number("AWS_LAMBDA_FUNCTION_MEMORY_SIZE") << 20; limit > 0 {
		e.Memory = base.Divide(limit)
		if getenv("GOMEMLIMIT") == "" {
			debug.SetMemoryLimit(limit * 9 / 10)
		}
	}
	e.Probe = s.flag("FIRN_PROBE", true)
	e.StoragePolicy = s.policy("FIRN_STORAGE_POLICY", e.Realms)
	e.RequireRotation = s.flag("FIRN_REQUIRE_ROTATION", false)
	e.AllowOverlappingCatalogs = s.flag("FIRN_ALLOW_OVERLAPPING_CATALOGS", false)
	var err error
	if e.AWS, err = config.LoadDefaultConfig(ctx); err != nil {
		s.wrong = append(s.wrong, fmt.Errorf("read the AWS configuration: %w", err))
	}
	if len(s.wrong) > 0 {
		return nil, errors.Join(s.wrong...)
	}
	e.Client = outgoing.Client(outgoing.Config{AWS: e.AWS, Getenv: getenv, Listed: e.StoragePolicy.Lists})
	e.Store = store.New(store.Config{Driver: dynamo.New(dynamo.Config{Client: dynamodb.NewFromConfig(e.AWS), Table: table}), Now: e.Now,
		Realms: e.Realms, Overlap: base.LogOverlap(e.Log), Memory: e.Memory.Store})
	if e.ring, err = token.NewRing(ctx, e.Now(), keys(e)); err != nil {
		return nil, err
	}
	e.Base.Keys = e.ring
	return e, nil
}

// policy reads a storage policy, which the variable holds whole. One that cannot be read, or that has rules for a realm which
// the function does not serve, is wrong.
func (s *settings) policy(name string, realms []lake.Realm) *storagepolicy.Policy {
	p, err := storagepolicy.Parse([]byte(s.getenv(name)))
	if err != nil {
		s.wrong = append(s.wrong, fmt.Errorf("%s: %w", name, err))
	}
	for _, realm := range p.Realms() {
		if !slices.Contains(realms, lake.Realm(realm)) {
			s.wrong = append(s.wrong, fmt.Errorf("%s: the function serves no realm %q", name, realm))
		}
	}
	return p
}

// settings reads variables and gathers what is wrong with them.
type settings struct {
	getenv func(string) string
	wrong  []error
}

// text gives a variable; without a default it is needed.
func (s *settings) text(name, otherwise string) string {
	v := s.getenv(name)
	if v == "" {
		v = otherwise
	}
	if v == "" {
		s.wrong = append(s.wrong, fmt.Errorf("%s is needed", name))
	}
	return v
}

func (s *settings) flag(name string, otherwise bool) bool {
	v, err := strconv.ParseBool(s.text(name, strconv.FormatBool(otherwise)))
	if err != nil {
		s.wrong = append(s.wrong, fmt.Errorf("%s must be true or false", name))
	}
	return v
}

// duration gives a duration, such as 15m.
func (s *settings) duration(name string, otherwise time.Duration) time.Duration {
	v, err := time.ParseDuration(s.text(name, otherwise.String()))
	if err != nil {
		s.wrong = append(s.wrong, fmt.Errorf("%s must be a duration, such as 15m", name))
	}
	return v
}

// number gives a number of at least 1, or 0 where the variable is not set.
func (s *settings) number(name string) int64 {
	v, err := strconv.ParseInt(s.text(name, "0"), 10, 64)
	if err != nil || v < 0 {
		s.wrong = append(s.wrong, fmt.Errorf("%s must be a whole number", name))
	}
	return v
}
