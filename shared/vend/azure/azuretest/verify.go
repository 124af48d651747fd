package azuretest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The order in which permissions must stand.
const order = "racwdxyltmeopi"

var guid = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// authorize holds a SAS against what is asked: one of the permissions, on a path of the container.
func (c *Cloud) authorize(query url.Values, account, container, path, anyOf string) *refusal {
	failed := &refusal{http.StatusForbidden, "AuthenticationFailed"}
	for name, values := range query {
		if len(values) != 1 && strings.HasPrefix(name, "s") {
			return failed
		}
	}
	get := query.Get
	key := c.keys[keyFacts{account: account, object: get("skoid"), tenant: get("sktid"), start: get("skt"), expiry: get("ske")}]
	switch {
	case key == nil, !c.inTime(get("st"), get("se"), get("skt"), get("ske")):
		return failed
	case get("spr") != "https", get("sks") != "b", get("scid") != "" && !guid.MatchString(get("scid")):
		return failed
	case get("sv") < "2020-12-06", get("sv") >= "2025-07-05", get("skv") == "": // the versions that are signed as below
		return failed
	}
	resource, ok := signedDirectory(get("sr"), get("sdd"), path)
	if !ok || !signed(query, "/blob/"+account+"/"+container+"/"+resource, key) {
		return failed
	}
	if !permits(get("sp"), anyOf) {
		return &refusal{http.StatusForbidden, "AuthorizationPermissionMismatch"}
	}
	return nil
}

// inTime says whether SAS and key are good now, and the SAS not longer than the key.
func (c *Cloud) inTime(start, end, keyStart, keyEnd string) bool {
	now := c.now()
	times := map[string]time.Time{}
	for _, text := range []string{end, keyStart, keyEnd} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return false
		}
		times[text] = at
	}
	if start != "" {
		at, err := time.Parse(time.RFC3339, start)
		if err != nil || now.Before(at) {
			return false
		}
	}
	return now.Before(times[end]) && now.Before(times[keyEnd]) && !now.Before(times[keyStart]) && !times[keyEnd].Before(times[end])
}

// signedDirectory gives the directory that a SAS with this depth would be for, if it is to open the path.
func signedDirectory(resource, depth, path string) (string, bool) {
	segments := strings.Split(path, "/")
	n, err := strconv.Atoi(depth)
	if resource != "d" || err != nil || n < 1 || n > len(segments) || slices.Contains(segments[:n], "") {
		return "", false
	}
	return strings.Join(segments[:n], "/"), true
}

// signed makes the string-to-sign of versions 2020-12-06 to 2025-07-04 and compares signatures.
func signed(query url.Values, resource string, key []byte) bool {
	lines := ""
	for _, name := range []string{"sp", "st", "se", "", "skoid", "sktid", "skt", "ske", "sks", "skv", "saoid", "suoid", "scid", "sip", "spr",
		"sv", "sr", "snapshot", "ses", "rscc", "rscd", "rsce", "rscl", "rsct"} {
		if name == "" {
			lines += resource + "\n"
			continue
		}
		lines += query.Get(name) + "\n"
	}
	given, err := base64.StdEncoding.DecodeString(query.Get("sig"))
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.TrimSuffix(lines, "\n")))
	return err == nil && hmac.Equal(given, mac.Sum(nil))
}

// permits says whether the permissions are in order and hold one that is asked for.
func permits(permissions, anyOf string) bool {
	last := -1
	for _, p := range permissions {
		i := strings.IndexRune(order, p)
		if i <= last {
			return false
		}
		last = i
	}
	return strings.ContainsAny(permissions, anyOf)
}
