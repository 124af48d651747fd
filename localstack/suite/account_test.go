//go:build localstack

package suite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// awsAccount is an AWS account at an endpoint. Services that firn itself has no client for are asked by signed requests.
type awsAccount struct {
	aws.Config
	endpoint string
	id       string
	s3       *s3.Client
	dynamodb *dynamodb.Client
	secrets  *secretsmanager.Client
}

func account(ctx context.Context) (*awsAccount, error) {
	endpoint := strings.TrimRight(os.Getenv("AWS_ENDPOINT_URL"), "/")
	if endpoint == "" {
		return nil, errors.New("AWS_ENDPOINT_URL is needed: this suite makes a stack and deletes it")
	}
	c, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	who, err := sts.NewFromConfig(c).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, err
	}
	return &awsAccount{
		Config: c, endpoint: endpoint, id: *who.Account,
		s3:       s3.NewFromConfig(c, func(o *s3.Options) { o.UsePathStyle = true }),
		dynamodb: dynamodb.NewFromConfig(c), secrets: secretsmanager.NewFromConfig(c),
	}, nil
}

// json asks a service of the AWS JSON protocol. The target is as in X-Amz-Target.
func (a *awsAccount) json(ctx context.Context, service, target string, in map[string]any, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {target}}
	text, _, err := a.send(ctx, service, "/", header, body)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(text, out)
}

// formation asks CloudFormation, which is of the AWS query protocol.
func (a *awsAccount) formation(ctx context.Context, action string, in map[string]string, out any) error {
	form := url.Values{"Action": {action}, "Version": {"2010-05-15"}}
	for name, value := range in {
		form.Set(name, value)
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	text, _, err := a.send(ctx, "cloudformation", "/", header, []byte(form.Encode()))
	if err != nil || out == nil {
		return err
	}
	return xml.Unmarshal(text, out)
}

// invoke calls a function with an event. What the function failed with is an error.
func (a *awsAccount) invoke(ctx context.Context, function, event string) error {
	text, header, err := a.send(ctx, "lambda", "/2015-03-31/functions/"+function+"/invocations", http.Header{}, []byte(event))
	if err == nil && header.Get("X-Amz-Function-Error") != "" {
		err = fmt.Errorf("%s failed: %s", function, text)
	}
	return err
}

// send posts a signed request and gives the answer, if it is no error.
func (a *awsAccount) send(ctx context.Context, service, path string, header http.Header, body []byte) ([]byte, http.Header, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.endpoint+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	r.Header = header
	keys, err := a.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, keys, r, hex.EncodeToString(sum[:]), service, a.Region, time.Now()); err != nil {
		return nil, nil, err
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err == nil && w.StatusCode/100 != 2 {
		err = fmt.Errorf("%s: %s %s", service, w.Status, text)
	}
	return text, w.Header, err
}
