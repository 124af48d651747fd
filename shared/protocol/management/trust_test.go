package management_test

import (
	"strings"
	"testing"

	"firn/shared/lake"
)

const madeID = "Firn-External-Id"

func TestTheExternalIDThatFirnMakesIsTold(t *testing.T) {
	const role = `,"roleArn":"arn:aws:iam::1:role/r"`
	rows := []struct {
		name, request string
		told          bool
	}{
		{"a role", s3("s3://b/x", role), true},
		{"a role with an id that the administrator chose", s3("s3://b/x", role+`,"externalId":"mine"`), false},
		{"no role", s3("s3://b/x", ""), false},
		{"a compatible store", s3("s3://b/x", role+`,"endpoint":"http://192.0.2.1"`), false},
		{"AWS behind an endpoint", strings.Replace(s3("s3://b/x", role+`,"endpoint":"https://192.0.2.1"`), `{"default`, `{"firn.config.s3-profile":"aws","default`, 1), true},
		{"another kind of storage", strings.Replace(s3("gs://b/x", ""), `"S3"`, `"GCS"`, 1), false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, nil)
			made := w.ask("root", row.request)
			made.want(201)
			id := made.Header().Get(madeID)
			if lake.IsMadeExternalID(id) != row.told || !row.told && id != "" {
				t.Fatalf("got the external id %q, want one that firn made: %v", id, row.told)
			}
			if got := w.ask("root", "GET /catalogs/c").Header().Get(madeID); got != id {
				t.Errorf("later got %q, want %q", got, id)
			}
			if row.told && strings.Contains(made.Body.String(), id) {
				t.Errorf("the body %s holds it, want Polaris's answer", made.Body)
			}
		})
	}
}

func TestTheExternalIDThatFirnMakesIsOneCatalogsOwn(t *testing.T) {
	w := newWorld(t, nil)
	const role = `"storageType":"S3","roleArn":"arn:aws:iam::1:role/r"`
	id := w.ask("root", s3("s3://b/x", `,"roleArn":"arn:aws:iam::1:role/r"`)).Header().Get(madeID)
	other := strings.Replace(s3("s3://b/y", `,"roleArn":"arn:aws:iam::1:role/r"`), `"c"`, `"d"`, 1)
	w.ask("root", strings.Replace(other, `"roleArn"`, `"externalId":"`+id+`","roleArn"`, 1)).
		want(400, refused("IllegalArgumentException", "Invalid value: externalId: this id was made for another catalog; leave it out to have this catalog's own"))
	if got := w.ask("root", other).Header().Get(madeID); got == id {
		t.Errorf("got %q for two catalogs", got)
	}
	w.ask("root", `PUT /catalogs/d {"currentEntityVersion":1,"storageConfigInfo":{`+role+`,"externalId":"`+id+`"}}`).want(400, "made for another catalog")
	// Written down, left out again, replaced.
	w.ask("root", `PUT /catalogs/c {"currentEntityVersion":1,"storageConfigInfo":{`+role+`,"externalId":"`+id+`"}}`).want(200, `"externalId":"`+id+`"`)
	if got := w.ask("root", `PUT /catalogs/c {"currentEntityVersion":2,"storageConfigInfo":{`+role+`}}`).Header().Get(madeID); got != id {
		t.Errorf("got %q after it was left out again, want %q", got, id)
	}
	w.ask("root", `PUT /catalogs/c {"currentEntityVersion":3,"storageConfigInfo":{`+role+`,"externalId":"mine"}}`).
		want(400, "Cannot modify ExternalId in storage config from '' to 'mine'")
}

func TestSettingsOfStorage(t *testing.T) {
	const role = `,"roleArn":"arn:aws:iam::1:role/r"`
	const endpoint = `,"endpoint":"https://192.0.2.1"`
	const all = "aws, compatible, minio, ceph, seaweedfs, rustfs, ecs, wasabi, r2, vast, garage, backblaze"
	rows := []struct{ name, setting, value, storage, refusal string }{
		{"a profile", "s3-profile", "minio", endpoint, ""},
		{"AWS", "s3-profile", "aws", role, ""},
		{"R2", "s3-profile", "r2", endpoint + `,"storageName":"lab"`, ""},
		{"source identity", "aws-source-identity", "true", role, ""},
		{"session tags", "aws-session-tags", "true", role, ""},
		{"no session tags", "aws-session-tags", "false", endpoint, ""},
		{"a profile that there is not", "s3-profile", "MinIO", endpoint, "firn.config.s3-profile: must be one of " + all},
		{"a profile without an endpoint", "s3-profile", "ceph", role, "firn.config.s3-profile: ceph needs an endpoint"},
		{"R2 without a name", "s3-profile", "r2", endpoint, "firn.config.s3-profile: r2 needs a storageName, which names the API token that keys are made from"},
		{"a flag that is none", "aws-session-tags", "yes", role, "firn.config.aws-session-tags: must be true or false"},
		{"tags without a role", "aws-session-tags", "true", "", "firn.config.aws-session-tags: is for storage of type S3 with a roleArn and firn.config.s3-profile aws"},
		{"source identity at a compatible store", "aws-source-identity", "true", role + endpoint, "firn.config.aws-source-identity: is for storage of type S3 with a roleArn and firn.config.s3-profile aws"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			request := strings.Replace(s3("s3://b/x", row.storage), `{"default`, `{"firn.config.`+row.setting+`":"`+row.value+`","default`, 1)
			if row.refusal != "" {
				newWorld(t, nil).ask("root", request).want(400, refused("IllegalArgumentException", "Invalid value: "+row.refusal))
				return
			}
			newWorld(t, nil).ask("root", request).want(201, `"firn.config.`+row.setting+`":"`+row.value+`"`)
		})
	}
	newWorld(t, nil).ask("root", strings.Replace(s3("s3://b/x", ""), `{"default`, `{"firn.config.s3-profil":"aws","default`, 1)).
		want(400, refused("IllegalArgumentException", "Property 'firn.config.s3-profil' is not a setting of a catalog"))
	newWorld(t, nil).ask("root", strings.Replace(strings.Replace(s3("gs://b/x", ""), `"S3"`, `"GCS"`, 1), `{"default`, `{"firn.config.s3-profile":"aws","default`, 1)).
		want(400, refused("IllegalArgumentException", "Invalid value: firn.config.s3-profile: is for storage of type S3"))
}
