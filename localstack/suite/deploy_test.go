//go:build localstack

package suite

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	repository = "../.."
	stack      = "firn-dev"
)

// environment is a deployment of firn, prepared, with the credentials of the root principal.
type environment struct {
	*awsAccount
	work               string // a folder that goes with the environment
	firn               string // the command line, built
	table, secret, api string // as the stack's outputs tell them
	root               login
}

// deploy makes the environment, prepares it and finds out who root is.
func (e *environment) deploy(ctx context.Context) error {
	if err := e.command(ctx, nil, "go", "build", "-o", e.firn, "./cmd/firn"); err != nil {
		return err
	}
	template, err := e.publish(ctx)
	if err != nil {
		return err
	}
	if err := e.create(ctx, template); err != nil {
		return err
	}
	said, err := e.bootstrap(ctx)
	if err != nil {
		return err
	}
	e.root, err = credentials(said)
	return err
}

// command runs a program in the repository.
func (e *environment) command(ctx context.Context, env []string, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env = repository, append(os.Environ(), env...)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

// bootstrap runs `firn bootstrap` and gives what it printed.
func (e *environment) bootstrap(ctx context.Context) (string, error) {
	c := exec.CommandContext(ctx, e.firn, "bootstrap", "--table", e.table, "--signing-secret", e.secret)
	var out, wrong bytes.Buffer
	c.Stdout, c.Stderr = &out, &wrong
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("firn bootstrap: %w\n%s", err, wrong.Bytes())
	}
	return out.String(), nil
}

// publish synthesises the stack, puts its template and the functions into the bucket of the CDK, and gives the template's
// URL. What `cdk bootstrap` leaves in an account is here the bucket and the parameter with its version.
func (e *environment) publish(ctx context.Context) (string, error) {
	out := filepath.Join(e.work, "cdk.out")
	env := []string{"CDK_OUTDIR=" + out, `CDK_CONTEXT_JSON={"env":"dev","arch":"` + runtime.GOARCH + `"}`}
	if err := e.command(ctx, env, "go", "run", "-tags", "cdk", "./infra"); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(out, stack+".assets.json"))
	if err != nil {
		return "", err
	}
	var assets struct {
		Files map[string]struct {
			Source       struct{ Path, Packaging string }
			Destinations map[string]struct{ BucketName, ObjectKey string }
		}
	}
	if err := json.Unmarshal(text, &assets); err != nil {
		return "", err
	}
	parameter := map[string]any{"Name": "/cdk-bootstrap/hnb659fds/version", "Type": "String", "Value": "30", "Overwrite": true}
	if err := e.json(ctx, "ssm", "AmazonSSM.PutParameter", parameter, nil); err != nil {
		return "", err
	}
	bucket := "cdk-hnb659fds-assets-" + e.id + "-" + e.Region
	if _, err := e.s3.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		return "", err
	}
	template := ""
	for _, f := range assets.Files {
		content, err := asset(filepath.Join(out, f.Source.Path), f.Source.Packaging)
		if err != nil {
			return "", err
		}
		for _, d := range f.Destinations {
			if _, err := e.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(d.ObjectKey), Body: bytes.NewReader(content)}); err != nil {
				return "", err
			}
			if f.Source.Path == stack+".template.json" {
				template = e.endpoint + "/" + bucket + "/" + d.ObjectKey
			}
		}
	}
	return template, nil
}

// asset reads a file, or packs a folder.
func asset(path, packaging string) ([]byte, error) {
	if packaging == "file" {
		return os.ReadFile(path)
	}
	var packed bytes.Buffer
	w := zip.NewWriter(&packed)
	if err := w.AddFS(os.DirFS(path)); err != nil {
		return nil, err
	}
	err := w.Close()
	return packed.Bytes(), err
}
