// Command management is the Lambda function that manages catalogs, principals, roles and grants, and tries the storage of
// catalogs.
package main

import (
	"firn/shared/app/function"
	"firn/shared/app/managing"
	"firn/shared/rest"
)

func main() { function.Run(rest.Management, function.Published, managing.Protocols) }
