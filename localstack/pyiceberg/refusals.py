"""By whose word something is refused: for claims.refused."""
from botocore.exceptions import ClientError
from pyiceberg.exceptions import ForbiddenError, RESTError


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
