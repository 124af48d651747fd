package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"regexp"
	"strings"
	"unicode"

	"firn/shared/fault"
	"firn/shared/lake"
)

// refusals are the codes of AWS and of stores that speak its protocols (STS and S3 API references, error responses).
var refusals = map[string]Code{
	"InvalidClientTokenId": ServerKeys, "UnrecognizedClientException": ServerKeys, "ExpiredToken": ServerKeys, "ExpiredTokenException": ServerKeys,
	"InvalidAccessKeyId": KeyRejected, "SignatureDoesNotMatch": KeyRejected, "InvalidToken": KeyRejected,
	"RegionDisabledException": RegionDisabled,
	"PackedPolicyTooLarge":    PolicyTooLarge, "MalformedPolicyDocument": PolicyTooLarge,
	"ValidationError": RoleInvalid, "InvalidParameterValue": RoleInvalid,
	"NoSuchBucket": BucketMissing, "NoSuchContainer": BucketMissing, "ContainerNotFound": BucketMissing, "FilesystemNotFound": BucketMissing,
	"PermanentRedirect": RegionWrong, "AuthorizationHeaderMalformed": RegionWrong, "IllegalLocationConstraintException": RegionWrong, "MovedPermanently": RegionWrong,
	"KMS.AccessDeniedException": KMSDenied, "KMS.DisabledException": KMSDenied, "KMS.NotFoundException": KMSDenied, "KMS.KMSInvalidStateException": KMSDenied,
}

// denials tell denials apart by what AWS says of them, the first that fits; they are asked for before anything else is known.
var denials = []struct {
	says string
	code Code
}{
	{"sts:TagSession", RoleTag},
	{"sts:SetSourceIdentity", RoleSource},
	{"no identity-based policy allows the sts:AssumeRole", ServerRights},
	{"kms:", KMSDenied},
	{"explicit deny", PolicyExplicit},
}

// misread is what MinIO's STS says, as a denial, of a signature that is wrong.
const misread = "signature we calculated does not match"

// known gives the code of what a store named itself; empty if it only denied.
func known(err error) Code {
	code, words := said(err)
	if strings.Contains(words, misread) {
		return KeyRejected
	}
	return refusals[code]
}

// passing says whether what was refused may be allowed soon: rights that are new, and a folder that another probe empties.
func passing(err error) bool {
	return errors.Is(err, errForgets) || fault.Is(err, fault.Forbidden) && known(err) == ""
}

// custom reports whether the storage names an endpoint, at which anything may be.
func (t *trial) custom() bool {
	s := &t.catalog.Storage
	return s.Endpoint != "" || s.EndpointInternal != "" || s.STSEndpoint != ""
}

// What an endpoint that the storage names does, if it does not do what it should: whether nobody listens
// there or something else answers is not told, since the difference would scan ports.
const (
	notSTS = "The endpoint does not answer as STS."
	notS3  = "The endpoint does not answer as S3."
)

// unlike returns the words for an endpoint of the storage's that did not answer with a known code; empty for
// anything else.
func (t *trial) unlike(ctx context.Context, e *fault.Error, code string) string {
	lost := ctx.Err() != nil || e.Kind == fault.Unavailable || e.Kind == fault.Timeout || e.Kind == fault.StateUnknown
	switch {
	case !t.custom() || code != "" || !lost:
		return ""
	case e.Noun == fault.Credential:
		return notSTS
	}
	return notS3
}

// why names what is wrong with a check that had to succeed, and logs what was answered.
func (t *trial) why(ctx context.Context, check Check, err error) Finding {
	t.config.Log.InfoContext(ctx, "a check of a storage failed", "catalog_id", string(t.catalog.ID), "check", string(check), "error", err.Error())
	f := Finding{Check: check, Detail: t.detail(err)}
	e := fault.From(err)
	asked := e.Noun == fault.Credential // a token service, rather than the store
	answer, words := said(err)
	if f.Message = t.unlike(ctx, e, answer); f.Message != "" {
		f.Code = EndpointAway
		return f
	}
	switch code := known(err); {
	case ctx.Err() != nil || e.Kind == fault.Timeout:
		f.Code = EndpointLate
	case code == KeyRejected && asked:
		f.Code = ServerKeys
	case code != "":
		f.Code = code
	case errors.Is(err, errForgets):
		f.Code = StoreForgets
	case e.Kind == fault.Forbidden:
		f.Code = denial(words, asked)
	case e.Kind == fault.Unavailable && unanswered(err):
		f.Code = EndpointAway
	case e.Kind == fault.Unavailable, e.Kind == fault.StateUnknown:
		f.Code = StoreBusy
	default:
		f.Code = StorageInvalid
		if e.Kind == fault.Invalid {
			f.Message = e.Message // written for clients, so it names no role
		}
	}
	return f
}

func denial(words string, asked bool) Code {
	for _, d := range denials {
		if strings.Contains(words, d.says) {
			return d.code
		}
	}
	if asked {
		return RoleDenied
	}
	return PolicyDenied
}

// unanswered says whether nobody answered, as opposed to an answer that did not help.
func unanswered(err error) bool {
	_, dns := errors.AsType[*net.DNSError](err)
	_, op := errors.AsType[*net.OpError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	return dns || op || certificate
}

// said gives the store's own code and words, where it has them.
func said(err error) (code, words string) {
	api, ok := errors.AsType[interface {
		error
		ErrorCode() string
		ErrorMessage() string
	}](err)
	if !ok {
		return "", ""
	}
	return api.ErrorCode(), api.ErrorMessage()
}

// maxWords bounds what is passed on of a store's words.
const maxWords = 600

// query is the part of a URL in which a signature may be.
var query = regexp.MustCompile(`\?\S*`)

// detail says what an administrator needs to know beside the words of the finding: what was asked, and what was answered.
func (t *trial) detail(err error) string {
	s := &t.catalog.Storage
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	add("folder", t.own.String())
	add("role", s.RoleARN)
	if external := s.ExternalIDOf(t.catalog.ID); s.RoleARN != "" && s.Type == lake.S3 {
		if t.config.Apart {
			external += "/probe"
		}
		add("external id", external)
	}
	add("region", s.Region)
	add("endpoint", s.Endpoint)
	add("internal endpoint", s.EndpointInternal)
	add("STS endpoint", s.STSEndpoint)
	add("service account", s.GCSServiceAccount)
	add("tenant", s.TenantID)
	add("KMS key", s.CurrentKMSKey)
	text := strings.Join(parts, ", ")
	answer := words(err)
	if t.custom() { // which may say anything, so it is never quoted: its drivers let known codes alone through
		answer, _ = said(err)
	}
	if answer != "" {
		text += "; the answer: " + answer
	}
	return text
}

// words are the store's own, or those of the network; never a secret, and nothing that steers a terminal.
func words(err error) string {
	var text string
	code, message := said(err)
	switch f, cause := fault.From(err), error(nil); {
	case err == nil:
		return ""
	case code != "":
		text = code + ": " + message
	default:
		if cause = f.Cause; cause == nil {
			return f.Message
		}
		if op, ok := errors.AsType[*net.OpError](cause); ok {
			cause = op
		}
		text = cause.Error()
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, query.ReplaceAllString(text, ""))
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return text
}
