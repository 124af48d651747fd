package azure

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend"
	"firn/shared/vend/azure/adlsrest"
)

// directory is the one kind of resource that is signed for (sr).
const directory = "d"

// iso is how Azure writes times.
const iso = "2006-01-02T15:04:05Z"

// sas is what a user delegation SAS says. It has no beginning: a clock that is ahead of Azure's would make a key that is
// not good yet.
type sas struct {
	permissions string
	expires     time.Time // whole seconds
	id          string    // a GUID
	account     string    // its name alone
	container   string
	path        string // of the directory, with a slash at its end
}

// permissions spells actions in the order that Azure wants, racwdxyltmeopi. Moving, and all that concerns owners and
// rights (m, o, p, i), is in none.
func permissions(a vend.Actions) string {
	var b strings.Builder
	for _, p := range []struct {
		action  vend.Actions
		letters string
	}{{vend.Read, "r"}, {vend.Write, "acw"}, {vend.Delete, "d"}, {vend.List, "l"}} {
		if a.Has(p.action) {
			b.WriteString(p.letters)
		}
	}
	return b.String()
}

// sign gives the query. A part that is empty would widen the SAS or be left out of the signature: Invalid.
func (s sas) sign(k *delegationKey) (lake.Secret, error) {
	path := strings.TrimSuffix(s.path, "/")
	if s.permissions == "" || s.id == "" || s.account == "" || s.container == "" || path == "" ||
		strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") || strings.Contains(path, "//") {
		return "", fault.Of(fault.Invalid, fault.Credential, "", "No storage credential can be made: a SAS names its permissions and one folder below a container.")
	}
	return s.query(k, directory, "/"+path, strings.Count(path, "/")+1), nil
}

// query writes and signs ("Create a user delegation SAS", Microsoft's REST reference, version 2020-12-06). The path,
// with a slash before it, is signed as it is, not as a URL spells it.
func (s sas) query(k *delegationKey, resource, path string, depth int) lake.Secret {
	expires := s.expires.Format(iso)
	mac := hmac.New(sha256.New, k.secret)
	// The fields that stay empty: st; saoid, suoid; sip; the snapshot; ses; rscc, rscd, rsce, rscl, rsct.
	mac.Write([]byte(strings.Join([]string{
		s.permissions, "", expires, "/blob/" + s.account + "/" + s.container + path,
		k.objectID, k.tenantID, k.start, k.expiry, k.service, k.version, "", "", s.id, "", "https", adlsrest.Version, resource,
		"", "", "", "", "", "", "",
	}, "\n")))
	var b strings.Builder
	for _, p := range [][2]string{
		{"sv", adlsrest.Version}, {"sr", resource}, {"sdd", strconv.Itoa(depth)}, {"sp", s.permissions},
		{"se", expires}, {"spr", "https"}, {"scid", s.id}, {"skoid", k.objectID}, {"sktid", k.tenantID}, {"skt", k.start}, {"ske", k.expiry},
		{"sks", k.service}, {"skv", k.version}, {"sig", base64.StdEncoding.EncodeToString(mac.Sum(nil))},
	} {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p[0] + "=" + url.QueryEscape(p[1]))
	}
	return lake.Secret(b.String())
}
