package s3local

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"firn/shared/fault"
)

// Why a credential is no good; the cause of the Unauthenticated error, for which the wire has a code each.
var (
	errForged  = errors.New("session token does not open")
	errExpired = errors.New("credential is expired")
	errRevoked = errors.New("credential is revoked")
)

// Credential is what an S3 client signs with.
type Credential struct {
	AccessKeyID     string // "FIRN" and 16 of A-Z, 2-7
	SecretAccessKey Secret
	SessionToken    Secret // about 210 characters for one scope, at most 5.5 KB
	Expires         time.Time
}

// Issuer mints, opens and revokes credentials. It is safe for concurrent use and keeps nothing but revocations.
type Issuer struct {
	seal    cipher.AEAD // over the claims; the access key is the additional data
	signing []byte      // makes secrets from access key and token
	now     func() time.Time
	process string // a random name of this one

	mu      sync.Mutex
	cuts    int                  // how often credentials were revoked
	last    time.Time            // the newest moment of issue
	revoked map[string]time.Time // by subject: credentials issued at or before it are dead
	sweepAt int                  // size of revoked at which entries without living credentials are dropped
}

// firstSweep is the number of revocations that are kept without looking for old ones.
const firstSweep = 1024

// NewIssuer makes an issuer of a master key of 32 random bytes. A process takes a fresh one: its end then ends every
// credential, and neither keys nor revocations need storing.
func NewIssuer(master []byte, now func() time.Time) (*Issuer, error) {
	if len(master) != 32 || now == nil {
		return nil, fault.Of(fault.Argument, fault.Credential, "", "an issuer needs a master key of 32 bytes and a clock")
	}
	sealing, err := hkdf.Key(sha256.New, master, nil, "firn s3local session token", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the sealing key: %w", err)
	}
	signing, err := hkdf.Key(sha256.New, master, nil, "firn s3local secret access key", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the signing key: %w", err)
	}
	block, err := aes.NewCipher(sealing)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make the cipher: %w", err)
	}
	return &Issuer{seal: seal, signing: signing, now: now, process: rand.Text(), revoked: map[string]time.Time{}, sweepAt: firstSweep}, nil
}

// Mint makes a credential for the claims, whose ID, Issued and Expires it sets. ttl is more than 0 and at most MaxTTL.
// Errors are of kind Argument: an unslashed or dotted prefix, no scope, no action, a bad ttl, too many claims.
func (i *Issuer) Mint(c Claims, ttl time.Duration) (Credential, error) {
	if err := c.check(); err != nil {
		return Credential{}, err
	}
	if ttl <= 0 || ttl > MaxTTL {
		return Credential{}, fault.Of(fault.Argument, fault.Credential, "", "a credential lives more than 0 and at most %s, not %s", MaxTTL, ttl)
	}
	var random [10]byte
	_, _ = rand.Read(random[:]) // never fails
	key := "FIRN" + base32.StdEncoding.EncodeToString(random[:])
	c.ID = key
	i.mu.Lock()
	now := i.now().UTC()
	i.last = after(i.last, now)
	c.Issued, c.Expires = i.last, now.Add(ttl)
	i.mu.Unlock()
	text, err := json.Marshal(c)
	if err != nil {
		return Credential{}, fmt.Errorf("encode claims: %w", err)
	}
	if len(text) > maxClaims {
		return Credential{}, fault.Of(fault.Argument, fault.Credential, "", "a credential's claims have at most %d bytes, not %d", maxClaims, len(text))
	}
	token := base64.RawURLEncoding.EncodeToString(i.seal.Seal(nil, nil, text, []byte(key)))
	return Credential{AccessKeyID: key, SecretAccessKey: i.secret(key, token), SessionToken: Secret(token), Expires: c.Expires}, nil
}

// Open gives the claims that were sealed into a session token and the secret that belongs to it. It does not say that
// the credential is still good: Check does, and a request is told so only after its signature held. The error is
// Unauthenticated if the token was not made here for this access key.
func (i *Issuer) Open(accessKeyID, sessionToken string) (Claims, Secret, error) {
	forged := fault.Of(fault.Unauthenticated, fault.Credential, "", "The session token is not valid.").Because(errForged)
	if len(sessionToken) > maxToken {
		return Claims{}, "", forged
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(sessionToken)
	if err != nil {
		return Claims{}, "", forged
	}
	text, err := i.seal.Open(nil, nil, sealed, []byte(accessKeyID))
	if err != nil {
		return Claims{}, "", forged
	}
	var c Claims
	if err := json.Unmarshal(text, &c); err != nil {
		return Claims{}, "", fmt.Errorf("decode claims: %w", err)
	}
	return c, i.secret(accessKeyID, sessionToken), nil
}

// Check says whether a credential is good at this moment: Unauthenticated if it is expired, Forbidden if it is revoked.
func (i *Issuer) Check(c Claims) error {
	if !i.now().Before(c.Expires) {
		return fault.Of(fault.Unauthenticated, fault.Credential, c.ID, "The session token is expired.").Because(errExpired)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, subject := range []string{"all", "id:" + c.Realm + "/" + c.ID, "principal:" + c.Principal, "table:" + c.Table} {
		if cut, ok := i.revoked[subject]; ok && !c.Issued.After(cut) {
			return fault.Of(fault.Forbidden, fault.Credential, c.ID, "The credential is revoked.").Because(errRevoked)
		}
	}
	return nil
}

// Revoke ends every credential of a subject that was minted until now; later ones are good. Subjects are
// "id:<realm>/<access key>", "principal:<id>", "table:<id>" and "all". An access key is one of its realm: another realm
// that knows it does not end it. Running uploads fail before they publish and running downloads break off. Anything else
// is an Argument error.
func (i *Issuer) Revoke(subject string) error {
	kind, name, _ := strings.Cut(subject, ":")
	named := name != "" && (kind == "id" || kind == "principal" || kind == "table")
	if !named && subject != "all" {
		return fault.Of(fault.Argument, fault.Credential, "", "one revokes id:<realm>/<access key>, principal:<id>, table:<id> or all")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[subject] = i.last
	i.cuts++
	if len(i.revoked) >= i.sweepAt {
		dead := i.now().Add(-MaxTTL)
		for s, cut := range i.revoked {
			if cut.Before(dead) {
				delete(i.revoked, s)
			}
		}
		i.sweepAt = max(firstSweep, 2*len(i.revoked))
	}
	return nil
}

// Era names the time since the last revocation, or since the start: what is minted after it was asked for is good as long as
// it stays the same and the credential lives. No other process gives the same.
func (i *Issuer) Era() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return fmt.Sprintf("%s.%d", i.process, i.cuts)
}

func (i *Issuer) secret(accessKeyID, sessionToken string) Secret {
	mac := hmac.New(sha256.New, i.signing)
	mac.Write([]byte(accessKeyID + "\n" + sessionToken))
	return Secret(base64.RawURLEncoding.EncodeToString(mac.Sum(nil)))
}

// after gives now in whole microseconds, or the first one behind last if that is later.
func after(last, now time.Time) time.Time {
	if now = now.Truncate(time.Microsecond); now.After(last) {
		return now
	}
	return last.Add(time.Microsecond)
}
