//go:build cdk

package main

import (
	"bytes"
	"fmt"
	"strconv"

	"firn/shared/fault"
	"firn/shared/rest"
)

// refused are what the gateway refuses, or cannot carry, by itself, in the words that the server has for it. No route of
// the API needs AWS's own signatures, so whatever the gateway says about them means that there is no such route. Where a
// function may have been called the answer is a 5xx: an engine must take a commit that it ends for one whose outcome is
// not known.
var refused = map[string]fault.Kind{
	"ACCESS_DENIED":                fault.Forbidden,
	"API_CONFIGURATION_ERROR":      fault.Internal,
	"BAD_REQUEST_BODY":             fault.Malformed,
	"BAD_REQUEST_PARAMETERS":       fault.Malformed,
	"DEFAULT_4XX":                  fault.Malformed,
	"DEFAULT_5XX":                  fault.Internal,
	"EXPIRED_TOKEN":                fault.NoRoute,
	"INTEGRATION_FAILURE":          fault.Timeout,
	"INTEGRATION_TIMEOUT":          fault.Timeout,
	"INVALID_SIGNATURE":            fault.NoRoute,
	"MISSING_AUTHENTICATION_TOKEN": fault.NoRoute,
	"QUOTA_EXCEEDED":               fault.Throttled,
	"REQUEST_TOO_LARGE":            fault.TooLarge,
	"RESOURCE_NOT_FOUND":           fault.NoRoute,
	"THROTTLED":                    fault.Throttled,
	"UNSUPPORTED_MEDIA_TYPE":       fault.UnsupportedMedia,
	"WAF_FILTERED":                 fault.Forbidden,
}

// retryAfter tells a throttled client when to come back, in seconds.
const retryAfter = 1

// words is the body in which the server tells an error of a kind.
func words(kind fault.Kind) string {
	return string(bytes.Join(rest.Vocabulary{}.Envelope(fault.New(kind, "")).Body, nil))
}

// refusals spells them as API Gateway's extension of OpenAPI, in the envelope of Iceberg and Polaris.
func refusals() map[string]any {
	out := map[string]any{}
	for name, kind := range refused {
		answer := map[string]any{
			"statusCode":        strconv.Itoa(rest.Vocabulary{}.Envelope(fault.New(kind, "")).Status),
			"responseTemplates": map[string]any{"application/json": words(kind)},
		}
		if kind == fault.Throttled {
			answer["responseParameters"] = map[string]any{"gatewayresponse.header.Retry-After": fmt.Sprintf("'%d'", retryAfter)}
		}
		out[name] = answer
	}
	return out
}
