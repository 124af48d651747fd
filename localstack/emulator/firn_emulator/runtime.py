"""One process of a function, and the Lambda Runtime API that it asks for events.

The API is that of the AWS Lambda developer guide, "Using the Lambda runtime API": GET next, POST response, POST error, POST
init/error. A process gets one event at a time.
"""

import queue
import re
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


class Ended(Exception):
    """The process is no more."""


class TooLate(Exception):
    """The process did not say in time what was waited for."""


class Runtime:
    """A process from its start to its end. What it says is told in order: next, init/error, response or error."""

    def __init__(self, command, folder, env, log):
        self.said = queue.Queue()  # of (what, id of the request, body)
        self.events = queue.Queue()  # of (headers, body); None: there will be no more
        self.idle = False
        self.server = ThreadingHTTPServer((HOST, 0), type("RuntimeAPI", (API,), {"runtime": self}))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        env = {**env, "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self.server.server_port}"}
        try:
            self.process = subprocess.Popen(
                [command], cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        except OSError:
            self._close()
            raise

    def hear(self, until):
        """Gives what the process says next."""
        while True:
            ended = self.process.poll() is not None
            try:
                return self.said.get(timeout=0 if ended else 0.05)
            except queue.Empty:
                if ended:
                    raise Ended(f"exit status {self.process.returncode}") from None
                if time.monotonic() > until:
                    raise TooLate from None

    def wait_idle(self, seconds):
        """Waits until the process asks for an event. Gives the body of the error if its initialisation ended with one."""
        until = time.monotonic() + seconds
        while not self.idle:
            what, _, body = self.hear(until)
            if what == "init/error":
                return body
            self.idle = what == "next"
        if self.process.poll() is not None:
            raise Ended(f"exit status {self.process.returncode}")
        return None

    def invoke(self, request_id, headers, payload, seconds):
        """Hands an event to the idle process. Gives whether it answered by an error, and what."""
        self.idle = False
        until = time.monotonic() + seconds
        deadline = str(int((time.time() + seconds) * 1000))
        headers = {**headers, "Lambda-Runtime-Aws-Request-Id": request_id, "Lambda-Runtime-Deadline-Ms": deadline}
        self.events.put((headers, payload))
        while True:
            what, about, body = self.hear(until)
            if about == request_id:
                return what == "error", body

    def stop(self):
        self.process.kill()
        self.process.wait()
        self._close()

    def _close(self):
        self.events.put(None)
        self.server.shutdown()
        self.server.server_close()


class API(BaseHTTPRequestHandler):
    runtime: Runtime  # set by the subclass that each runtime makes
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    path_of = re.compile(r"/2018-06-01/runtime/(init/error|invocation/(?:next|([^/]+)/(response|error)))")

    def do_GET(self):
        asked = self.path_of.fullmatch(self.path)
        if not asked or asked[1] != "invocation/next":
            return self._answer(404)
        self.runtime.said.put(("next", None, b""))
        event = self.runtime.events.get()
        if event is None:
            self.close_connection = True
            return None
        return self._answer(200, *event)

    def do_POST(self):
        body = self._body()
        asked = self.path_of.fullmatch(self.path)
        if not asked or asked[1] == "invocation/next":
            return self._answer(404)
        self.runtime.said.put((asked[3] or asked[1], asked[2], body))
        return self._answer(202, {}, b'{"status":"OK"}')

    def _body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return b"".join(parts)

    def _answer(self, status, headers=None, body=b""):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass
