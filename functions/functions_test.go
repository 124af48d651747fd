// Package functions holds a main for each Lambda function; its tests hold them to what they may link.
package functions

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// never are what no function needs: the drivers of one machine, and what makes binaries large or slow to start.
var never = []string{"firn/shared/kv/bolt", "firn/shared/s3local", "firn/shared/blob/file", "firn/shared/cli", "go.etcd.io/bbolt",
	"github.com/prometheus/client_golang/prometheus", "github.com/spf13/cobra", "text/template", "html/template", "net/rpc"}

func TestFunctionsLinkWhatTheyServeAndNoMore(t *testing.T) {
	const (
		secret  = "github.com/aws/aws-sdk-go-v2/service/secretsmanager" // of the signing keys, or of storage that a catalog names
		signing = "firn/shared/token/secretsmanager"
		s3      = "github.com/aws/aws-sdk-go-v2/service/s3"
		iam     = "github.com/aws/aws-sdk-go-v2/service/iam"
		vending = "firn/shared/vend/aws"
		iceberg = "firn/shared/protocol/icebergrest"
		manage  = "firn/shared/protocol/management"
		oauth   = "firn/shared/protocol/oauth"
	)
	rows := map[string]struct{ with, without []string }{
		"token":       {[]string{oauth, secret}, []string{s3, vending, iceberg, manage, iam}},
		"management":  {[]string{manage, s3, vending, iam}, []string{secret, iceberg, oauth}},
		"catalog":     {[]string{iceberg, s3, secret, vending}, []string{signing, manage, oauth, iam}},
		"commit":      {[]string{iceberg, s3, secret, vending}, []string{signing, manage, oauth, iam}},
		"credentials": {[]string{iceberg, secret, vending}, []string{s3, signing, manage, oauth, iam}},
		"worker":      {[]string{s3, secret, vending, iam}, []string{manage, oauth}},
	}
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc", "firn/functions/"+name).Output()
			if err != nil {
				t.Fatal(err)
			}
			linked := strings.Fields(string(out))
			for _, p := range row.with {
				if !slices.Contains(linked, p) {
					t.Errorf("%s is not linked", p)
				}
			}
			for _, p := range slices.Concat(never, row.without) {
				if slices.Contains(linked, p) {
					t.Errorf("%s is linked", p)
				}
			}
		})
	}
}
