"""A gateway that listens on the interface it was told, without TLS: nobody but this machine reaches it."""

from localstack.runtime.server.core import RuntimeServerPlugin


class Loopback(RuntimeServerPlugin):
    name = "loopback"

    def load(self, *args, **kwargs):
        from localstack.runtime.server.twisted import TwistedRuntimeServer
        from rolo.serving.twisted import TwistedGateway
        from twisted.internet import reactor

        class Server(TwistedRuntimeServer):
            def register(self, gateway, listen, ssl_creds=None):
                for address in listen:
                    reactor.listenTCP(address.port, TwistedGateway(gateway), interface=address.host)

        return Server()
