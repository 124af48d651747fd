// Command credentials is the Lambda function that refreshes keys, and vends them by Delta Sharing and Gravitino: it reaches no
// object store.
package main

import (
	"firn/shared/app/doors"
	"firn/shared/app/function"
	"firn/shared/app/vending"
	"firn/shared/rest"
)

func main() {
	function.Run(rest.Credentials, function.Published, vending.Contents(nil, doors.Protocols))
}
