// Package outgoing makes the one HTTP client of a server for addresses that a caller may influence (package
// outbound), and puts it into the configuration of the drivers that reach them.
//
// An endpoint that the operator's own environment or AWS configuration sets counts as listed:
// AWS_ENDPOINT_URL and its forms for S3, STS and IAM, FIRN_GCS_ENDPOINT, FIRN_GCP_STS_ENDPOINT and
// FIRN_GCP_IAM_ENDPOINT.
//
// # Why
//
// The SDKs find credentials at metadata services, where this client never goes. So it is in a copy of the
// configuration, made when the credentials were resolved: they keep the SDK's own client. What no caller
// influences keeps it too: the table, the secrets, KMS, and the identity of the server at Google and Azure.
package outgoing

import (
	"context"
	"crypto/tls"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"firn/shared/outbound"
)

// Config says what may be reached.
type Config struct {
	AWS      aws.Config                 // of the server itself, as it was loaded
	Getenv   func(name string) string   // the server's environment
	Listed   func(endpoint string) bool // reports whether the operator's policy lists scheme://host:port; nil: it lists none
	Loopback bool                       // this machine may be reached although it is not listed
}

// Client returns the client. It does no I/O.
func Client(c Config) *http.Client {
	own := outbound.Endpoints(endpoints(c)...)
	return outbound.New(outbound.Config{Loopback: c.Loopback, TLS: trust(c.AWS), Listed: func(endpoint string) bool {
		return own(endpoint) || c.Listed != nil && c.Listed(endpoint)
	}})
}

// AWS returns a copy of a configuration whose services are reached by the client, with credentials that are
// not.
func AWS(base aws.Config, client *http.Client) aws.Config {
	c := base.Copy()
	c.HTTPClient = client
	return c
}

// services are those of AWS that drivers reach for catalogs, by their SDK ids.
var services = []string{"S3", "STS", "IAM"}

// endpoints returns those of the operator's environment; some may be empty.
func endpoints(c Config) []string {
	all := []string{aws.ToString(c.AWS.BaseEndpoint)}
	for _, source := range c.AWS.ConfigSources {
		provider, ok := source.(interface {
			GetServiceBaseEndpoint(ctx context.Context, sdkID string) (string, bool, error)
		})
		if !ok {
			continue
		}
		for _, id := range services {
			if endpoint, found, err := provider.GetServiceBaseEndpoint(context.Background(), id); err == nil && found {
				all = append(all, endpoint)
			}
		}
	}
	for _, name := range []string{"FIRN_GCS_ENDPOINT", "FIRN_GCP_STS_ENDPOINT", "FIRN_GCP_IAM_ENDPOINT"} {
		all = append(all, c.Getenv(name))
	}
	return all
}

// trust returns the certificates that the SDK was configured with (AWS_CA_BUNDLE); nil: those of the machine.
func trust(base aws.Config) *tls.Config {
	if client, ok := base.HTTPClient.(*awshttp.BuildableClient); ok {
		return client.GetTransport().TLSClientConfig
	}
	return nil
}
