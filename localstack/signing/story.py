"""What PyIceberg's users find at a firn server that signs their requests and hands out no keys. Started by `run`.

Prints a line per claim, then "N passed, N failed". The exit status is 0 if none failed.
"""
import json
import os
import subprocess
import urllib.error
import urllib.request

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import SignError
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import LongType, NestedField, StringType

from claims import claim, equal, refused, tell
from refusals import by_catalog

URL, MINIO = os.environ["FIRN_BASE_URL"], os.environ["FIRN_TEST_MINIO"]
AT_MINIO = ["--endpoint", MINIO, "--region", "us-east-1", "--path-style-access"]
ROLE = "arn:aws:iam::123456789012:role/firn-vending/lake"  # MinIO wants one and does not look at it
STORES = {  # name: bucket, flags of `firn catalogs create`
    "nosts": ("firn-test", [*AT_MINIO, "--no-sts"]),
    "sts": ("firn-test", [*AT_MINIO, "--sts-endpoint", MINIO, "--role-arn", ROLE]),
    "embedded": ("lake", []),
}
SCHEMA = Schema(NestedField(1, "id", LongType(), required=False), NestedField(2, "city", StringType(), required=False))
BY_CITY = PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=IdentityTransform(), name="city"))
CITIES = ["New York", "São Paulo", "a/b", "50%+?"]  # whose folders are escaped, and escaped again in a URL
BIG = 51 << 20  # bytes of a file that s3fs sends in parts


def firn(*args: str) -> dict:
    """One command of root."""
    out = subprocess.run(["firn", *args, "--output", "json"], check=True, capture_output=True, text=True).stdout
    return json.loads(out) if out.strip() else {}


def grant(verb: str, lake: str, role: str, level: str, privilege: str, *where: str) -> None:
    firn("privileges", level, verb, privilege, "--catalog", lake, "--catalog-role", role, *where)


def principal(lake: str, name: str, *privileges: tuple[str, ...]) -> RestCatalog:
    """A new principal with a role that holds the privileges; gives its catalog, which asks for remote signing alone."""
    made = firn("principals", "create", f"{lake}-{name}")["credentials"]
    firn("principal-roles", "create", f"{lake}-{name}")
    firn("principal-roles", "grant", f"{lake}-{name}", "--principal", f"{lake}-{name}")
    firn("catalog-roles", "create", name, "--catalog", lake)
    firn("catalog-roles", "grant", name, "--catalog", lake, "--principal-role", f"{lake}-{name}")
    for privilege in privileges:
        grant("grant", lake, name, *privilege)
    return load_catalog(name, type="rest", uri=URL + "/api/catalog", warehouse=lake, scope="PRINCIPAL_ROLE:ALL",
                        credential=f"{made['clientId']}:{made['clientSecret']}", **{"header.X-Iceberg-Access-Delegation": "remote-signing"})


def rows(start: int, count: int) -> pa.Table:
    ids = range(start, start + count)
    return pa.table({"id": ids, "city": [CITIES[i % len(CITIES)] for i in ids]})


def all_rows(table: Table) -> pa.Table:
    return table.scan().to_arrow().sort_by("id")


def by_signer(e: Exception) -> bool:
    """The catalog's 403 to a request for a signature, as PyIceberg tells it, or as s3fs does."""
    seen: BaseException | None = e
    while seen is not None:
        if isinstance(seen, SignError) and " 403" in str(seen):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def keyless(table: Table) -> None:
    properties = table.io.properties
    keys = [name for name in properties if "access-key" in name or "session-token" in name or "secret" in name]
    claim("no key comes with the table, and PyIceberg chooses the FileIO that signs", not keys and type(table.io).__name__ == "FsspecFileIO", keys)


