"""LocalStack's API Gateway, whose answers may be binary.

With `*/*` among an API's binary media types, AWS decodes whatever a function says is in base64 (developer guide, "Return
binary media from a Lambda proxy integration"). Packed answers need that, and most clients ask for them.
"""

from localstack.services.plugins import Service, aws_provider


@aws_provider(api="apigateway", name="binary")
def apigateway() -> Service:
    from localstack.services.apigateway.next_gen.execute_api.integrations import aws
    from localstack.services.apigateway.next_gen.provider import ApigatewayNextGenProvider
    from localstack.services.moto import MotoFallbackDispatcher

    narrow = aws.mime_type_matches_binary_media_types

    def matches(mime_type, binary_media_types):
        return "*/*" in binary_media_types or narrow(mime_type, binary_media_types)

    aws.mime_type_matches_binary_media_types = matches
    return Service.for_provider(ApigatewayNextGenProvider(), dispatch_table_factory=MotoFallbackDispatcher)
