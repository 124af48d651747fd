//go:build cdk

package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/google/go-cmp/cmp"

	"firn/shared/rest"
)

func TestTheTableIsWhatTheDriverExpects(t *testing.T) {
	for name, e := range environments {
		table := firnOf(t, name).one(t, "AWS::DynamoDB::Table").Properties
		for _, r := range []struct {
			what string
			path []any
			want any
		}{
			{"billing", []any{"BillingMode"}, "PAY_PER_REQUEST"},
			{"recovery", []any{"PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"}, true},
			{"expiry", []any{"TimeToLiveSpecification"}, map[string]any{"AttributeName": "expires", "Enabled": true}},
			{"protection", []any{"DeletionProtectionEnabled"}, e.Keep},
			{"keys", []any{"KeySchema"}, []any{map[string]any{"AttributeName": "pk", "KeyType": "HASH"}, map[string]any{"AttributeName": "sk", "KeyType": "RANGE"}}},
			{"types", []any{"AttributeDefinitions"}, []any{map[string]any{"AttributeName": "pk", "AttributeType": "S"}, map[string]any{"AttributeName": "sk", "AttributeType": "S"}}},
			{"name", []any{"TableName"}, nil},
		} {
			if diff := cmp.Diff(at(table, r.path...), r.want); diff != "" {
				t.Errorf("%s: %s (-got +want):\n%s", name, r.what, diff)
			}
		}
		if encrypted := at(table, "SSESpecification", "SSEType") == "KMS"; encrypted != e.OwnKey {
			t.Errorf("%s: got a key of one's own %v, want %v", name, encrypted, e.OwnKey)
		}
	}
}

// Whatever holds something stays where the environment says so, and goes where it does not: staging is made and thrown away.
func TestWhatIsKept(t *testing.T) {
	holds := []string{"AWS::DynamoDB::Table", "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::Logs::LogGroup"}
	for name, e := range environments {
		stack := firnOf(t, name)
		want := map[bool]string{true: "Retain", false: "Delete"}[e.Keep]
		for _, kind := range holds {
			for id, r := range stack.of(kind) {
				if r.DeletionPolicy != want || r.UpdateReplacePolicy != want {
					t.Errorf("%s: %s: got %s and %s, want %s", name, id, r.DeletionPolicy, r.UpdateReplacePolicy, want)
				}
			}
		}
		for id, r := range stack.of("AWS::Logs::LogGroup") {
			if at(r.Properties, "RetentionInDays") != float64(e.LogDays) {
				t.Errorf("%s: %s keeps its logs for %v days, want %d", name, id, at(r.Properties, "RetentionInDays"), e.LogDays)
			}
		}
	}
	if !environments["prod"].Keep {
		t.Error("prod is not kept")
	}
}

func TestProductionIsProtectedFromDeletion(t *testing.T) {
	node(t)
	e, err := environment("prod")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newFirn(awscdk.NewApp(&awscdk.AppProps{}), "firn-prod", config{Environment: e, Arch: "arm64", Functions: built(t, "arm64")})
	if err != nil {
		t.Fatal(err)
	}
	if !*s.TerminationProtection() {
		t.Error("the stack can be deleted")
	}
}

