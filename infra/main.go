//go:build cdk

// Command infra is firn's deployment as a CDK app: in this folder, `cdk deploy -c env=dev` makes the stack firn-dev, with all that one
// environment needs. `cdk deploy -c stack=storage` makes the other stack, firn-storage, in the account where the data is: the
// role that firn assumes to vend keys.
//
// It refuses to repeat what the program knows: resources and methods of the API derive from the route table, and the rights
// of each function are one table by the types of keys that package store spells. What may differ between environments is in
// environments.go alone.
//
// # Why
//
// Every function has a role of its own, because what a function can reach is what a mistake in it can reach. A role opens
// parts of the one table by the leading part of the partition key (dynamodb:LeadingKeys); that is why every key begins with
// the type of its item.
//
// All files carry the build tag cdk: compiling the CDK takes half a minute, and nothing else needs it. The tests need node,
// as the CDK does, and no network and no account.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	app := awscdk.NewApp(&awscdk.AppProps{AnalyticsReporting: jsii.Bool(false)})
	err := declare(app)
	if err == nil {
		app.Synth(nil)
	}
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		os.Exit(1)
	}
}

// declare makes the stack that the context asks for.
func declare(app awscdk.App) error {
	context := func(key, otherwise string) string {
		if v, ok := app.Node().TryGetContext(jsii.String(key)).(string); ok {
			return v
		}
		return otherwise
	}
	switch which := context("stack", "firn"); which {
	case "storage":
		newStorage(app, "firn-storage")
		return nil
	case "firn":
		e, err := environment(context("env", ""))
		if err != nil {
			return err
		}
		_, err = newFirn(app, "firn-"+e.Name, config{Environment: e, Arch: context("arch", "arm64"), Functions: context("functions", "bin/functions")})
		return err
	default:
		return fmt.Errorf("-c stack=%s: the stacks are firn and storage", which)
	}
}
