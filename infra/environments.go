//go:build cdk

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"firn/shared/storagepolicy"
)

// Environment is one deployment of firn. Zero values are what a first try needs; options are off.
type Environment struct {
	Name    string
	Account string // empty: that of the credentials which deploy
	Region  string // empty: likewise

	// Settings of the server, as the flags of `firn serve`.
	Realms                   []string // the first is the default
	RequireRotation          bool     // a principal must rotate its first credentials
	AllowOverlappingCatalogs bool
	SharedLocations          bool // server-made folders have no unique leaf
	NoProbes                 bool // storage of new catalogs is not tried before keys to it are handed out
	MaxBody                  int  // bytes of a request; 0: the server's default
	CredentialMinutes        int  // how long vended credentials live, 15 to 60 (a role that assumes a role gets no longer); 0: an hour
	// StoragePolicy says which storage, and whose authority over it, catalogs may use: the text of a policy, in YAML (README,
	// "Whose authority over storage"). Empty: roles of AWS, and nothing else.
	StoragePolicy string
	SessionHours  int // after a login, until its access tokens cannot be exchanged any more; 0: for ever
	// SharedCredentials lets the functions' instances share the keys that they mint, in the table, encrypted under a KMS key of
	// their own. It spares STS where many instances come and go, and costs a read for each scope that is cold in one.
	SharedCredentials bool
	// NamedStorage lets catalogs name credentials of their storage (storageName NAME): the secret firn-ENVIRONMENT/storage/NAME.
	NamedStorage bool
	// AzureClient is the client id of the application as which Azure knows the functions (README, "Storage in Azure"); empty: no keys
	// for ADLS Gen2.
	AzureClient string
	// GoogleProvider is the full resource name of the workload identity provider by which Google takes AWS's word for the functions,
	// and GoogleAccount the service account that they then act as (README, "Storage in Google Cloud"); empty: no keys for GCS, and
	// nobody but the role itself.
	GoogleProvider, GoogleAccount string

	// Durability. Keep leaves table, secret and key in the account when the stack is deleted, and protects them and the stack
	// from deletion.
	Keep         bool
	RotationDays int  // between two rotations of the signing key; 0: it is rotated by hand
	OwnKey       bool // table and secret are encrypted with a KMS key of this account's, not with AWS's own

	// Accounts whose vending roles (role/firn-vending/*) may be assumed. Empty: those of this account alone.
	StorageAccounts []string

	// Capacity. TokenConcurrency keeps a storm of logins from taking the account's whole concurrency, and the logins from being
	// starved by others; 0 where the account has no concurrency to reserve (a new one has 10).
	TokenConcurrency int
	Throttles        map[class]throttle

	// Watching.
	LogDays    int    // how long logs are kept: one of the periods that CloudWatch knows
	AlarmTopic string // ARN of an SNS topic that is told of alarms; empty: nobody is
	Trace      bool   // X-Ray, in the gateway and the functions
	// GatewayLogs gives API Gateway the right to write logs. It is one setting for an account and a Region: one environment sets it.
	GatewayLogs bool

	// Front doors.
	Domain       Domain
	Firewall     Firewall
	FunctionURLs bool // each function gets a URL of its own too: cheaper than the gateway, without its throttles and its firewall
}

// Domain is a name of one's own for the API. Its DNS record is to be pointed at the output DomainTarget.
type Domain struct {
	Name        string // empty: none
	Certificate string // ARN, in the same Region
}

// Firewall limits how often one address may ask, in five minutes; 0: no firewall. A whole cluster may have one address (NAT), so the
// limits are for a cluster: each of its workers logs in by itself when a job begins.
type Firewall struct {
	Requests int
	Tokens   int // of those, requests for tokens
}

// throttle is a token bucket: requests a second, and how many at once.
type throttle struct{ Rate, Burst float64 }

