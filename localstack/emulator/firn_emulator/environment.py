"""Execution environments of Lambda functions as processes of this machine.

What Lambda does to a function is done here too: a process serves one request at a time and many after one another; one that
ends, or does not answer in time, is replaced; its output goes to CloudWatch's logs. What a process cannot have is refused or
missing: other runtimes than provided.*, other architectures than this machine's, images, layers, limits of memory.
"""

import json
import logging
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from .runtime import HOST, Ended, Runtime, TooLate

LOG = logging.getLogger(__name__)
INIT_SECONDS = 10  # Lambda's own


class Processes(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        return Environment


def failure(kind, message):
    """What Lambda answers for a function that cannot."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


class Environment(RuntimeExecutor):
    """LocalStack gives it one request at a time."""

    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.runtime = None
        self.env = {}
        self.told = 0  # how much of the log CloudWatch has
        self.log = Path(config.dirs.tmp, f"function-{id}.log")

    def start(self, env_vars):
        code = self.function_version.config.code.get_unzipped_code_location()
        # Of this machine's environment nothing is left: neither keys nor a home with AWS's files in it.
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "en_US.UTF-8"}
        self.env |= {name: str(value) for name, value in env_vars.items()} | {"LAMBDA_TASK_ROOT": str(code)}
        self._initialise()

    def _initialise(self):
        bootstrap = Path(self.env["LAMBDA_TASK_ROOT"], "bootstrap")
        try:
            bootstrap.chmod(0o755)
            with self.log.open("ab") as log:
                self.runtime = Runtime(bootstrap, bootstrap.parent, self.env, log)
            wrong = self.runtime.wait_idle(INIT_SECONDS)
        except OSError as e:
            wrong = failure("Runtime.InvalidEntrypoint", f"{e.strerror}: a zip needs a bootstrap for this machine's processor")
        except Ended as e:
            wrong = failure("Runtime.ExitError", f"The function ended before it asked for an event: {e}")
        except TooLate:
            wrong = failure("Sandbox.Timedout", f"Init took longer than {INIT_SECONDS} s")
        if wrong:
            LOG.warning("%s: %s\n%s", self.function_version.id.function_name, wrong.decode(errors="replace"), self._new_log())
            self._end()
            raise StatusErrorException("the function did not start", payload=wrong)

    def invoke(self, payload):
        request_id, seconds = payload["invoke-id"], self.function_version.config.timeout
        headers = {
            "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
            "Lambda-Runtime-Trace-Id": payload["trace-id"],
        }
        self._replace_if_ended()
        try:
            wrong, body = self.runtime.invoke(request_id, headers, payload["payload"].encode(), seconds)
        except Ended as e:
            wrong, body = True, failure("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited: {e}")
        except TooLate:
            self.runtime.stop()
            wrong, body = True, failure("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {seconds:.2f} seconds")
        logs = f"START RequestId: {request_id} Version: $LATEST\n{self._new_log()}END RequestId: {request_id}\n"
        return InvocationResult(request_id, body, is_error=wrong, logs=logs)

    def _replace_if_ended(self):
        """A process may end after its answer: a reported panic ends it."""
        try:
            if self.runtime.wait_idle(INIT_SECONDS) is None:
                return
        except (Ended, TooLate):
            pass
        self._end()
        self._initialise()

    def _new_log(self):
        with self.log.open("rb") as log:
            log.seek(self.told)
            text = log.read()
            self.told = log.tell()
        return text.decode(errors="replace")

    def _end(self):
        if self.runtime:
            self.runtime.stop()
            self.runtime = None

    def stop(self):
        self._end()
        self.log.unlink(missing_ok=True)

    def get_logs(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return HOST

    def get_runtime_endpoint(self):
        return ""  # for LocalStack's own runtime, which does not run here

    @classmethod
    def prepare_version(cls, function_version):
        function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        """The process goes with its environment, and the code with the data."""
