package azure

import (
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/vend/azure/adlsrest"
)

// delegationKey signs for one account in the name of one identity ("Get User Delegation Key", Microsoft's REST reference).
// All but the secret goes into each SAS, as Azure wrote it.
type delegationKey struct {
	objectID, tenantID, start, expiry, service, version string

	secret  []byte
	expires time.Time // expiry, read
}

// Format prints nothing of the key, whatever the verb.
func (delegationKey) Format(s fmt.State, _ rune) { fmt.Fprint(s, "delegation key") }

// maxKey bounds Azure's answer in bytes.
const maxKey = 64 << 10

// minSecret is the least length of the secret in bytes: that of the HMAC, which Azure's have.
const minSecret = 32

// requestKey asks Azure for a key.
func requestKey(ctx context.Context, client *adlsrest.Client, s slot, token lake.Secret, now, until time.Time) (*delegationKey, error) {
	body := fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?><KeyInfo><Start>%s</Start><Expiry>%s</Expiry></KeyInfo>`,
		now.Add(-backdate).UTC().Format(iso), until.UTC().Format(iso))
	answer, err := client.Do(ctx, adlsrest.Request{
		Method: http.MethodPost, URL: s.account.URL(adlsrest.Blob, "", "", "restype=service&comp=userdelegationkey"), Limit: maxKey, Body: []byte(body),
		Header: map[string]string{"Authorization": "Bearer " + token.Reveal(), "Content-Type": "application/xml"},
	})
	if err != nil {
		return nil, translate(ctx, err)
	}
	return readKey(answer.Body, s.tenant)
}

// readKey reads the answer. One that lacks a part, or is of another tenant than the catalog's, signs nothing.
func readKey(body []byte, tenant string) (*delegationKey, error) {
	var a struct {
		SignedOid, SignedTid, SignedStart, SignedExpiry, SignedService, SignedVersion, Value string
	}
	if err := xml.Unmarshal(body, &a); err != nil {
		return nil, fault.Of(fault.Unavailable, fault.Credential, "", incomplete).Because(errors.New("the answer is not XML"))
	}
	k := &delegationKey{objectID: a.SignedOid, tenantID: a.SignedTid, start: a.SignedStart, expiry: a.SignedExpiry, service: a.SignedService, version: a.SignedVersion}
	var err, timeErr error
	k.secret, err = base64.StdEncoding.DecodeString(a.Value)
	k.expires, timeErr = time.Parse(time.RFC3339, k.expiry)
	if err != nil || timeErr != nil || len(k.secret) < minSecret || k.objectID == "" || k.tenantID == "" || k.start == "" || k.service != "b" || k.version == "" {
		return nil, fault.Of(fault.Unavailable, fault.Credential, "", incomplete).Because(errors.New("a part is missing or not as it was asked for"))
	}
	if tenantID.MatchString(tenant) && !strings.EqualFold(tenant, k.tenantID) {
		return nil, fault.Of(fault.Forbidden, fault.Credential, "", otherTenant).Because(fmt.Errorf("asked in tenant %s, answered by %s", tenant, k.tenantID))
	}
	return k, nil
}
