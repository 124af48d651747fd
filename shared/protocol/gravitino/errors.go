package gravitino

import (
	"net/http"

	"firn/shared/fault"
	"firn/shared/rest"
)

// refusal is ErrorModel of the API. Clients tell errors apart by both code and type.
type refusal struct {
	Code    int    `json:"code"`
	Type    string `json:"type"`
	Message string `json:"message"`
}

// The numbers of errors (Gravitino, ErrorConstants).
const (
	restError        = 1000
	illegalArguments = 1001
	internalError    = 1002
	notFound         = 1003
	unsupported      = 1006
	connectionFailed = 1007
	forbidden        = 1008
	unauthorized     = 1011
	unknown          = 1100
)

// numbers are those of the kinds; any other is an internal error.
var numbers = map[fault.Kind]int{
	fault.Malformed: restError, fault.NotAcceptable: restError, fault.HeaderTooLarge: restError,
	fault.Argument: illegalArguments, fault.Invalid: illegalArguments,
	fault.Unauthenticated: unauthorized, fault.Forbidden: forbidden,
	fault.NotFound: notFound, fault.NoRoute: notFound,
	fault.MethodNotAllowed: unsupported, fault.Unsupported: unsupported,
	fault.Unavailable: connectionFailed, fault.Timeout: connectionFailed, fault.Throttled: unknown,
}

// vocabulary holds the words of this dialect: types are simple names of Gravitino's exceptions, or of Java's.
var vocabulary = rest.Vocabulary{
	{Kind: fault.Internal}:         {Type: "RuntimeException"},
	{Kind: fault.Malformed}:        {Type: "RESTException"},
	{Kind: fault.NotAcceptable}:    {Type: "RESTException"},
	{Kind: fault.HeaderTooLarge}:   {Type: "RESTException"},
	{Kind: fault.Throttled}:        {Type: "RESTException"},
	{Kind: fault.Invalid}:          {Type: "IllegalArgumentException"},
	{Kind: fault.Unauthenticated}:  {Type: "UnauthorizedException"},
	{Kind: fault.NoRoute}:          {Type: "NotFoundException"},
	{Kind: fault.MethodNotAllowed}: {Type: "UnsupportedOperationException"},
	{Kind: fault.Unsupported}:      {Status: http.StatusMethodNotAllowed},
	{Kind: fault.Unavailable}:      {Type: "ConnectionFailedException"},
	{Kind: fault.Timeout}:          {Type: "ConnectionFailedException"},

	{Kind: fault.NotFound, Noun: metalake}:      {Type: "NoSuchMetalakeException"},
	{Kind: fault.NotFound, Noun: fault.Realm}:   {Type: "NoSuchMetalakeException"},
	{Kind: fault.NotFound, Noun: fault.Catalog}: {Type: "NoSuchCatalogException"},
	{Kind: fault.NotFound, Noun: fileset}:       {Type: "NoSuchFilesetException"},
}

// tell is the dialect.
func tell(e *fault.Error) rest.Answer {
	w := vocabulary.Word(e)
	number := numbers[e.Kind]
	if number == 0 {
		number = internalError
	}
	a, err := rest.JSON(w.Status, refusal{number, w.Type, w.Text})
	if err != nil {
		return rest.Empty(http.StatusInternalServerError)
	}
	if w.Status == http.StatusUnauthorized {
		a = a.With("WWW-Authenticate", "Bearer")
	}
	a.Type = media
	return a
}
