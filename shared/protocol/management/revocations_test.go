package management_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	static "github.com/aws/aws-sdk-go-v2/credentials"

	"firn/shared/admin"
	"firn/shared/fault"
	"firn/shared/kv/faulty"
	"firn/shared/lake"
	revoking "firn/shared/revoke/aws"
	"firn/shared/revoke/revoketest"
	"firn/shared/store"
	"firn/shared/vend/aws/session"
	"firn/shared/vend/vendtest/iamtest"
)

// lakes is a realm whose catalogs are in stores of all kinds, two of them in AWS: "aws" by the role lake, with the namespaces
// and the table that fill makes, and "aws2" by the role lake2.
type lakes struct {
	*world
	account *revoketest.Account
	service *admin.Service // as the worker has it
	ended   []string       // keys of the embedded store
}

func newLakes(t *testing.T) *lakes {
	t.Helper()
	l := &lakes{account: revoketest.New()}
	server := httptest.NewServer(l.account)
	t.Cleanup(server.Close)
	ender, err := revoking.New(revoking.Config{Own: lake.OwnID, Base: aws.Config{BaseEndpoint: &server.URL, HTTPClient: server.Client(),
		Credentials: static.NewStaticCredentialsProvider("AKIAFIRN", "secret", ""),
		Retryer:     func() aws.Retryer { return retry.AddWithMaxAttempts(aws.NopRetryer{}, 1) }}})
	if err != nil {
		t.Fatal(err)
	}
	l.world = newWorld(t, func(c *admin.Config) {
		c.Ender = ender
		c.EndKey = func(_ lake.Realm, id string) error { l.ended = append(l.ended, id); return nil }
		l.service = admin.New(*c)
	})
	l.fill()
	on := func(name, base, storage string) string {
		return `POST /catalogs {"catalog":{"type":"INTERNAL","name":"` + name + `","properties":{"default-base-location":"` + base + `"},"storageConfigInfo":{` + storage + `}}}`
	}
	l.must(`DELETE /catalogs/c/catalog-roles/r`)
	l.moveTo("c", l.account.Role("lake", "outside"))
	l.must(
		on("aws2", "s3://b/aws2", `"storageType":"S3","externalId":"outside2","roleArn":"`+l.account.Role("lake2", "outside2")+`"`),
		on("minio", "s3://b/minio", `"storageType":"S3","endpoint":"http://127.0.0.1:1"`),
		on("gcs", "gs://b/gcs", `"storageType":"GCS"`),
		on("azure", "abfss://b@account.dfs.core.windows.net/x", `"storageType":"AZURE","tenantId":"t"`),
	)
	l.add("ann")
	l.add("bob")
	return l
}

// moveTo gives a catalog a role, with the external id "outside".
func (l *lakes) moveTo(name, role string) {
	l.t.Helper()
	b := l.store.Batch("R")
	c := b.Catalog(name)
	if err := b.Read(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	next := *c.Value
	next.Storage.RoleARN, next.Storage.ExternalID = role, "outside"
	if err := l.store.UpdateCatalog(l.t.Context(), "R", c, &next, store.Bases{}); err != nil {
		l.t.Fatal(err)
	}
}

// stored reads the principal and the table t.
func (l *lakes) stored(principal string) (*lake.Principal, *lake.Table) {
	l.t.Helper()
	b := l.store.Batch("R")
	p := b.Principal(principal)
	table := b.Table(b.Namespace(b.Catalog("c"), []string{"n"}), "t")
	if err := b.Read(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	return p.Value, table.Value
}

// key is a session that firn made a key of for the table, now.
type key struct {
	name   string
	issued time.Time
}

func (l *lakes) key(principal string) key {
	l.t.Helper()
	p, t := l.stored(principal)
	return key{session.Name("R", principal, p.ID, t.ID), l.at}
}

// lives says whether the key of the role opens anything.
func (l *lakes) lives(role string, k key) bool {
	l.t.Helper()
	boundary, err := iamtest.Parse(iamtest.AWS, l.account.Policy(role))
	if err != nil {
		l.t.Fatal(err)
	}
	r := iamtest.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::lake/t/a", Context: map[string][]string{
		"aws:userid": {"AROA:" + k.name}, "aws:TokenIssueTime": {k.issued.UTC().Format(time.RFC3339)}}}
	return iamtest.Evaluate(r, iamtest.Policies{Identity: []*iamtest.Policy{iamtest.Everything()}, Boundary: []*iamtest.Policy{boundary}}) == iamtest.Allow
}

