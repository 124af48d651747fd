package azure

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"firn/shared/fault"
	"firn/shared/lake"
	"firn/shared/location"
	"firn/shared/vend"
)

// Two writers of a string-to-sign can be wrong alike; what a SAS says can be read.
func TestASASSaysWhatItOpens(t *testing.T) {
	rows := []struct {
		actions     vend.Actions
		folder      string
		depth       string
		permissions string
	}{
		{vend.Read, root + "ns/t/", "2", "r"},
		{vend.List, root + "ns/t/", "2", "l"},
		{vend.Write, root + "ns/a/b/c/t/", "5", "acw"},
		{vend.Delete, root + "ns/t/", "2", "d"},
		{vend.Read | vend.List, "wasbs://data@lake.blob.core.windows.net/ns/t/", "2", "rl"},
		{vend.Read | vend.List | vend.Write, root + "ns/t/", "2", "racwl"},
		{vend.Read | vend.List | vend.Write | vend.Delete, root + "ns/t/", "2", "racwdl"},
	}
	for _, row := range rows {
		t.Run(row.permissions+" "+row.folder, func(t *testing.T) {
			w := newWorld(t, nil)
			cred, err := w.vendor.Vend(t.Context(), w.storage, w.grant(t, row.actions, row.folder))
			if err != nil {
				t.Fatal(err)
			}
			q, err := url.ParseQuery(cred.Azure.SAS.Reveal())
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"sr": "d", "sdd": row.depth, "sp": row.permissions, "spr": "https", "sv": "2020-12-06", "skv": "2020-12-06",
				"sks": "b", "sktid": tenant, "se": "2026-11-21T11:00:00Z", "skt": "2026-11-21T09:55:00Z", "ske": "2026-11-21T14:00:00Z",
				"scid": cred.ID, "st": "", "sip": "", "saoid": "", "suoid": "", "si": ""}
			for name, value := range want {
				if got := q.Get(name); got != value {
					t.Errorf("%s: got %q, want %q", name, got, value)
				}
			}
			if cred.Azure.Account != "lake" || cred.Azure.Domain != "core.windows.net" || !cred.Expires.Equal(w.now.Add(time.Hour)) {
				t.Errorf("got %s in %s until %v", cred.Azure.Account, cred.Azure.Domain, cred.Expires)
			}
		})
	}
}

// Whatever the folder and the key asked for: it opens if and only if it is in the folder.
func TestAnyKeyOpensIfItIsInTheFolder(t *testing.T) {
	w := newWorld(t, nil)
	w.storage.AllowedLocations = []string{root + "n"}
	random := rand.New(rand.NewPCG(5, 5))
	names := []string{"t", "t2", "t%20", "t+", "t&sig=x", "a b", "x=1", "%", "data", "T"}
	name := func(least int) string {
		segments := []string{"n"}
		for range least + random.IntN(3) {
			segments = append(segments, names[random.IntN(len(names))])
		}
		return strings.Join(segments, "/")
	}
	opened := 0
	for range 400 {
		folder, key := name(0), name(1)
		if random.IntN(2) == 0 {
			key = folder + "/" + names[random.IntN(len(names))]
		}
		if random.IntN(8) == 0 {
			key = folder + names[random.IntN(len(names))]
		}
		want := http.StatusForbidden
		if key == folder || strings.HasPrefix(key, folder+"/") {
			want = http.StatusNotFound // opened, and nothing there
			opened++
		}
		cred := w.vend(t, root+folder)
		if got, _ := w.send(t, http.MethodGet, address("data", key, "", cred.Azure.SAS), nil); got != want {
			t.Errorf("key %q of folder %q: got %d, want %d", key, folder, got, want)
		}
	}
	if opened < 50 || opened > 350 {
		t.Errorf("%d of 400 keys were in the folder: the trial proves little", opened)
	}
}

// A SAS that is changed in any part opens nothing.
func TestAChangedSASOpensNothing(t *testing.T) {
	w := newWorld(t, nil)
	w.cloud.Seed("lake", "data", "ns/t/a", "x")
	w.cloud.Seed("lake", "data", "ns/u/a", "x")
	sas := w.vend(t, root+"ns/t/").Azure.SAS.Reveal()
	changes := []string{"sr=c", "sr=b", "sdd=1", "sdd=0", "sdd=-1", "sdd=3", "sdd=", "sp=racwdl", "sp=rw", "sp=", "se=2026-11-28T10:00:00Z", "se=", "spr=https,http", "spr=",
		"scid=", "skoid=x", "sktid=x", "skt=2026-11-21T09:00:00Z", "ske=2026-11-28T09:00:00Z", "sks=q", "skv=2021-01-01", "sv=2019-12-12", "sv=2026-04-06", "sig=", "sip=1.2.3.4", "ses=x"}
	for _, change := range changes {
		q, err := url.ParseQuery(sas)
		if err != nil {
			t.Fatal(err)
		}
		name, value, _ := strings.Cut(change, "=")
		q.Set(name, value)
		for _, key := range []string{"ns/t/a", "ns/u/a"} {
			if got, _ := w.send(t, http.MethodGet, address("data", key, "", lake.Secret(q.Encode())), nil); got != http.StatusForbidden {
				t.Errorf("%s on %s: got %d, want 403", change, key, got)
			}
		}
	}
	if got, _ := w.send(t, http.MethodGet, address("data", "ns/u/a", "sdd=1", lake.Secret(sas)), nil); got != http.StatusForbidden {
		t.Errorf("a second depth: got %d, want 403", got)
	}
	if got, _ := w.send(t, http.MethodGet, address("data", "ns/t/a", "", lake.Secret(sas)), nil); got != http.StatusOK {
		t.Errorf("unchanged: got %d, want 200", got)
	}
}

