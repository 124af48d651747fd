//go:build cdk

package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shape spells a path without the names of its segments.
func shape(path string) string { return regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "{}") }

func TestTheAPIIsTheRouteTable(t *testing.T) {
	table := routes()
	want := map[string]string{}
	for _, r := range table {
		want[r.Method+" "+shape(r.Pattern)] = string(r.Function)
		if head := "HEAD " + shape(r.Pattern); r.Method == "GET" && want[head] == "" {
			want[head] = string(r.Function)
		}
	}
	got := map[string]string{}
	body := firnOf(t, "dev").one(t, "AWS::ApiGateway::RestApi").Properties["Body"]
	function := regexp.MustCompile(`/functions/<([A-Z][a-z]+)[0-9A-F]+\.Arn>/invocations$`)
	for path, operations := range at(body, "paths").(map[string]any) {
		for verb, operation := range operations.(map[string]any) {
			if verb == "x-amazon-apigateway-any-method" {
				if len(operations.(map[string]any)) == 1 {
					t.Errorf("%s has no route", path)
				}
				continue
			}
			integration := at(operation, "x-amazon-apigateway-integration")
			uri := function.FindStringSubmatch(text(at(integration, "uri")))
			if uri == nil || at(integration, "type") != "aws_proxy" || at(integration, "httpMethod") != "POST" || at(integration, "timeoutInMillis") != float64(29_000) {
				t.Fatalf("%s %s: got %v, want a proxy of a function", verb, path, integration)
			}
			got[strings.ToUpper(verb)+" "+shape(path)] = strings.ToLower(uri[1])
			var named []string
			for _, p := range list(at(operation, "parameters")) {
				named = append(named, "{"+text(at(p, "name"))+"}")
			}
			if diff := cmp.Diff(named, regexp.MustCompile(`\{[^}]*\}`).FindAllString(path, -1)); diff != "" {
				t.Errorf("%s: parameters (-got +want):\n%s", path, diff)
			}
		}
	}
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(texts(at(body, "x-amazon-apigateway-binary-media-types")), []string{"*/*"}); diff != "" {
		t.Errorf("packed answers (-got +want):\n%s", diff)
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// The keys of a whole API below 300 resources are counted by hand here: each leading part of a path is one.
func TestTheAPIFitsItsQuota(t *testing.T) {
	seen := map[string]bool{}
	for path := range at(firnOf(t, "dev").one(t, "AWS::ApiGateway::RestApi").Properties, "Body", "paths").(map[string]any) {
		for i, c := range path + "/" {
			if c == '/' {
				seen[path[:i]] = true
			}
		}
	}
	t.Logf("%d resources of %d", len(seen), maxResources)
	if len(seen) > maxResources {
		t.Errorf("got %d resources, and API Gateway has %d", len(seen), maxResources)
	}
}

// Detail 9.9 of those that break clients: an answer of the gateway's own is not what PyIceberg and Java can read.
func TestTheGatewaysOwnAnswersAreEnvelopes(t *testing.T) {
	all := at(firnOf(t, "dev").one(t, "AWS::ApiGateway::RestApi").Properties, "Body", "x-amazon-apigateway-gateway-responses").(map[string]any)
	if len(all) != len(statuses) {
		t.Errorf("got %d answers, want %d", len(all), len(statuses))
	}
	for name, answer := range all {
		t.Run("9.9 "+name, func(t *testing.T) {
			var told struct {
				Error struct {
					Message, Type string
					Code          int
				}
			}
			if err := json.Unmarshal([]byte(text(at(answer, "responseTemplates", "application/json"))), &told); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if status := text(at(answer, "statusCode")); strconv.Itoa(told.Error.Code) != status || told.Error.Message == "" || told.Error.Type == "" {
				t.Errorf("%s: got %+v with status %s", name, told.Error, status)
			}
			if wait := at(answer, "responseParameters", "gatewayresponse.header.Retry-After"); (wait == "'1'") != (told.Error.Code == 429) {
				t.Errorf("%s: got Retry-After %v", name, wait)
			}
			if status := text(at(answer, "statusCode")); status != statuses[name] {
				t.Errorf("%s: got %s, want %s", name, status, statuses[name])
			}
		})
	}
}

// statuses are what clients see. Where a function may have been called it is one that a commit takes for an unknown outcome.
var statuses = map[string]string{
	"ACCESS_DENIED": "403", "API_CONFIGURATION_ERROR": "500", "BAD_REQUEST_BODY": "400", "BAD_REQUEST_PARAMETERS": "400", "DEFAULT_4XX": "400",
	"DEFAULT_5XX": "500", "EXPIRED_TOKEN": "404", "INTEGRATION_FAILURE": "504", "INTEGRATION_TIMEOUT": "504", "INVALID_SIGNATURE": "404",
	"MISSING_AUTHENTICATION_TOKEN": "404", "QUOTA_EXCEEDED": "429", "REQUEST_TOO_LARGE": "413", "RESOURCE_NOT_FOUND": "404", "THROTTLED": "429",
	"UNSUPPORTED_MEDIA_TYPE": "415", "WAF_FILTERED": "403",
}

func TestTheStageThrottlesByClass(t *testing.T) {
	for _, name := range []string{"dev", "prod"} {
		limits := environments[name].Throttles
		stage := firnOf(t, name).one(t, "AWS::ApiGateway::Stage").Properties
		got := map[string]string{}
		for _, m := range list(stage["MethodSettings"]) {
			path := strings.ReplaceAll(strings.TrimPrefix(text(at(m, "ResourcePath")), "/"), "~1", "/")
			got[text(at(m, "HttpMethod"))+" "+shape(path)] = fmt.Sprint(at(m, "ThrottlingRateLimit"), " ", at(m, "ThrottlingBurstLimit"))
			if at(m, "DataTraceEnabled") != false {
				t.Errorf("%s: bodies of %s are logged", name, path)
			}
		}
		spell := func(c class) string { return fmt.Sprint(limits[c].Rate, " ", limits[c].Burst) }
		want := map[string]string{"* *": spell(reads)}
		table := routes()
		for _, r := range table {
			if c := classOf(r); c != reads {
				want[r.Method+" "+shape(r.Pattern)] = spell(c)
				if r.Method == "GET" {
					want["HEAD "+shape(r.Pattern)] = spell(c)
				}
			}
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("%s (-got +want):\n%s", name, diff)
		}
		if stage["StageName"] != "firn" {
			t.Errorf("got stage %v, want firn", stage["StageName"])
		}
		if stage["TracingEnabled"] != environments[name].Trace {
			t.Errorf("%s: got tracing %v", name, stage["TracingEnabled"])
		}
	}
}

func TestAccessLogsHoldNoSecrets(t *testing.T) {
	stack := firnOf(t, "dev")
	setting := at(stack.one(t, "AWS::ApiGateway::Stage").Properties, "AccessLogSetting")
	var fields map[string]string
	if err := json.Unmarshal([]byte(text(at(setting, "Format"))), &fields); err != nil {
		t.Fatal(err)
	}
	for name, value := range fields {
		for _, secret := range []string{"authorizer", "header", "querystring", "requestOverride", "apiKey", "cognito"} {
			if strings.Contains(strings.ToLower(value), strings.ToLower(secret)) {
				t.Errorf("%s logs %s", name, value)
			}
		}
	}
	if fields["requestId"] != "$context.requestId" || fields["status"] != "$context.status" {
		t.Errorf("got %v, want the request's id and status", fields)
	}
	if got := text(at(setting, "DestinationArn")); !strings.HasPrefix(got, "<AccessLogs") {
		t.Errorf("logs go to %s", got)
	}
}