// sweep is a turn of the worker.
func (l *lakes) sweep() {
	l.t.Helper()
	if err := l.service.Sweep(context.Background()); err != nil {
		l.t.Fatal(err)
	}
}

// revocation gives the id of the revocation of the principal's keys, or of the table's.
func (l *lakes) revocation(of string) string {
	p, t := l.stored("ann")
	return map[string]string{"ann": "principal-" + string(p.ID), "t": "table-" + string(t.ID)}[of]
}

const (
	revokeAnn = `POST /revocations {"principal":"ann","reason":"left"}`
	revokeT   = `POST /revocations {"catalog":"c","namespace":["n"],"table":"t"}`
)

func TestAPrincipalsKeysAreTakenBack(t *testing.T) {
	l := newLakes(t)
	out, others := l.key("ann"), l.key("bob")
	before, _ := l.stored("ann")
	a := l.ask("root", revokeAnn)
	a.want(201, `"principal":"ann","reason":"left","revokedBy":"root","halted":true,"pending":false`, `"keysIssuedBeforeTimestamp":1767355261000`,
		`{"storageType":"S3","catalogs":["c"],"outcome":"DENIED"`, `{"storageType":"S3","catalogs":["aws2"],"outcome":"DENIED"`,
		`{"storageType":"S3","catalogs":["minio"],"outcome":"EXPIRE","detail":"This store has no policies`,
		`{"storageType":"GCS","catalogs":["gcs"],"outcome":"EXPIRE","detail":"Google Cloud Storage cannot`,
		`{"storageType":"AZURE","catalogs":["azure"],"outcome":"EXPIRE","detail":"Azure cannot`)
	for _, secret := range []string{"arn:aws", "outside"} {
		if strings.Contains(a.Body.String(), secret) {
			t.Errorf("got %s, want nothing of the role", a.Body)
		}
	}
	after, _ := l.stored("ann")
	if want := (lake.KeyState{Epoch: before.Keys.Epoch + 1, Halted: true}); after.Keys != want {
		t.Errorf("got keys %+v, want %+v", after.Keys, want)
	}
	for _, role := range []string{"lake", "lake2"} {
		late := key{out.name, l.at.Add(59 * time.Second)} // minted by a request that began before
		if l.lives(role, out) || l.lives(role, late) || !l.lives(role, others) {
			t.Errorf("%s: got the key's life %v, the late one's %v, another's %v, want only the last", role, l.lives(role, out), l.lives(role, late), l.lives(role, others))
		}
	}
	if got := l.took(); len(got) != 1 || got[0] != "ann" {
		t.Errorf("got keys of %v ended here, want ann's", got)
	}
	l.ask("root", "GET /revocations").want(200, `{"revocations":[{"id":"`+l.revocation("ann"))
}

func TestATablesKeysAreTakenBack(t *testing.T) {
	l := newLakes(t)
	out := l.key("ann")
	_, before := l.stored("ann")
	l.ask("root", revokeT).want(201, `"catalog":"c","namespace":["n"],"table":"t"`, `"storages":[{"storageType":"S3","catalogs":["c"],"outcome":"DENIED"`)
	p, after := l.stored("ann")
	if want := (lake.KeyState{Epoch: 1, Halted: true}); after.Keys != want || p.Keys != (lake.KeyState{}) || after.MetadataLocation != before.MetadataLocation {
		t.Errorf("got keys %+v of the table and %+v of the principal, want the table's halted alone", after.Keys, p.Keys)
	}
	own := key{session.Name("R", "firn", lake.OwnID, after.ID), out.issued}
	if l.lives("lake", out) || !l.lives("lake2", out) || !l.lives("lake", own) {
		t.Error("a key of the table dies at its catalog's role, and firn's own does not")
	}
}