func TestSASEnd(t *testing.T) {
	w := newWorld(t, nil)
	w.cloud.Seed("lake", "data", "ns/t/a", "x")
	cred := w.vend(t, root+"ns/t/")
	get := func() int {
		status, _ := w.send(t, http.MethodGet, address("data", "ns/t/a", "", cred.Azure.SAS), nil)
		return status
	}
	w.now = cred.Expires.Add(-time.Second)
	if got := get(); got != http.StatusOK {
		t.Errorf("a second before the end: got %d, want 200", got)
	}
	w.now = cred.Expires
	if got := get(); got != http.StatusForbidden {
		t.Errorf("at the end: got %d, want 403", got)
	}
}

// What no location should hold is refused here too, where it would be signed.
func TestNoFolderNoSignature(t *testing.T) {
	good := sas{permissions: "r", expires: time.Unix(0, 0), id: "i", account: "a", container: "c", path: "ns/t/"}
	key := &delegationKey{secret: make([]byte, 32)}
	if _, err := good.sign(key); err != nil {
		t.Fatal(err)
	}
	rows := map[string]func(*sas){
		"no path":           func(s *sas) { s.path = "" },
		"the container":     func(s *sas) { s.path = "/" },
		"a leading slash":   func(s *sas) { s.path = "/ns/t/" },
		"two slashes":       func(s *sas) { s.path = "ns//t/" },
		"two closing ones":  func(s *sas) { s.path = "ns/t//" },
		"no permissions":    func(s *sas) { s.permissions = "" },
		"no id":             func(s *sas) { s.id = "" },
		"no account":        func(s *sas) { s.account = "" },
		"no container name": func(s *sas) { s.container = "" },
	}
	for name, change := range rows {
		s := good
		change(&s)
		if sas, err := s.sign(key); !fault.Is(err, fault.Invalid) || sas != "" {
			t.Errorf("%s: got %d characters and %v, want nothing and invalid", name, len(sas), err)
		}
	}
}

// Folders as an attacker would write them: refused, or opening what they say and nothing else.
func TestAttacksOnTheFolder(t *testing.T) {
	w := newWorld(t, nil)
	w.cloud.Seed("lake", "data", "ns/victim/a", "secret")
	w.cloud.Seed("lake", "data", "ns/t/a", "x")
	refused := []string{"..", "t/../victim", "%2e%2e/victim", "t/%2E%2E/victim", "t%2F..%2Fvictim", "t//victim", "t/./victim", "t?sr=c", "t?", "t#x", "t\\..\\victim",
		"t\nvictim", "t\x00", "*", "t./", "t%2fvictim", "%252e%252e/victim", "t\u202e", "té"}
	for _, folder := range refused {
		t.Run(fmt.Sprintf("%q", folder), func(t *testing.T) {
			if p, err := location.ParsePrefix(root + "ns/" + folder); err == nil {
				t.Errorf("got a folder %s, want a refusal", p)
			}
		})
	}
	for _, folder := range []string{"t&sig=x", "t&sr=c&sdd=1", "t;sp=racwdl", "t=", "t+", "t%20", "t%41", "t,", "t@evil.example:443", "victim%"} {
		t.Run(fmt.Sprintf("%q", folder), func(t *testing.T) {
			sas := w.vend(t, root+"ns/"+folder).Azure.SAS
			for key, want := range map[string]int{"ns/victim/a": 403, "ns/t/a": 403, "ns/" + folder + "/a": 404} {
				if got, _ := w.send(t, http.MethodGet, address("data", key, "", sas), nil); got != want {
					t.Errorf("%s: got %d, want %d", key, got, want)
				}
			}
			q, err := url.ParseQuery(sas.Reveal())
			if err != nil || len(q["sig"]) != 1 || !slices.Equal(q["sr"], []string{"d"}) || !slices.Equal(q["sp"], []string{"rl"}) {
				t.Errorf("got %d fields, %v, want one of each", len(q), err)
			}
		})
	}
}
