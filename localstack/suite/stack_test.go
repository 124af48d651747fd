//go:build localstack

package suite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// stacks is what DescribeStacks answers.
type stacks struct {
	Status  string `xml:"DescribeStacksResult>Stacks>member>StackStatus"`
	Reason  string `xml:"DescribeStacksResult>Stacks>member>StackStatusReason"`
	Outputs []struct {
		Key   string `xml:"OutputKey"`
		Value string `xml:"OutputValue"`
	} `xml:"DescribeStacksResult>Stacks>member>Outputs>member"`
}

func (e *environment) create(ctx context.Context, template string) error {
	in := map[string]string{"StackName": stack, "TemplateURL": template, "Capabilities.member.1": "CAPABILITY_NAMED_IAM", "OnFailure": "DO_NOTHING"}
	if err := e.formation(ctx, "CreateStack", in, nil); err != nil {
		return err
	}
	made, err := e.settled(ctx)
	if err != nil {
		return err
	}
	if made.Status != "CREATE_COMPLETE" {
		return fmt.Errorf("the stack is %s: %s", made.Status, e.failures(ctx))
	}
	for _, o := range made.Outputs {
		switch o.Key {
		case "TableName":
			e.table = o.Value
		case "SigningSecretArn":
			e.secret = o.Value
		case "ApiId":
			e.api = o.Value
		}
	}
	if e.table == "" || e.secret == "" || e.api == "" {
		return fmt.Errorf("the stack's outputs %v lack a part", made.Outputs)
	}
	return nil
}

// settled waits for the end of what CloudFormation does to the stack.
func (e *environment) settled(ctx context.Context) (stacks, error) {
	for {
		var now stacks
		if err := e.formation(ctx, "DescribeStacks", map[string]string{"StackName": stack}, &now); err != nil {
			return now, err
		}
		if !strings.HasSuffix(now.Status, "_IN_PROGRESS") {
			return now, nil
		}
		select {
		case <-ctx.Done():
			return now, fmt.Errorf("the stack is %s: %w", now.Status, ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// failures tells which resources failed and why.
func (e *environment) failures(ctx context.Context) string {
	var all struct {
		Events []struct {
			Resource string `xml:"LogicalResourceId"`
			Status   string `xml:"ResourceStatus"`
			Reason   string `xml:"ResourceStatusReason"`
		} `xml:"DescribeStackEventsResult>StackEvents>member"`
	}
	if err := e.formation(ctx, "DescribeStackEvents", map[string]string{"StackName": stack}, &all); err != nil {
		return err.Error()
	}
	var out []string
	for _, v := range all.Events {
		if strings.HasSuffix(v.Status, "_FAILED") {
			out = append(out, v.Resource+": "+v.Reason)
		}
	}
	return strings.Join(out, "; ")
}

// remove deletes the stack and what publish made.
func (e *environment) remove(ctx context.Context) error {
	if err := e.formation(ctx, "DeleteStack", map[string]string{"StackName": stack}, nil); err != nil {
		return err
	}
	gone, err := e.settled(ctx)
	if err == nil && gone.Status != "DELETE_COMPLETE" {
		return fmt.Errorf("the stack is %s: %s", gone.Status, e.failures(ctx))
	}
	if err != nil && !strings.Contains(err.Error(), "does not exist") {
		return err
	}
	bucket := "cdk-hnb659fds-assets-" + e.id + "-" + e.Region
	return errors.Join(e.empty(ctx, bucket), e.json(ctx, "ssm", "AmazonSSM.DeleteParameter", map[string]any{"Name": "/cdk-bootstrap/hnb659fds/version"}, nil))
}

// empty deletes a bucket with all that is in it.
func (e *environment) empty(ctx context.Context, bucket string) error {
	all := s3.NewListObjectsV2Paginator(e.s3, &s3.ListObjectsV2Input{Bucket: &bucket})
	for all.HasMorePages() {
		page, err := all.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			if _, err := e.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &bucket, Key: o.Key}); err != nil {
				return err
			}
		}
	}
	_, err := e.s3.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket})
	return err
}