func TestOneKeyIsTakenBack(t *testing.T) {
	l := newLakes(t)
	out, other := l.key("ann"), l.key("ann")
	l.ask("root", `POST /revocations {"credentialId":"`+out.name+`"}`).want(201, `"principal":"ann","credentialId":"`+out.name+`"`, `"halted":false,"pending":false`)
	if l.lives("lake", out) || !l.lives("lake", other) {
		t.Error("the one key dies and the principal's other lives")
	}
	if p, _ := l.stored("ann"); p.Keys != (lake.KeyState{Epoch: 1}) {
		t.Errorf("got keys %+v, want a new epoch, so that no cache serves it", p.Keys)
	}
	l.at = l.at.Add(time.Hour)
	l.ask("root", "DELETE /revocations/key-"+out.name).want(400, "A single key that was revoked stays so")
	l.ask("root", `POST /revocations {"credentialId":"FIRNABCDEFGHIJKLMNOP"}`).want(201, `"outcome":"DENIED","detail":"The embedded object store refuses these keys from now on."`)
	if len(l.ended) != 1 || l.ended[0] != "FIRNABCDEFGHIJKLMNOP" {
		t.Errorf("got %v ended at the embedded store, want the one", l.ended)
	}
}

func TestWhatCannotBeRevokedIsRefused(t *testing.T) {
	l := newLakes(t)
	stranger := session.Name("R", "x", "nobody", "t")
	ann, table := l.stored("ann")
	foreign := session.Name("Q", "ann", ann.ID, table.ID)
	rows := []struct {
		name, body string
		status     int
		says       string
	}{
		{"nobody", `{}`, 400, "Say whose keys are revoked by one of"},
		{"two at once", `{"principal":"ann","credentialId":"x"}`, 400, "Say whose keys are revoked by one of"},
		{"a table without a catalog", `{"namespace":["n"],"table":"t"}`, 400, "A table is named by catalog, namespace and table"},
		{"a table without a namespace", `{"catalog":"c","table":"t"}`, 400, "A table is named by catalog, namespace and table"},
		{"a namespace alone", `{"catalog":"c","namespace":["n"]}`, 400, "A table is named by catalog, namespace and table"},
		{"a catalog with a principal", `{"catalog":"c","principal":"ann"}`, 400, "A catalog is named with a table of it"},
		{"a reason that is a book", `{"principal":"ann","reason":"` + strings.Repeat("x", 1025) + `"}`, 400, "reason: must be text of at most 1024 bytes"},
		{"a principal that is not there", `{"principal":"no"}`, 404, "PRINCIPAL does not exist: no"},
		{"a catalog that is not there", `{"catalog":"no","namespace":["n"],"table":"t"}`, 404, "CATALOG does not exist: no"},
		{"a table that is not there", `{"catalog":"c","namespace":["n"],"table":"no"}`, 404, "n.no"},
		{"a table that cannot be", `{"catalog":"c","namespace":["n",""],"table":"t"}`, 404, "t"},
		{"a key of nobody's", `{"credentialId":"` + stranger + `"}`, 404, "No principal of this realm has a key of this id"},
		{"a key of another realm", `{"credentialId":"` + foreign + `"}`, 404, "No principal of this realm has a key of this id"},
		{"a key with a wildcard", `{"credentialId":"firn-*"}`, 400, "No single key of this id can be ended"},
		{"a key of Azure's", `{"credentialId":"0b7a1f9e-5c1d-4a43-9f4e-2f6d1b2c3d4e"}`, 400, "a single key of Google Cloud Storage or Azure cannot be ended by anyone"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			answer{l.ask("root", "POST /revocations "+row.body).ResponseRecorder, t}.want(row.status, row.says)
		})
	}
	l.ask("root", "GET /revocations").want(200, `{"revocations":[]}`)
	l.ask("root", "DELETE /revocations/principal-no").want(404, "There is no revocation principal-no")
}