func TestFunctions(t *testing.T) {
	stack := firnOf(t, "prod")
	if n := len(stack.of("AWS::Lambda::Function")); n != len(order) {
		t.Errorf("got %d functions, want %d", n, len(order))
	}
	for _, f := range stack.of("AWS::Lambda::Function") {
		p := f.Properties
		name := rest.Function(strings.TrimPrefix(text(at(p, "FunctionName")), "firn-prod-"))
		want := map[string]any{"Runtime": "provided.al2023", "Architectures": []any{"arm64"}, "Handler": "bootstrap", "TracingConfig": map[string]any{"Mode": "Active"},
			"MemorySize": float64(memory[name])}
		for field, w := range want {
			if diff := cmp.Diff(at(p, field), w); diff != "" {
				t.Errorf("%s: %s (-got +want):\n%s", name, field, diff)
			}
		}
		if seconds := at(p, "Timeout").(float64); name != worker && (seconds >= gatewayTimeout || seconds <= rest.DefaultTimeout.Seconds()) {
			t.Errorf("%s: got a timeout of %v s, want one between the server's and the gateway's", name, seconds)
		}
		reserved := at(p, "ReservedConcurrentExecutions")
		if want := map[bool]any{true: float64(environments["prod"].TokenConcurrency), false: nil}[name == rest.Token]; reserved != want {
			t.Errorf("%s: got a concurrency of %v, want %v", name, reserved, want)
		}
		if !strings.HasPrefix(text(at(p, "LoggingConfig", "LogGroup")), "<"+title(name)+"Logs") {
			t.Errorf("%s: logs into %v", name, at(p, "LoggingConfig"))
		}
		v := at(p, "Environment", "Variables").(map[string]any)
		secret := text(v["FIRN_SIGNING_SECRET"]) == "<SigningSecret>"
		if knows := name == rest.Token || name == worker; secret != knows {
			t.Errorf("%s: knows the secret: %v, want %v", name, secret, knows)
		}
		delete(v, "FIRN_SIGNING_SECRET")
		delete(v, "GOMEMLIMIT")
		wantEnv := map[string]any{"FIRN_TABLE": map[string]any{"Ref": "Table"}, "FIRN_REALMS": "POLARIS", "FIRN_UNIQUE_LOCATIONS": "true",
			"FIRN_REQUIRE_ROTATION": "true", "FIRN_ALLOW_OVERLAPPING_CATALOGS": "false", "FIRN_STORAGE_POLICY": ""}
		if diff := cmp.Diff(v, wantEnv); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
	}
}

func TestTheSecretIsRotatedByTheWorker(t *testing.T) {
	stack := firnOf(t, "dev")
	rotation := stack.one(t, "AWS::SecretsManager::RotationSchedule").Properties
	if got := text(rotation["RotationLambdaARN"]); !strings.HasPrefix(got, "<Worker") {
		t.Errorf("got rotation by %s, want by the worker", got)
	}
	if rotation["RotateImmediatelyOnUpdate"] != false || at(rotation, "RotationRules", "AutomaticallyAfterDays") != float64(30) {
		t.Errorf("got %v, want a rotation in 30 days and none at once: there is nothing to rotate before the bootstrap", rotation)
	}
	if permission := stack.Resources["RotationPermission"].Properties; text(permission["SourceArn"]) != "<SigningSecret>" ||
		text(permission["SourceAccount"]) != "<AWS::AccountId>" || text(permission["Principal"]) != "secretsmanager.amazonaws.com" {
		t.Errorf("got %v, want a permission for this secret alone", permission)
	}
	if off := firnOf(t, "dev", func(c *config) { c.RotationDays = 0 }); len(off.of("AWS::SecretsManager::RotationSchedule")) != 0 || off.Resources["RotationPermission"] != nil {
		t.Error("a secret that is rotated by hand has a schedule")
	}
}

func TestTheWorkerIsWokenBySchedule(t *testing.T) {
	rule := firnOf(t, "dev").one(t, "AWS::Events::Rule").Properties
	if got := text(at(rule, "Targets", 0, "Arn")); rule["ScheduleExpression"] != "rate(5 minutes)" || !strings.HasPrefix(got, "<Worker") {
		t.Errorf("got %v, want the worker each five minutes", rule)
	}
}

func TestWhatCannotBeDeployedIsRefused(t *testing.T) {
	node(t)
	e, err := environment("dev")
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string]struct {
		c    config
		want string
	}{
		"functions that are not built": {config{Environment: e, Arch: "amd64", Functions: built(t, "arm64")}, "the function token is not built"},
		"an unknown architecture":      {config{Environment: e, Arch: "mips", Functions: built(t, "mips")}, "the architectures are arm64 and amd64"},
	} {
		if _, err := newFirn(awscdk.NewApp(nil), "firn-dev", r.c); err == nil || !strings.Contains(err.Error(), r.want) {
			t.Errorf("%s: got %v, want %q", name, err, r.want)
		}
	}
}
