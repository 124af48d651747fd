//go:build cdk

package main

import (
	"fmt"
	"strconv"
)

// refusal is how the gateway tells what it refuses, or cannot carry, by itself.
type refusal struct {
	status int
	kind   string // the Java exception that clients know it by, as rest's vocabulary has it
	text   string
}

// refused are the gateway's own answers in the envelope of Iceberg and Polaris. No route of the API needs AWS's own
// signatures, so whatever is said about them means that there is no such route. After a function was called a failure is a 5xx: an
// engine must take a commit that it ends for one whose outcome is not known.
var refused = map[string]refusal{
	"ACCESS_DENIED":                {403, "ForbiddenException", "Forbidden"},
	"API_CONFIGURATION_ERROR":      {500, "ServiceFailureException", "Internal error."},
	"BAD_REQUEST_BODY":             {400, "BadRequestException", "Malformed request"},
	"BAD_REQUEST_PARAMETERS":       {400, "BadRequestException", "Malformed request"},
	"DEFAULT_4XX":                  {400, "BadRequestException", "Malformed request"},
	"DEFAULT_5XX":                  {500, "ServiceFailureException", "Internal error."},
	"EXPIRED_TOKEN":                {404, "NotFoundException", noRoute},
	"INTEGRATION_FAILURE":          {504, "ServiceUnavailableException", "The server did not answer"},
	"INTEGRATION_TIMEOUT":          {504, "ServiceUnavailableException", "The server did not answer in time"},
	"INVALID_SIGNATURE":            {404, "NotFoundException", noRoute},
	"MISSING_AUTHENTICATION_TOKEN": {404, "NotFoundException", noRoute},
	"QUOTA_EXCEEDED":               {429, "TooManyRequestsException", "Rate exceeded"},
	"REQUEST_TOO_LARGE":            {413, "BadRequestException", "Too large"},
	"RESOURCE_NOT_FOUND":           {404, "NotFoundException", noRoute},
	"THROTTLED":                    {429, "TooManyRequestsException", "Rate exceeded"},
	"UNSUPPORTED_MEDIA_TYPE":       {415, "NotSupportedException", "Unsupported media type"},
	"WAF_FILTERED":                 {403, "ForbiddenException", "Forbidden"},
}

const noRoute = "Unable to find matching target resource method"

// retryAfter tells a throttled client when to come back, in seconds.
const retryAfter = 1

// refusals spells them as API Gateway's extension of OpenAPI.
func refusals() map[string]any {
	out := map[string]any{}
	for name, r := range refused {
		answer := map[string]any{
			"statusCode": strconv.Itoa(r.status),
			"responseTemplates": map[string]any{
				"application/json": fmt.Sprintf(`{"error":{"message":%q,"type":%q,"code":%d}}`, r.text, r.kind, r.status),
			},
		}
		if r.status == 429 {
			answer["responseParameters"] = map[string]any{"gatewayresponse.header.Retry-After": fmt.Sprintf("'%d'", retryAfter)}
		}
		out[name] = answer
	}
	return out
}
