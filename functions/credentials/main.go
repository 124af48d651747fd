// Command credentials is the Lambda function that refreshes keys: it reaches no object store.
package main

import (
	"firn/shared/app/function"
	"firn/shared/app/vending"
	"firn/shared/rest"
)

func main() { function.Run(rest.Credentials, function.Published, vending.Contents(nil)) }