// A table's keys are for whoever manages access to it; a principal's for root, one key and the list for service admins.
func TestWhoMayTakeKeysBack(t *testing.T) {
	l := newLakes(t)
	l.holder("keeper", "c", "catalog_admin")
	l.must(`POST /principal-roles {"principalRole":{"name":"other"}}`)
	l.add("admin")
	l.must(`PUT /principals/admin/principal-roles {"principalRole":{"name":"service_admin"}}`)
	rows := []struct {
		who, request string
		want         int
	}{
		{"keeper", revokeT, 201},
		{"keeper", revokeAnn, 403},
		{"keeper", "GET /revocations", 403},
		{"keeper", `POST /revocations {"credentialId":"` + l.key("ann").name + `"}`, 403},
		{"admin", revokeAnn, 403},
		{"admin", "GET /revocations", 200},
		{"admin", `POST /revocations {"credentialId":"` + l.key("ann").name + `"}`, 201},
		{"ann", revokeT, 403},
		{"ann", revokeAnn, 403},
	}
	for _, row := range rows {
		l.ask(row.who, row.request).want(row.want)
	}
	l.must(revokeAnn)
	l.at = l.at.Add(2 * time.Minute)
	l.ask("admin", "DELETE /revocations/"+l.revocation("ann")).want(403)
	l.ask("ann", "DELETE /revocations/"+l.revocation("t")).want(403)
	l.ask("keeper", "DELETE /revocations/"+l.revocation("t")).want(204)
}

func TestALiftGivesNewKeysAndLeavesTheOldOnesDead(t *testing.T) {
	l := newLakes(t)
	out := l.key("ann")
	l.must(revokeAnn, revokeT)
	lift, liftT := "DELETE /revocations/"+l.revocation("ann"), "DELETE /revocations/"+l.revocation("t")
	l.ask("root", lift).want(409, "This can be lifted from 2026-01-02T12:01:01Z on")
	if p, _ := l.stored("ann"); !p.Keys.Halted {
		t.Error("a lift that was refused had an effect")
	}
	l.at = time.Date(2026, 1, 2, 12, 1, 1, 0, time.UTC)
	l.ask("root", lift).want(204)
	l.ask("root", lift).want(204)
	l.ask("root", liftT).want(204)
	p, table := l.stored("ann")
	if want := (lake.KeyState{Epoch: 1}); p.Keys != want || table.Keys != want {
		t.Errorf("got keys %+v and %+v, want %+v", p.Keys, table.Keys, want)
	}
	fresh := l.key("ann")
	l.must(`POST /revocations {"principal":"bob"}`) // a later moment, which must not reach the new key
	if l.lives("lake", out) || !l.lives("lake", fresh) {
		t.Errorf("got the old key's life %v and the new one's %v, want the new one's", l.lives("lake", out), l.lives("lake", fresh))
	}
	l.ask("root", "GET /revocations").want(200, `"halted":false,"pending":false`, `"liftedTimestamp":1767355261000`)
	l.must(revokeAnn)
	if l.lives("lake", fresh) || l.lives("lake", out) {
		t.Error("a key lives after a second revocation")
	}
}

