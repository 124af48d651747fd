"""Claims: what must hold, said in a line each, and counted."""
from collections.abc import Callable

from botocore.exceptions import ClientError
from pyiceberg.exceptions import ForbiddenError, RESTError

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


def refused(what: str, by: Callable[[Exception], bool], call: Callable[[], object]) -> None:
    """Claims that the call fails, and by whose word."""
    try:
        call()
    except Exception as e:
        claim(what, by(e), repr(e))
    else:
        claim(what, False, "it was allowed")


def by_catalog(e: Exception) -> bool:
    """PyIceberg's word for the catalog's 403."""
    return isinstance(e, ForbiddenError)


def by_login(e: Exception) -> bool:
    """The catalog no longer knows who asks: its 401."""
    return isinstance(e, RESTError) and "unauthorized" in repr(e).lower()


def by_store(e: Exception) -> bool:
    """The store's AccessDenied, as boto3 or as pyarrow tells it. The answer to a HEAD has a status and no code."""
    if isinstance(e, ClientError):
        head = e.operation_name == "HeadObject"
        return e.response["Error"]["Code"] == ("403" if head else "AccessDenied")
    return isinstance(e, OSError) and "AWS Error ACCESS_DENIED" in str(e)
