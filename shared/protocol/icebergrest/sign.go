package icebergrest

import (
	"context"
	"net/http"
	"strconv"

	"firn/shared/catalog"
	"firn/shared/fault"
	"firn/shared/rest"
	"firn/shared/sign"
)

// The names by which clients know that and where their requests are signed: the iceberg-rest specification
// (LoadTableResult, "Remote Signing"), before it Iceberg's AWS module, and PyIceberg, whose fsspec FileIO alone can have
// requests signed. The base of the path is the catalog's uri for all of them, so none is told.
const (
	signs         = "s3.remote-signing-enabled"
	signerPath    = "signer.endpoint"
	signerPathOld = "s3.signer.endpoint"
	signer        = "s3.signer"
	fileIO        = "py-io-impl"
	pySigner      = "S3V4RestSigner"
	pyFileIO      = "pyiceberg.io.fsspec.FsspecFileIO"
)

// signConfig gives the properties of a client whose requests are signed; nil if they are not. They hold no secret.
func signConfig(k catalog.Keys) map[string]string {
	if k.Signing == nil {
		return nil
	}
	site := k.Signing.Site
	out := map[string]string{
		signs: "true", signerPath: k.Signing.Path, signerPathOld: k.Signing.Path, signer: pySigner, fileIO: pyFileIO,
		region: site.Region,
	}
	if site.Endpoint != "" {
		out[endpoint] = site.Endpoint
		out[pathStyle] = strconv.FormatBool(!site.VirtualHosts)
	}
	return out
}

// signRequest is RemoteSignRequest. Its properties are those of a remote-signing-config, of which firn sends none.
type signRequest struct {
	Region   string              `json:"region"`
	URI      string              `json:"uri"`
	Method   string              `json:"method"`
	Headers  map[string][]string `json:"headers"`
	Body     *string             `json:"body"`
	Provider *string             `json:"provider"`
}

// signRequest answers RemoteSignResult. Nobody may keep it: a client that reuses a signature (Iceberg's Java does for
// half a minute where it is allowed) goes on after its rights are gone, and to end them with the next request is what
// signing is for.
func (h *handlers) signRequest(ctx context.Context, c *rest.Call, in *signRequest) (rest.Answer, error) {
	if in.URI == "" || in.Method == "" || in.Region == "" || in.Headers == nil {
		return rest.Answer{}, fault.Of(fault.Malformed, rest.RequestBody, "", "Cannot parse sign request: region, uri, method and headers are needed")
	}
	if in.Provider != nil && *in.Provider != "s3" {
		return rest.Answer{}, fault.New(fault.Argument, "Cannot sign requests to storage of provider %q: only s3 is known", *in.Provider)
	}
	signed, err := h.catalog.Sign(ctx, c.Caller, c.Path("prefix"), tableOf(c), c.Query.Get("staged"),
		sign.Request{Method: in.Method, URI: in.URI, Region: in.Region, Headers: in.Headers, Body: in.Body})
	if err != nil {
		return rest.Answer{}, err
	}
	a, err := rest.JSON(http.StatusOK, struct {
		URI     string              `json:"uri"`
		Headers map[string][]string `json:"headers"`
	}{signed.URI, signed.Headers})
	return a.NoStore(), err
}
