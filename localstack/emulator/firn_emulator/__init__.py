"""Four plugins with which LocalStack 4.14.0 runs as a process of this machine: without Docker, without downloads.

loopback     The gateway listens where GATEWAY_LISTEN says. LocalStack's own server takes every interface.
process      A Lambda function is a process, the `bootstrap` of its zip. LocalStack's own way is a container for each.
elsewhere    DynamoDB is the server that FIRN_DYNAMODB names. LocalStack's own way is to download DynamoDB Local and Java.
binary       API Gateway decodes every answer in base64 where `*/*` is a binary media type, as AWS does. LocalStack does for none.

They are found by the entry points beside this package, so the folder that holds both must be on PYTHONPATH, and chosen by
GATEWAY_SERVER, LAMBDA_RUNTIME_EXECUTOR, PROVIDER_OVERRIDE_DYNAMODB and PROVIDER_OVERRIDE_APIGATEWAY.
"""
