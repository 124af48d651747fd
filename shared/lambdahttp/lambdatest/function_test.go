//go:build unix

package lambdatest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// TestMain makes the test's own program the function that the tests deploy.
func TestMain(m *testing.M) {
	if os.Getenv("IS_FUNCTION") == "" {
		os.Exit(m.Run())
	}
	initialise(os.Getenv("INIT"))
	lambda.Start(handle)
}

// initialise fails as it is told to.
func initialise(how string) {
	switch how {
	case "exit":
		os.Exit(1)
	case "exit once":
		if f, err := os.OpenFile(os.Getenv("MARK"), os.O_CREATE|os.O_EXCL, 0o600); err == nil {
			f.Close()
			os.Exit(1)
		}
	case "report":
		post("init/error", `{"errorMessage":"no secret","errorType":"Init.Broken"}`)
		hang()
	case "hang":
		get("/enter/" + strconv.Itoa(os.Getpid()))
	}
}

// handle does what the first segment of the path says.
func handle(ctx context.Context, raw json.RawMessage) (any, error) {
	var event struct {
		events.APIGatewayProxyRequest
		RawPath string `json:"rawPath"`
	}
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, err
	}
	body := event.Body
	if event.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(body)
		if err != nil {
			return nil, err
		}
		body = string(decoded)
	}
	verb, rest, _ := strings.Cut(strings.TrimPrefix(event.Path+event.RawPath, "/"), "/")
	switch verb {
	case "pid":
		return text(strconv.Itoa(os.Getpid())), nil
	case "size":
		return text(strconv.Itoa(len(body))), nil
	case "big":
		n, err := strconv.Atoi(rest)
		return text(strings.Repeat("x", n)), err
	case "reply":
		return strings.NewReader(body), nil
	case "env":
		return text(strings.Join(os.Environ(), "\n")), nil
	case "print":
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
		return text(""), nil
	case "deadline":
		deadline, _ := ctx.Deadline()
		return text(time.Until(deadline).String()), nil
	case "wait":
		get("/enter/" + strconv.Itoa(os.Getpid()))
		get("/leave/" + strconv.Itoa(os.Getpid()))
		return text(strconv.Itoa(os.Getpid())), nil
	}
	return misbehave(ctx, verb, raw)
}

// misbehave breaks as the verb says, and gives the event back if it says nothing.
func misbehave(ctx context.Context, verb string, raw json.RawMessage) (any, error) {
	lc, _ := lambdacontext.FromContext(ctx)
	switch verb {
	case "exit":
		os.Exit(3)
	case "panic":
		panic("on purpose")
	case "error":
		return nil, errors.New("on purpose")
	case "hang":
		hang()
	case "break-off":
		return io.MultiReader(strings.NewReader(`{"statusCode":`), broken{}), nil
	case "answer-and-exit":
		post("invocation/"+lc.AwsRequestID+"/response", `{"statusCode":200,"body":"early"}`)
		os.Exit(0)
	case "answer-twice":
		post("invocation/"+lc.AwsRequestID+"/response", `{"statusCode":200,"body":"first"}`)
		return text(post("invocation/"+lc.AwsRequestID+"/response", `{}`)), nil // which is refused, too
	case "answer-another":
		return text(post("invocation/of-another/response", `{}`)), nil
	case "ask-for-more":
		get("http://" + os.Getenv("AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime/invocation/next")
	}
	return text(string(raw)), nil
}

func text(s string) any { return map[string]any{"statusCode": 200, "body": s} }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("on purpose") }

func hang() { <-make(chan struct{}) }

func get(url string) {
	if url[0] == '/' {
		url = os.Getenv("BARRIER") + url
	}
	resp, err := http.Get(url)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
}

// post says something to the Runtime API and returns the status.
func post(path, body string) string {
	resp, err := http.Post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/"+path, "application/json", bytes.NewBufferString(body))
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	return resp.Status
}
