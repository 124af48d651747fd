// Command commit is the Lambda function that commits to tables.
package main

import (
	"firn/shared/app/function"
	"firn/shared/app/objects"
	"firn/shared/app/vending"
	"firn/shared/rest"
)

func main() { function.Run(rest.Commit, function.Published, vending.Contents(objects.Files)) }