// environments are all there are.
var environments = map[string]Environment{
	// For trying out: nothing is kept, little is allowed, nobody is woken.
	"dev": {
		Realms: []string{"POLARIS"}, RotationDays: 30, LogDays: 7, GatewayLogs: true,
		Throttles: map[class]throttle{logins: {20, 40}, reads: {100, 200}, writes: {50, 100}, refreshes: {100, 200}},
	},
	// As prod, smaller, and it may be thrown away.
	"staging": {
		Realms: []string{"POLARIS"}, RequireRotation: true, RotationDays: 30, LogDays: 30, GatewayLogs: true, Trace: true,
		TokenConcurrency: 20,
		Throttles:        map[class]throttle{logins: {50, 100}, reads: {500, 1000}, writes: {100, 200}, refreshes: {300, 600}},
	},
	// STS answers 600 requests a second in an account and Region: more refreshes than that could not be served.
	"prod": {
		Realms: []string{"POLARIS"}, RequireRotation: true, RotationDays: 30, LogDays: 365, GatewayLogs: true, Trace: true,
		Keep: true, OwnKey: true, TokenConcurrency: 50,
		Throttles: map[class]throttle{logins: {100, 200}, reads: {2000, 4000}, writes: {300, 600}, refreshes: {600, 1200}},
		Firewall:  Firewall{Requests: 100_000, Tokens: 5_000},
	},
}

func environment(name string) (Environment, error) {
	e, ok := environments[name]
	if !ok {
		known := slices.Sorted(maps.Keys(environments))
		return e, fmt.Errorf("-c env=%s: the environments are %s", name, strings.Join(known, ", "))
	}
	e.Name = name
	return e, e.check()
}

// check refuses what would only fail after half a deployment.
func (e Environment) check() error {
	for _, c := range classes {
		if t := e.Throttles[c]; t.Rate <= 0 || t.Burst < t.Rate {
			return fmt.Errorf("environment %s: the throttle of %s needs a rate, and a burst of at least the rate", e.Name, c)
		}
	}
	switch {
	case len(e.Realms) == 0 || slices.Contains(e.Realms, ""):
		return fmt.Errorf("environment %s: a realm is needed", e.Name)
	case (e.Domain.Name == "") != (e.Domain.Certificate == ""):
		return fmt.Errorf("environment %s: a domain needs a name and a certificate", e.Name)
	case e.Firewall.Tokens > e.Firewall.Requests || e.Firewall.Requests > 0 && e.Firewall.Tokens < 10:
		return fmt.Errorf("environment %s: a firewall needs limits of at least 10, and no more tokens than requests", e.Name)
	case e.CredentialMinutes != 0 && (e.CredentialMinutes < 15 || e.CredentialMinutes > 60):
		return fmt.Errorf("environment %s: vended credentials live 15 to 60 minutes", e.Name)
	case e.SessionHours < 0:
		return fmt.Errorf("environment %s: a session lasts an hour at least, or for ever", e.Name)
	case retention(e.LogDays) == "":
		return fmt.Errorf("environment %s: CloudWatch keeps no logs for %d days", e.Name, e.LogDays)
	}
	return e.checkPolicy()
}

// maxPolicy bounds a storage policy, in bytes: Lambda takes 4 KB for all variables of a function together.
const maxPolicy = 3 << 10

// checkPolicy refuses a policy with which no function would start.
func (e Environment) checkPolicy() error {
	if len(e.StoragePolicy) > maxPolicy {
		return fmt.Errorf("environment %s: the storage policy has %d bytes; a function takes %d", e.Name, len(e.StoragePolicy), maxPolicy)
	}
	p, err := storagepolicy.Parse([]byte(e.StoragePolicy))
	if err != nil {
		return fmt.Errorf("environment %s: %w", e.Name, err)
	}
	for _, realm := range p.Realms() {
		if !slices.Contains(e.Realms, realm) {
			return fmt.Errorf("environment %s: the storage policy has rules for the realm %q, which is not among its realms", e.Name, realm)
		}
	}
	return nil
}
