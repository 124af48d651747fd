//go:build cdk

package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAlarms(t *testing.T) {
	topic := "arn:aws:sns:eu-west-1:111122223333:oncall"
	stack := firnOf(t, "dev", func(c *config) { c.AlarmTopic = topic })
	var got []string
	for _, a := range stack.of("AWS::CloudWatch::Alarm") {
		p := a.Properties
		got = append(got, strings.TrimPrefix(text(p["AlarmName"]), "firn-dev-"))
		if p["TreatMissingData"] != "notBreaching" || text(p["AlarmDescription"]) == "" {
			t.Errorf("%s: got %v for missing data: nobody asked, nothing is wrong", p["AlarmName"], p["TreatMissingData"])
		}
		for _, field := range []string{"AlarmActions", "OKActions"} {
			if diff := cmp.Diff(texts(p[field]), []string{topic}); diff != "" {
				t.Errorf("%s: %s (-got +want):\n%s", p["AlarmName"], field, diff)
			}
		}
	}
	slices.Sort(got)
	want := []string{"failures", "purge-failed", "revocation-failed", "slow", "sts-throttled", "table-throttled"}
	for _, name := range order {
		want = append(want, string(name)+"-errors", string(name)+"-throttles")
	}
	slices.Sort(want)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	for id, a := range firnOf(t, "dev").of("AWS::CloudWatch::Alarm") {
		if a.Properties["AlarmActions"] != nil {
			t.Errorf("%s wakes somebody, and nobody is named", id)
		}
	}
}

func TestLinesOfLogsThatAlarm(t *testing.T) {
	by := map[string][]string{}
	for _, f := range firnOf(t, "dev").of("AWS::Logs::MetricFilter") {
		m := at(f.Properties, "MetricTransformations", 0)
		if at(m, "MetricNamespace") != "firn/dev" || at(m, "MetricValue") != "1" {
			t.Errorf("got %v, want a count in firn/dev", m)
		}
		name := text(at(m, "MetricName"))
		by[name] = append(by[name], regexp.MustCompile(`<([A-Z][a-z]+)Logs`).FindStringSubmatch(text(f.Properties["LogGroupName"]))[1])
	}
	for _, functions := range by {
		slices.Sort(functions)
	}
	want := map[string][]string{"sts-throttled": {"Catalog", "Commit", "Credentials", "Worker"}, "revocation-failed": {"Management", "Worker"}, "purge-failed": {"Worker"}}
	if diff := cmp.Diff(by, want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	for _, l := range loggedAlarms {
		for _, quoted := range regexp.MustCompile(`\$\.msg = "([^"*]*)`).FindAllStringSubmatch(l.pattern, -1) {
			if !inSources(t, quoted[1]) {
				t.Errorf("%s: nothing logs %q any more", l.name, quoted[1])
			}
		}
	}
}

// inSources says whether the server's code has a text that begins so.
func inSources(t *testing.T, text string) bool {
	t.Helper()
	files, err := filepath.Glob("../shared/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		source, err := os.ReadFile(file)
		return err == nil && !strings.HasSuffix(file, "_test.go") && strings.Contains(string(source), `"`+text)
	})
}

func TestTheDashboardShowsEveryFunction(t *testing.T) {
	body := text(firnOf(t, "dev").one(t, "AWS::CloudWatch::Dashboard").Properties["DashboardBody"])
	var page struct {
		Widgets []struct{ Properties struct{ Title string } }
	}
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		t.Fatal(err)
	}
	titles := map[string]bool{}
	for _, w := range page.Widgets {
		titles[w.Properties.Title] = true
	}
	want := []string{"Answers, ms", "Calls of functions", "Errors", "Functions, p99 ms", "Requests", "The table's units", "Throttles", "Told by the logs"}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(titles)), want); diff != "" {
		t.Errorf("(-got +want):\n%s", diff)
	}
	for _, name := range order {
		if !strings.Contains(body, "<"+title(name)) {
			t.Errorf("%s is not shown", name)
		}
	}
}
