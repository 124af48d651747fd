"""Holds a Runtime to the Runtime API with functions of a few lines: `python -m unittest` in this folder, with any Python."""

import sys
import tempfile
import unittest
from pathlib import Path

from firn_emulator.runtime import Ended, Runtime, TooLate

# What each function begins with: its events by next(), its answers by post().
HEAD = f"""#!{sys.executable}
import os, sys, time, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/"
def next():
    answer = urllib.request.urlopen(api + "invocation/next")
    return answer.headers["Lambda-Runtime-Aws-Request-Id"], answer.read(), answer.headers
def post(tail, body):
    return urllib.request.urlopen(urllib.request.Request(api + tail, body, method="POST")).status
"""
ECHO = """
while True:
    id, event, headers = next()
    post(f"invocation/{id}/response", event + headers["X-More"].encode())
"""


class RuntimeTest(unittest.TestCase):
    def start(self, body):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        bootstrap = Path(folder.name, "bootstrap")
        bootstrap.write_text(HEAD + body)
        bootstrap.chmod(0o755)
        runtime = Runtime(bootstrap, folder.name, {}, sys.stderr)
        self.addCleanup(runtime.stop)
        return runtime

    def ready(self, body):
        runtime = self.start(body)
        self.assertIsNone(runtime.wait_idle(10))
        return runtime

    def test_events_are_answered_one_after_another(self):
        runtime = self.ready(ECHO)
        for n in range(3):
            self.assertEqual(runtime.invoke(f"id{n}", {"X-More": str(n)}, b"event", 10), (False, b"event%d" % n))
            self.assertIsNone(runtime.wait_idle(10))

    def test_an_error_is_told_from_an_answer(self):
        runtime = self.ready('id, _, _ = next()\npost(f"invocation/{id}/error", b"wrong")\nnext()')
        self.assertEqual(runtime.invoke("id", {}, b"", 10), (True, b"wrong"))

    def test_a_chunked_answer_is_put_together(self):
        runtime = self.ready('id, _, _ = next()\npost(f"invocation/{id}/response", iter([b"a" * 3, b"b" * 20]))\nnext()')
        self.assertEqual(runtime.invoke("id", {}, b"", 10), (False, b"aaa" + b"b" * 20))

    def test_an_error_of_the_initialisation_is_given(self):
        self.assertEqual(self.start('post("init/error", b"no table")\nsys.exit(1)').wait_idle(10), b"no table")

    def test_a_process_that_ends_at_once_is_noticed(self):
        with self.assertRaisesRegex(Ended, "exit status 3"):
            self.start("sys.exit(3)").wait_idle(10)

    def test_a_process_that_asks_for_nothing_is_too_late(self):
        with self.assertRaises(TooLate):
            self.start("time.sleep(60)").wait_idle(0.3)

    def test_a_process_that_ends_in_the_middle_is_noticed(self):
        runtime = self.ready("next()\nsys.exit(4)")
        with self.assertRaisesRegex(Ended, "exit status 4"):
            runtime.invoke("id", {}, b"", 10)

    def test_a_process_that_does_not_answer_is_too_late(self):
        runtime = self.ready("next()\ntime.sleep(60)")
        with self.assertRaises(TooLate):
            runtime.invoke("id", {}, b"", 0.3)

    def test_a_process_that_ended_while_it_was_idle_is_noticed(self):
        runtime = self.ready(ECHO)
        runtime.process.kill()
        runtime.process.wait()
        with self.assertRaises(Ended):
            runtime.wait_idle(10)

    def test_what_is_no_part_of_the_api_is_not_found(self):
        runtime = self.start('import urllib.error\ntry:\n    post("restore/next", b"")\nexcept urllib.error.HTTPError as e:\n    sys.exit(e.code - 400)')
        with self.assertRaisesRegex(Ended, "exit status 4"):
            runtime.wait_idle(10)


if __name__ == "__main__":
    unittest.main()
