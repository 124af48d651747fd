// Package gravitino speaks the part of Apache Gravitino's REST API by which clients get storage credentials:
// GET /api/metalakes/{metalake}/objects/{type}/{fullName}/credentials (Gravitino's open-api/credentials.yaml).
//
// It translates and decides nothing: keys come from the use-case of package catalog. A metalake is a realm, a catalog a
// catalog, a schema a namespace. It refuses object types that no key can be for, and kinds of keys beside s3-token, gcs-token
// and adls-token: one that a client does not know fails its whole call.
//
// # Why
//
// A table answers as TABLE and as FILESET: Gravitino's own clients ask for credentials of filesets and catalogs alone. The keys
// write if the caller's grants allow it, as Gravitino decides it; there is no way to ask for less.
//
// A catalog that is there answers with no credentials: firn has no key over a whole catalog, whatever anyone's grants are, and
// an empty list is how this API says that there is none for an object. So does a table in storage that has no keys.
//
// Other types of objects are refused as an unsupported operation (405, 1006). Gravitino answers 500 to them, for want of a
// mapping; that would tell operators of a fault, and clients to come again.
//
// Names are joined by dots, and the API has no escape: more than three parts name a table in a nested namespace, and what has
// a dot in its own name cannot be named here.
package gravitino

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/rest"
)

const base = "/api/metalakes"

// media is the type that clients ask for and that answers have.
const media = "application/vnd.gravitino.v1+json"

// Protocol gives the routes of the dialect over the use-cases.
func Protocol(s *catalog.Service) rest.Protocol {
	h := &handlers{s}
	return rest.Protocol{Name: "gravitino", Base: base, Dialect: tell, Media: media, Routes: []rest.Route{
		{Method: http.MethodGet, Pattern: base + "/{metalake}/objects/{metadataObjectType}/{metadataObjectFullName}/credentials",
			Operation: "getCredentials", Function: rest.Credentials, Handler: h.credentials},
	}}
}

// handlers hold the use-cases.
type handlers struct{ catalog *catalog.Service }

// The nouns of this dialect's own.
const (
	metalake fault.Noun = "metalake"
	fileset  fault.Noun = "fileset"
)

// keyless are the types of the API's objects that no key is for (MetadataObject.Type).
var keyless = map[string]bool{"METALAKE": true, "SCHEMA": true, "VIEW": true, "COLUMN": true, "TOPIC": true, "MODEL": true, "FUNCTION": true, "ROLE": true}

func (h *handlers) credentials(ctx context.Context, c *rest.Call) (rest.Answer, error) {
	if name := c.Path("metalake"); name != string(c.Caller.Realm) {
		return rest.Answer{}, fault.Missing(metalake, name)
	}
	kind, name := strings.ToUpper(c.Path("metadataObjectType")), c.Path("metadataObjectFullName")
	switch {
	case kind == "CATALOG":
		return h.ofCatalog(ctx, c, name)
	case kind == "TABLE":
		return h.ofTable(ctx, c, name, fault.Table)
	case kind == "FILESET":
		return h.ofTable(ctx, c, name, fileset)
	case keyless[kind]:
		return rest.Answer{}, fault.New(fault.Unsupported, "Credentials are not supported for metadata objects of type %s", kind)
	}
	return rest.Answer{}, fault.New(fault.Argument, "Unknown type of metadata object: %s", c.Path("metadataObjectType"))
}

// ofCatalog answers that there is no credential for a catalog.
func (h *handlers) ofCatalog(ctx context.Context, c *rest.Call, name string) (rest.Answer, error) {
	if strings.Contains(name, ".") {
		return rest.Answer{}, fault.New(fault.Argument, "The full name of a catalog has one part: %s", name)
	}
	_, err := h.catalog.Configuration(ctx, c.Caller, name)
	if fault.Is(err, fault.NotFound) {
		return rest.Answer{}, fault.Missing(fault.Catalog, name)
	}
	if err != nil {
		return rest.Answer{}, err
	}
	return answer(nil)
}

// ofTable vends for a table. noun is what the client takes it for.
func (h *handlers) ofTable(ctx context.Context, c *rest.Call, name string, noun fault.Noun) (rest.Answer, error) {
	parts := strings.Split(name, ".")
	if len(parts) < 3 {
		return rest.Answer{}, fault.New(fault.Argument, "The full name of a %s has a catalog, a schema and a name: %s", noun, name)
	}
	id := lake.Identifier{Namespace: parts[1 : len(parts)-1], Name: parts[len(parts)-1]}
	k, err := h.catalog.Vend(ctx, c.Caller, parts[0], id, catalog.Want{Why: "gravitino"})
	if fault.Is(err, fault.NotFound) {
		return rest.Answer{}, fault.Missing(noun, name).Because(err)
	}
	if err != nil {
		return rest.Answer{}, err
	}
	if k.Credential == nil {
		return answer(nil)
	}
	one, err := spell(k)
	if err != nil {
		return rest.Answer{}, err
	}
	return answer([]credential{one})
}

// credential is Credential of the API. Its secrets are in the clear.
type credential struct {
	Type    string            `json:"credentialType"`
	Expires int64             `json:"expireTimeInMs"` // the issuer's own
	Info    map[string]string `json:"credentialInfo"`
}

// answer is CredentialResponse; its list is never null.
func answer(all []credential) (rest.Answer, error) {
	if all == nil {
		all = []credential{}
	}
	a, err := rest.JSON(http.StatusOK, struct {
		Code        int          `json:"code"`
		Credentials []credential `json:"credentials"`
	}{0, all})
	a.Type = media
	return a.NoStore(), err
}

// spell names a key as Gravitino's credential providers do (S3TokenCredential, GCSTokenCredential, ADLSTokenCredential).
func spell(k catalog.Keys) (credential, error) {
	out := credential{Expires: k.Credential.Expires.UnixMilli()}
	switch c := k.Credential; {
	case c.S3 != nil:
		out.Type, out.Info = "s3-token", map[string]string{"s3-access-key-id": c.S3.AccessKeyID,
			"s3-secret-access-key": c.S3.SecretAccessKey.Reveal(), "s3-session-token": c.S3.SessionToken.Reveal()}
	case c.GCS != nil:
		out.Type, out.Info = "gcs-token", map[string]string{"token": c.GCS.Token.Reveal()}
	case c.Azure != nil:
		out.Type, out.Info = "adls-token", map[string]string{"azure-storage-account-name": c.Azure.Account, "adls-sas-token": c.Azure.SAS.Reveal()}
	default:
		return out, errors.New("a credential of a kind that Gravitino does not know")
	}
	return out, nil
}