// A table that moved is found where it is; one that is gone, with or without its catalog, is let go.
func TestALiftOfATableThatIsNotWhereItWas(t *testing.T) {
	rows := map[string]struct {
		change func(l *lakes, n *store.NamespaceSlot, t *store.Slot[lake.Table]) error
		name   string // where it is then
	}{
		"renamed": {func(l *lakes, n *store.NamespaceSlot, t *store.Slot[lake.Table]) error {
			return l.store.RenameTable(l.t.Context(), n, t, n, "moved")
		}, "moved"},
		"dropped": {func(l *lakes, n *store.NamespaceSlot, t *store.Slot[lake.Table]) error {
			return l.store.DropTable(l.t.Context(), n, t, nil)
		}, ""},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			l := newLakes(t)
			l.must(revokeT)
			id := l.revocation("t")
			find := func(name string) (*store.NamespaceSlot, *store.Slot[lake.Table]) {
				b := l.store.Batch("R")
				n := b.Namespace(b.Catalog("c"), []string{"n"})
				found := b.Table(n, name)
				if err := b.Read(t.Context()); err != nil {
					t.Fatal(err)
				}
				return n, found
			}
			n, found := find("t")
			if err := row.change(l, n, found); err != nil {
				t.Fatal(err)
			}
			l.at = l.at.Add(2 * time.Minute)
			answer{l.ask("root", "DELETE /revocations/"+id).ResponseRecorder, t}.want(204)
			if row.name == "" {
				return
			}
			if _, now := find(row.name); now.Value == nil || now.Value.Keys.Halted {
				t.Errorf("got %+v, want the table's keys not halted", now.Value)
			}
		})
	}
}

// A change of the principal at the worst moment is a lost race, and is decided anew; so is a lost answer no failure.
func TestARevocationLosesNoRace(t *testing.T) {
	rows := map[string]func(l *lakes){
		"the principal changes": func(l *lakes) {
			l.table.Next(faulty.Write, faulty.Fault{Before: func() { l.must(`PUT /principals/ann {"currentEntityVersion":1,"properties":{"a":"b"}}`) }})
		},
		"another revokes the same": func(l *lakes) {
			l.table.Next(faulty.Write, faulty.Fault{Before: func() { l.must(revokeAnn) }})
		},
		"the answer is lost": func(l *lakes) { l.table.Next(faulty.Write, faulty.Fault{Lose: faulty.Answer}) },
	}
	for name, race := range rows {
		t.Run(name, func(t *testing.T) {
			l := newLakes(t)
			out := l.key("ann")
			race(l)
			answer{l.ask("root", revokeAnn).ResponseRecorder, t}.want(201, `"pending":false`)
			if p, _ := l.stored("ann"); !p.Keys.Halted || p.Keys.Epoch == 0 || l.lives("lake", out) {
				t.Errorf("got keys %+v, want them halted and dead", p.Keys)
			}
		})
	}
}

func TestARequestThatFailsBeforeTheWriteHasNoEffect(t *testing.T) {
	l := newLakes(t)
	l.table.Next(faulty.Write, faulty.Fault{Refuse: fault.Unavailable})
	l.ask("root", revokeAnn).want(503)
	if p, _ := l.stored("ann"); p.Keys != (lake.KeyState{}) {
		t.Errorf("got keys %+v, want no change", p.Keys)
	}
	if got := l.account.Take(); len(got) != 0 {
		t.Errorf("got calls %v, want none", got)
	}
}

func TestManyCatalogsWithOneRoleAreOnePlace(t *testing.T) {
	l := newLakes(t)
	role := l.account.Role("big", "all")
	for i := range 12 {
		l.must(fmt.Sprintf(`POST /catalogs {"catalog":{"type":"INTERNAL","name":"big%02d","properties":{"default-base-location":"s3://big/%d"},"storageConfigInfo":{"storageType":"S3","externalId":"all","roleArn":"%s"}}}`, i, i, role))
	}
	l.account.Take()
	l.ask("root", revokeAnn).want(201, `"big09"],"moreCatalogs":2,"outcome":"DENIED"`)
	if got := l.account.Take()["CreatePolicyVersion"]; got != 3 {
		t.Errorf("got %d versions of policies, want one for each of three roles", got)
	}
}
