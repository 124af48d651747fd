//go:build localstack

package suite

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	table "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// current gives the version and the text of the signing secret.
func current(t *testing.T) (version, pem string) {
	t.Helper()
	out, err := deployed.secrets.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &deployed.secret})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.VersionId), aws.ToString(out.SecretString)
}

func TestASecondBootstrapChangesNothingAndShowsNothing(t *testing.T) {
	before, pem := current(t)
	if !strings.Contains(pem, "PRIVATE KEY") {
		t.Fatal("the signing secret holds no keys")
	}
	said, err := deployed.bootstrap(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(said, "credentials") {
		t.Error("the credentials of root were shown twice")
	}
	if after, _ := current(t); after != before {
		t.Error("the signing secret has another version")
	}
	enter(t, deployed.root)
}

func TestARotationOfTheKeysLosesNoToken(t *testing.T) {
	old := enter(t, deployed.root)
	before, _ := current(t)
	was := published(t)
	worker := "arn:aws:lambda:" + deployed.Region + ":" + deployed.id + ":function:" + stack + "-worker"
	began, err := deployed.secrets.RotateSecret(t.Context(), &secretsmanager.RotateSecretInput{
		SecretId: &deployed.secret, RotationLambdaARN: &worker, RotationRules: &types.RotationRulesType{AutomaticallyAfterDays: aws.Int64(30)},
	})
	if err != nil {
		t.Fatal(err)
	}
	// Secrets Manager tells the function the secret's ARN. LocalStack tells its name, which firn refuses: there the rotation
	// has only begun. A step that was taken may be taken again.
	for _, step := range []string{"createSecret", "setSecret", "testSecret", "finishSecret"} {
		event := text(t, object{"Step": step, "SecretId": deployed.secret, "ClientRequestToken": began.VersionId})
		if err := deployed.invoke(t.Context(), stack+"-worker", event); err != nil {
			t.Fatal(err)
		}
	}
	after, _ := current(t)
	known, err := deployed.secrets.DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: &deployed.secret})
	if err != nil {
		t.Fatal(err)
	}
	stages := known.VersionIdsToStages
	if after != aws.ToString(began.VersionId) || !slices.Contains(stages[after], "AWSCURRENT") || !slices.Contains(stages[before], "AWSPREVIOUS") {
		t.Errorf("the versions are %v, want %s to be current and %s previous", stages, *began.VersionId, before)
	}
	old.must(t, nil, "GET", management+"/catalogs", "")
	enter(t, deployed.root).must(t, nil, "GET", management+"/catalogs", "")
	if now := published(t); slices.Equal(now, was) || !slices.Contains(now, was[0]) {
		t.Errorf("published are the keys %v, want a new one beside some of %v", now, was)
	}
}

// published gives the ids of the keys that the table tells whoever verifies.
func published(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, item := range items(t) {
		if item.key != "signing" {
			continue
		}
		for _, found := range regexp.MustCompile(`"kid":"([^"]+)"`).FindAllStringSubmatch(item.text, -1) {
			out = append(out, found[1])
		}
	}
	if len(out) == 0 {
		t.Fatal("the table holds no published keys")
	}
	return out
}

// item is one of the table's, with all of its values as one text.
type item struct{ key, text string }

func items(t *testing.T) []item {
	t.Helper()
	var out []item
	pages := dynamodb.NewScanPaginator(deployed.dynamodb, &dynamodb.ScanInput{TableName: &deployed.table})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, attributes := range page.Items {
			var i item
			for name, value := range attributes {
				switch v := value.(type) {
				case *table.AttributeValueMemberS:
					i.text += " " + v.Value
					if name == "pk" {
						i.key = v.Value
					}
				case *table.AttributeValueMemberB:
					i.text += " " + string(v.Value)
				}
			}
			out = append(out, i)
		}
	}
	return out
}

func TestNoSecretIsInTheTable(t *testing.T) {
	l := newLake(t)
	l.namespace(t, "n")
	l.principal(t, "tim")
	l.table(t, "t")
	all := items(t)
	if len(all) < 10 {
		t.Fatalf("got %d items, want those of a lake", len(all))
	}
	for _, secret := range known() {
		for _, item := range all {
			if strings.Contains(item.text, secret) {
				t.Errorf("a secret is in the item %s", item.key)
			}
		}
	}
}

// known are the secrets that clients were told so far, and the marks of those that nobody is told.
func known() []string {
	seen.Lock()
	defer seen.Unlock()
	return append([]string{"PRIVATE KEY"}, seen.all...)
}