def signed(table: Table, token: str, method: str, key: str) -> tuple[str, dict[str, str]]:
    """A signature that a client asks for by hand."""
    endpoint, store = table.io.properties["signer.endpoint"], table.io.properties["s3.endpoint"]
    bucket = table.location().split("/")[2]
    body = {"method": method, "region": "us-east-1", "uri": f"{store}/{bucket}/{key}", "headers": {}}
    request = urllib.request.Request(f"{URL}/api/catalog/{endpoint}", json.dumps(body).encode(),
                                     {"Authorization": "Bearer " + token, "Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        out = json.load(answer)
    return out["uri"], {name: values[0] for name, values in out["headers"].items()}


def status(method: str, uri: str, headers: dict[str, str]) -> int:
    """What the store says."""
    try:
        with urllib.request.urlopen(urllib.request.Request(uri, b"" if method == "PUT" else None, headers, method=method)) as answer:
            return answer.status
    except urllib.error.HTTPError as e:
        return e.code


def story(lake: str, bucket: str, flags: list[str]) -> None:
    print(f"--    {lake}", flush=True)
    firn("catalogs", "create", lake, "--storage-type", "S3", "--default-base-location", f"s3://{bucket}/{lake}", *flags,
         "--property", "polaris.config.default-unique-table-location.enabled=false")  # so that siblings lie as near as they can
    writer = principal(lake, "writer", ("catalog", "NAMESPACE_FULL_METADATA"), ("catalog", "TABLE_FULL_METADATA"), ("catalog", "TABLE_WRITE_DATA"))
    writer.create_namespace("sales")
    orders = writer.create_table("sales.orders", SCHEMA, partition_spec=BY_CITY)
    keyless(orders)
    orders.append(rows(0, 1000))
    orders.append(rows(1000, 1000))
    want = rows(0, 2000)
    claim("the writer appends to partitions whose names are escaped, and reads back what it wrote", all_rows(writer.load_table("sales.orders")).equals(want))
    orders = writer.load_table("sales.orders")
    orders.delete("id < 100")
    want = want.slice(100)
    orders = writer.load_table("sales.orders")
    claim("the writer deletes rows within files, and reads the others", all_rows(orders).equals(want))

    big, noise = orders.location() + "/data/big", os.urandom(1 << 20) * (BIG >> 20)
    with orders.io.new_output(big).create() as f:
        f.write(noise)
    with orders.io.new_input(big).open() as f:
        claim(f"a file of {BIG >> 20} MB is sent in parts, and comes back", f.read() == noise)

    with writer.create_table_transaction("sales.staged", SCHEMA) as change:
        change.append(rows(0, 10))
    equal("a table is written before it is there, in one transaction", len(all_rows(writer.load_table("sales.staged"))), 10)

    beside = writer.create_table("sales.orders2", SCHEMA)
    beside.append(rows(0, 10))
    theirs = beside.inspect.files()["file_path"][0].as_py()
    # s3fs shares one client, and so PyIceberg one signer, among the tables of a thread: that of the table which was loaded last.
    orders = writer.load_table("sales.orders")
    refused("the signer of orders signs no read of orders2 beside it (403)", by_signer, lambda: orders.io.new_input(theirs).open().read())
    refused("the signer of orders signs no write into orders2 (403)", by_signer, lambda: put(orders, beside.location() + "/data/planted"))
    with writer.load_table("sales.orders2").io.new_input(theirs).open() as f:
        claim("the signer of orders2 signs both", f.read(4) == b"PAR1")

    reader = principal(lake, "reader", ("table", "TABLE_READ_DATA", "--namespace", "sales", "--table", "orders"))
    mine = reader.load_table("sales.orders")
    claim("the reader reads every row", all_rows(mine).equals(want))
    refused("the reader's append is not signed (403)", by_signer, lambda: mine.append(rows(0, 1)))
    refused("the reader loads no orders2 (403)", by_catalog, lambda: reader.load_table("sales.orders2"))
    grant("revoke", lake, "reader", "table", "TABLE_READ_DATA", "--namespace", "sales", "--table", "orders")
    refused("the reader that loses its right reads nothing more of the table that it holds, at once", by_signer, lambda: mine.scan().to_arrow())
    grant("grant", lake, "reader", "table", "TABLE_READ_DATA", "--namespace", "sales", "--table", "orders")
    claim("the reader that has it back reads on", all_rows(mine).equals(want))
    tampered(lake, bucket, orders, theirs)


def put(table: Table, at: str) -> None:
    with table.io.new_output(at).create(overwrite=True) as f:
        f.write(b"x")


def tampered(lake: str, bucket: str, orders: Table, theirs: str) -> None:
    """A client changes what was signed, or adds to it."""
    login = f"grant_type=client_credentials&scope=sign&client_id={os.environ['FIRN_CLIENT_ID']}&client_secret={os.environ['FIRN_CLIENT_SECRET']}"
    with urllib.request.urlopen(urllib.request.Request(URL + "/api/catalog/v1/oauth/tokens", login.encode())) as answer:
        token = json.load(answer)["access_token"]
    firn("privileges", "catalog", "grant", "CATALOG_MANAGE_CONTENT", "--catalog", lake, "--catalog-role", "catalog_admin")
    folder = orders.location().removeprefix(f"s3://{bucket}/")
    secret = theirs.removeprefix(f"s3://{bucket}/")
    uri, headers = signed(orders, token, "PUT", folder + "/data/copy")
    equal("a signed put is taken by the store", status("PUT", uri, headers), 200)
    claim("what is signed for one key opens no other", status("PUT", uri.replace("/data/copy", "/data/copy2"), headers) == 403)
    claim("what is signed to be written is not read", status("GET", uri, headers) == 403)
    for name, source in {"orders2": f"/{bucket}/{secret}", "its own table": f"/{bucket}/{folder}/data/copy"}.items():
        got = status("PUT", uri, headers | {"x-amz-copy-source": source})
        claim(f"a put is not made a copy from {name} by a header that is not signed", got in (400, 403, 412), got)
    got = status("PUT", uri, headers | {"X-Amz-Meta-Snowball-Auto-Extract": "true"})
    claim("a body is not unpacked by a header that is not signed", got in (400, 403) or lake != "nosts", got)


def main() -> None:
    for lake, (bucket, flags) in STORES.items():
        story(lake, bucket, flags)


if __name__ == "__main__":
    tell(main)
