// Command catalog is the Lambda function that serves namespaces and tables.
package main

import (
	"firn/shared/app/function"
	"firn/shared/app/objects"
	"firn/shared/app/vending"
	"firn/shared/rest"
)

func main() { function.Run(rest.Catalog, function.Published, vending.Contents(objects.Files)) }
