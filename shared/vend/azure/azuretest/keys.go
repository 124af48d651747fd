package azuretest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"strings"
	"time"
)

// keyFacts are what a SAS says of the key that signed it.
type keyFacts struct{ account, object, tenant, start, expiry string }

// maxKeyLife is the longest life of a delegation key.
const maxKeyLife = 7 * 24 * time.Hour

// delegate answers Get User Delegation Key.
func (c *call) delegate(w http.ResponseWriter) *refusal {
	c.operation = "GetUserDelegationKey"
	token, bearer := strings.CutPrefix(c.request.Header.Get("Authorization"), "Bearer ")
	tenant, known := c.tenants[token]
	if !bearer || !known {
		return &refusal{http.StatusForbidden, "AuthorizationPermissionMismatch"}
	}
	var asked struct{ Start, Expiry string }
	if err := xml.NewDecoder(c.request.Body).Decode(&asked); err != nil {
		return &refusal{http.StatusBadRequest, "InvalidXmlDocument"}
	}
	start, startErr := time.Parse(time.RFC3339, asked.Start)
	expiry, err := time.Parse(time.RFC3339, asked.Expiry)
	if startErr != nil || err != nil || !start.Before(expiry) || expiry.After(c.now().Add(maxKeyLife)) || expiry.Before(c.now()) {
		return &refusal{http.StatusBadRequest, "InvalidXmlNodeValue"}
	}
	secret := make([]byte, 32)
	rand.Read(secret)
	facts := keyFacts{account: c.account, object: ObjectID, tenant: tenant, start: asked.Start, expiry: asked.Expiry}
	if old := c.keys[facts]; old != nil {
		secret = old // Azure derives the secret from the facts
	}
	c.keys[facts] = secret
	answer := struct {
		XMLName                                                                              xml.Name `xml:"UserDelegationKey"`
		SignedOid, SignedTid, SignedStart, SignedExpiry, SignedService, SignedVersion, Value string
	}{SignedOid: ObjectID, SignedTid: tenant, SignedStart: asked.Start, SignedExpiry: asked.Expiry, SignedService: "b",
		SignedVersion: c.request.Header.Get("X-Ms-Version"), Value: base64.StdEncoding.EncodeToString(secret)}
	return write(w, "application/xml", func() ([]byte, error) { return xml.Marshal(answer) })
}

// write answers with a document.
func write(w http.ResponseWriter, contentType string, encode func() ([]byte, error)) *refusal {
	body, err := encode()
	if err != nil {
		return &refusal{http.StatusInternalServerError, "InternalError"}
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body)
	return nil
}
