package rest

import "firn/shared/fault"

// common is what every dialect says unless its vocabulary has a word of its own: the status of each kind, and Polaris's
// types and texts (recorded, and Iceberg REST's ErrorModel examples).
var common = Vocabulary{
	{Kind: fault.Internal}:         {Status: 500, Type: "ServiceFailureException", Text: "Internal error."},
	{Kind: fault.Malformed}:        {Status: 400, Type: "BadRequestException", Text: "Malformed request"},
	{Kind: fault.Argument}:         {Status: 400, Type: "IllegalArgumentException", Text: "Invalid {noun}: {name}"},
	{Kind: fault.Invalid}:          {Status: 400, Type: "ValidationException", Text: "Invalid {noun}: {name}"},
	{Kind: fault.Unauthenticated}:  {Status: 401, Type: "NotAuthorizedException", Text: "Not authorized", Silent: true},
	{Kind: fault.Forbidden}:        {Status: 403, Type: "ForbiddenException", Text: "Forbidden"},
	{Kind: fault.NotFound}:         {Status: 404, Type: "NotFoundException", Text: "{Noun} does not exist: {name}"},
	{Kind: fault.NoRoute}:          {Status: 404, Type: "NotFoundException", Text: "Unable to find matching target resource method"},
	{Kind: fault.MethodNotAllowed}: {Status: 405, Type: "NotAllowedException", Text: "HTTP 405 Method Not Allowed"},
	{Kind: fault.NotAcceptable}:    {Status: 406, Type: "NotAcceptableException", Text: "Not acceptable"},
	{Kind: fault.Unsupported}:      {Status: 406, Type: "UnsupportedOperationException", Text: "Not supported"},
	{Kind: fault.Exists}:           {Status: 409, Type: "AlreadyExistsException", Text: "{Noun} already exists: {name}"},
	{Kind: fault.Conflict}:         {Status: 409, Type: "CommitConflictException", Text: "Concurrent modification of {noun}: {name}"},
	{Kind: fault.CommitFailed}:     {Status: 409, Type: "CommitFailedException", Text: "Commit failed: {name}"},
	{Kind: fault.NotEmpty}:         {Status: 409, Type: "NamespaceNotEmptyException", Text: "{Noun} {name} is not empty"},
	{Kind: fault.TooLarge}:         {Status: 413, Type: "BadRequestException", Text: "Too large"},
	{Kind: fault.UnsupportedMedia}: {Status: 415, Type: "NotSupportedException", Text: "Unsupported media type"},
	{Kind: fault.Unprocessable}:    {Status: 422, Type: "UnprocessableEntityException", Text: "Unprocessable"},
	{Kind: fault.Throttled}:        {Status: 429, Type: "TooManyRequestsException", Text: "Rate exceeded"},
	{Kind: fault.HeaderTooLarge}:   {Status: 431, Type: "BadRequestException", Text: "Headers too large", Silent: true},
	{Kind: fault.StateUnknown}:     {Status: 500, Type: "CommitStateUnknownException", Text: "The outcome of the change is not known"},
	{Kind: fault.Unavailable}:      {Status: 503, Type: "ServiceUnavailableException", Text: "Service unavailable"},
	{Kind: fault.Timeout}:          {Status: 504, Type: "ServiceUnavailableException", Text: "A dependency did not answer in time"},

	{fault.HeaderTooLarge, RequestTarget}: {Status: 414},
	{fault.Malformed, RequestBody}:        {Type: "WebApplicationException"},
	{fault.TooLarge, RequestBody}:         {Silent: true},

	{fault.NotFound, fault.Realm}:        {Type: "MissingOrInvalidRealm", Text: "Missing or invalid realm"},
	{fault.NotFound, fault.Warehouse}:    {Text: "Unable to find warehouse {name}"},
	{fault.NotFound, fault.Namespace}:    {Type: "NoSuchNamespaceException"},
	{fault.NotFound, fault.Table}:        {Type: "NoSuchTableException"},
	{fault.NotFound, fault.View}:         {Type: "NoSuchViewException"},
	{fault.NotFound, fault.GenericTable}: {Type: "NoSuchTableException"},
	{fault.NotFound, fault.Function}:     {Type: "NoSuchFunctionException"},
	{fault.NotFound, fault.Policy}:       {Type: "NoSuchPolicyException"},
	{fault.Exists, fault.Namespace}:      {Text: "Cannot create namespace {name}. Namespace already exists"},
	{fault.NotEmpty, fault.Catalog}:      {Status: 400, Type: "BadRequestException", Text: "Catalog '{name}' cannot be dropped, it is not empty"},
}
