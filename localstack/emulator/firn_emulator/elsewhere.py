"""LocalStack's DynamoDB, in front of a server that runs already."""

import os

from localstack.services.plugins import Service, aws_provider


class Running:
    """Stands where LocalStack keeps the DynamoDB Local that it started."""

    def __init__(self, url):
        from localstack.aws.forwarder import AwsRequestProxy

        self.url = url
        self.proxy = AwsRequestProxy(url)

    def start_dynamodb(self):
        return True

    def stop_dynamodb(self):
        """It is stopped by who started it."""


@aws_provider(api="dynamodb", name="elsewhere")
def dynamodb() -> Service:
    from localstack.aws.forwarder import HttpFallbackDispatcher
    from localstack.services.dynamodb.v2.provider import DynamoDBProvider

    class Provider(DynamoDBProvider):
        @staticmethod
        def _new_dynamodb_server():
            return Running(os.environ["FIRN_DYNAMODB"])

    return Service.for_provider(
        Provider(), dispatch_table_factory=lambda p: HttpFallbackDispatcher(p, p.get_forward_url)
    )
