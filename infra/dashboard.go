//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/jsii-runtime-go"
)

// addDashboard shows one environment on a page: what is asked, how long it takes, what fails, and what it costs the table.
func (s *firn) addDashboard() {
	with := func(statistic string) *awscloudwatch.MetricOptions {
		return &awscloudwatch.MetricOptions{Period: period(), Statistic: &statistic}
	}
	functions := func(pick func(*function) awscloudwatch.Metric) []awscloudwatch.IMetric {
		var out []awscloudwatch.IMetric
		for _, name := range order {
			out = append(out, pick(s.functions[name]).With(&awscloudwatch.MetricOptions{Label: jsii.String(string(name))}))
		}
		return out
	}
	var events []awscloudwatch.IMetric
	for _, l := range loggedAlarms {
		events = append(events, awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
			Namespace: jsii.String("firn/" + s.Name), MetricName: jsii.String(l.name), Statistic: jsii.String("Sum"), Period: period()}))
	}
	rows := [][]awscloudwatch.IWidget{
		{
			graph("Requests", s.api.MetricCount(with("Sum")), s.api.MetricClientError(with("Sum")), s.api.MetricServerError(with("Sum"))),
			graph("Answers, ms", s.api.MetricLatency(with("p50")), s.api.MetricLatency(with("p90")), s.api.MetricLatency(with("p99"))),
		},
		{
			graph("Calls of functions", functions(func(f *function) awscloudwatch.Metric { return f.MetricInvocations(with("Sum")) })...),
			graph("Functions, p99 ms", functions(func(f *function) awscloudwatch.Metric { return f.MetricDuration(with("p99")) })...),
		},
		{
			graph("Errors", functions(func(f *function) awscloudwatch.Metric { return f.MetricErrors(with("Sum")) })...),
			graph("Throttles", append(functions(func(f *function) awscloudwatch.Metric { return f.MetricThrottles(with("Sum")) }), s.tableThrottles())...),
		},
		{
			graph("The table's units", s.tableMetric("ConsumedReadCapacityUnits"), s.tableMetric("ConsumedWriteCapacityUnits")),
			graph("Told by the logs", events...),
		},
	}
	var widgets []*[]awscloudwatch.IWidget
	for i := range rows {
		widgets = append(widgets, &rows[i])
	}
	awscloudwatch.NewDashboard(s.Stack, jsii.String("Dashboard"), &awscloudwatch.DashboardProps{
		DashboardName: jsii.String("firn-" + s.Name), Widgets: &widgets,
	})
}

func graph(title string, metrics ...awscloudwatch.IMetric) awscloudwatch.IWidget {
	return awscloudwatch.NewGraphWidget(&awscloudwatch.GraphWidgetProps{Title: &title, Left: &metrics, Width: jsii.Number(12)})
}
