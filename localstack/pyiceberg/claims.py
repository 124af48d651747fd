"""Claims: what must hold, said in a line each, and counted."""
import subprocess
import sys
import traceback
from collections.abc import Callable

passed = failed = 0


def claim(what: str, holds: object, why: object = "") -> None:
    """Prints the claim, with a reason if it does not hold."""
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
    print(f"ok    {what}" if holds else f"FAIL  {what} [{why}]", flush=True)


def equal(what: str, got: object, want: object) -> None:
    claim(what, got == want, f"got {got!r}, want {want!r}")


def told(e: Exception) -> str:
    """What an error says. Java's add their stack, and some say nothing but in their representation."""
    return f"{e!r} {e}"[:600]


def refused(what: str, by: Callable[[Exception], bool], call: Callable[[], object]) -> None:
    """Claims that the call fails, and by whose word."""
    try:
        call()
    except Exception as e:
        claim(what, by(e), told(e))
    else:
        claim(what, False, "it was allowed")


def tell(*stories: Callable[[], None]) -> None:
    """Runs stories, counts one that breaks off as a claim that failed, prints "N passed, N failed" and ends the program, with 0 if none failed."""
    for story in stories:
        try:
            story()
        except subprocess.CalledProcessError as e:
            claim(" ".join(e.cmd), False, (e.stderr or "").strip())
        except Exception as e:
            traceback.print_tb(e.__traceback__, file=sys.stdout)
            claim(f"the story goes on: {story.__name__}", False, told(e))
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0 or passed == 0)
