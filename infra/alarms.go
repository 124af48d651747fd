//go:build cdk

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"

	"firn/shared/rest"
)

// period is how long a value of an alarm is gathered.
func period() awscdk.Duration { return awscdk.Duration_Minutes(jsii.Number(5)) }

// logged is something that only the functions' logs tell. The patterns are CloudWatch's, on the JSON lines of slog.
type logged struct {
	name, what string
	pattern    string
	by         []rest.Function
}

// unfinished begins what admin logs when revoked keys may live on.
const unfinished = "revoked keys could not all be ended"

var loggedAlarms = []logged{
	{"sts-throttled", "STS refuses to mint keys so fast: engines wait, or fail. Ask for a higher quota, or raise how long keys live.",
		`{ $.error = "*operation error STS*" && $.error = "*Throttl*" }`, vends},
	{"revocation-failed", "Keys that an administrator revoked may live on: IAM cannot be reached, or an account with data does not let firn end them.",
		`{ $.level = "ERROR" && $.msg = "` + unfinished + `*" }`, revokes},
	{"purge-failed", "The files of a purged table could not be deleted. It is tried again with each turn of the worker.",
		`{ $.level = "WARN" && $.msg = "a purge failed*" }`, []rest.Function{worker}},
}

// The thresholds, of five minutes.
const (
	maxErrors      = 1     // errors of a function: panics, timeouts, refusals to start
	maxThrottles   = 10    // of a function, by its reserved concurrency or the account's
	maxFailureRate = 0.01  // of the API's answers, 5xx
	maxP99         = 5_000 // of an answer, in milliseconds: cold starts and slow stores included
	maxLogged      = 1
)

func (s *firn) addAlarms() {
	for _, name := range order {
		f := s.functions[name]
		options := &awscloudwatch.MetricOptions{Period: period(), Statistic: jsii.String("Sum")}
		s.alarm(string(name)+"-errors", "Calls of the function "+string(name)+" end in panics or timeouts, or it does not start.",
			f.MetricErrors(options), maxErrors, 1)
		s.alarm(string(name)+"-throttles", "Calls of the function "+string(name)+" are refused for want of concurrency.",
			f.MetricThrottles(options), maxThrottles, 1)
	}
	s.alarm("failures", "More than one answer in a hundred is a 5xx.",
		s.api.MetricServerError(&awscloudwatch.MetricOptions{Period: period(), Statistic: jsii.String("Average")}), maxFailureRate, 2)
	s.alarm("slow", "One answer in a hundred takes more than five seconds.",
		s.api.MetricLatency(&awscloudwatch.MetricOptions{Period: period(), Statistic: jsii.String("p99")}), maxP99, 3)
	s.alarm("table-throttled", "The table refuses reads or writes: a partition is hot, or the account's limit is reached.", s.tableThrottles(), maxThrottles, 1)
	for _, l := range loggedAlarms {
		s.alarm(l.name, l.what, s.filter(l), maxLogged, 1)
	}
}

// alarm tells when a metric reaches a threshold in so many periods one after the other. No data means that nobody asked.
func (s *firn) alarm(name, what string, m awscloudwatch.IMetric, threshold float64, periods int) {
	a := awscloudwatch.NewAlarm(s.Stack, jsii.String("Alarm-"+name), &awscloudwatch.AlarmProps{
		AlarmName: jsii.String(s.name(name)), AlarmDescription: &what, Metric: m, Threshold: &threshold, EvaluationPeriods: jsii.Number(periods),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	})
	if s.AlarmTopic != "" {
		if s.topic == nil {
			s.topic = awscloudwatchactions.NewSnsAction(awssns.Topic_FromTopicArn(s.Stack, jsii.String("AlarmTopic"), &s.AlarmTopic))
		}
		a.AddAlarmAction(s.topic)
		a.AddOkAction(s.topic)
	}
}

// filter counts lines of the functions' logs, all into one metric.
func (s *firn) filter(l logged) awscloudwatch.IMetric {
	space := "firn/" + s.Name
	for _, name := range l.by {
		awslogs.NewMetricFilter(s.Stack, jsii.String(title(name)+"-"+l.name), &awslogs.MetricFilterProps{
			LogGroup: s.functions[name].logs, FilterPattern: awslogs.FilterPattern_Literal(&l.pattern),
			MetricNamespace: &space, MetricName: jsii.String(l.name), MetricValue: jsii.String("1"),
		})
	}
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{Namespace: &space, MetricName: jsii.String(l.name), Statistic: jsii.String("Sum"), Period: period()})
}

// tableThrottles counts what DynamoDB refuses for want of capacity.
func (s *firn) tableThrottles() awscloudwatch.IMetric {
	return awscloudwatch.NewMathExpression(&awscloudwatch.MathExpressionProps{
		Expression: jsii.String("FILL(reads, 0) + FILL(writes, 0)"), Label: jsii.String("throttled"), Period: period(),
		UsingMetrics: &map[string]awscloudwatch.IMetric{"reads": s.tableMetric("ReadThrottleEvents"), "writes": s.tableMetric("WriteThrottleEvents")},
	})
}

func (s *firn) tableMetric(name string) awscloudwatch.Metric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{Namespace: jsii.String("AWS/DynamoDB"), MetricName: &name, Statistic: jsii.String("Sum"),
		Period: period(), DimensionsMap: &map[string]*string{"TableName": s.table.Ref()}})
}
