"""What an administrator and two users of PyIceberg find at a firn server. Started by `run`.

root sets up a catalog in the embedded object store, a principal that may write and one that may read one table, all through
the command line. Neither has a key to the storage: all keys come with the tables that the catalog hands out. What the
catalog refuses is tried around it too, at the store, with the keys that it vended.

Prints a line per claim, then "N passed, N failed". The exit status is 0 if none failed.
"""
import json
import os
import subprocess
import sys
import traceback

import boto3
import botocore.config
import botocore.exceptions
import pyarrow as pa
import pyarrow.compute
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import ForbiddenError
from pyiceberg.expressions import LessThan
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.update import AddSnapshotUpdate, AssertTableUUID, SetSnapshotRefUpdate
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DoubleType, LongType, NestedField, StringType

ROWS, SNAPSHOTS = 1_000_000, 4
BUCKET = "lake"
REGIONS = ["africa", "asia", "europe", "oceania"]
NAMES = pa.schema([("id", pa.int64()), ("region", pa.string()), ("amount", pa.float64())])
SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False),
    NestedField(2, "region", StringType(), required=False),
    NestedField(3, "amount", DoubleType(), required=False),
)
BY_REGION = PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=IdentityTransform(), name="region"))

passed = failed = 0


def claim(what: str, holds: object = True, why: str = "") -> None:
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
    print(("ok    " if holds else "FAIL  ") + what + (f" [{why}]" if why else ""), flush=True)


def firn(*args: str) -> dict:
    """One command of the administrator."""
    out = subprocess.run(["firn", *args, "--output", "json"], check=True, capture_output=True, text=True).stdout
    return json.loads(out) if out.strip() else {}


def principal(name: str, *privileges: tuple[str, ...]) -> RestCatalog:
    """A new principal, its role, a catalog role with the privileges; gives the principal's catalog."""
    made = firn("principals", "create", name)["credentials"]
    firn("principal-roles", "create", name)
    firn("principal-roles", "grant", name, "--principal", name)
    firn("catalog-roles", "create", name, "--catalog", "lake")
    firn("catalog-roles", "grant", name, "--catalog", "lake", "--principal-role", name)
    for privilege in privileges:
        grant("grant", name, *privilege)
    return load_catalog(
        name,
        type="rest",
        uri=os.environ["FIRN_BASE_URL"] + "/api/catalog",
        warehouse="lake",
        credential=f"{made['clientId']}:{made['clientSecret']}",
        scope="PRINCIPAL_ROLE:ALL",
    )


def grant(verb: str, role: str, level: str, privilege: str, *where: str) -> None:
    firn("privileges", level, verb, privilege, "--catalog", "lake", "--catalog-role", role, *where)


def rows(start: int, count: int) -> pa.Table:
    ids = range(start, start + count)
    return pa.table([ids, [REGIONS[i % len(REGIONS)] for i in ids], [i / 8 for i in ids]], schema=NAMES)


def s3(table: Table):
    """A client of the store with nothing but the key that came with the table."""
    p = table.io.properties
    return boto3.client(
        "s3",
        endpoint_url=p["s3.endpoint"],
        region_name=p.get("s3.region") or p["client.region"],
        aws_access_key_id=p["s3.access-key-id"],
        aws_secret_access_key=p["s3.secret-access-key"],
        aws_session_token=p["s3.session-token"],
        config=botocore.config.Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def folder(table: Table) -> str:
    """A table's folder in the bucket, with its slash."""
    return table.location().removeprefix(f"s3://{BUCKET}/").rstrip("/") + "/"


def a_file(table: Table) -> str:
    """The key of a data file."""
    return table.inspect.files()["file_path"][0].as_py().removeprefix(f"s3://{BUCKET}/")


def refused(what: str, call, kinds: tuple = (botocore.exceptions.ClientError,), words: tuple = ("AccessDenied", "403")) -> None:
    """Claims that the call fails, with an error of these kinds and one of these words."""
    try:
        call()
        claim(what, False, "it was allowed")
    except kinds as e:
        claim(what, any(word in str(e) for word in words), "" if any(word in str(e) for word in words) else repr(e))
    except Exception as e:
        claim(what, False, repr(e))


def writes(writer: RestCatalog) -> Table:
    """The writer makes a table, fills it, changes it, and reads it back. Gives the table."""
    writer.create_namespace("sales")
    claim("the writer creates a namespace", ("sales",) in writer.list_namespaces())
    orders = writer.create_table("sales.orders", SCHEMA, partition_spec=BY_REGION)
    claim("the writer creates a partitioned table", not orders.spec().is_unpartitioned())
    for n in range(SNAPSHOTS):
        orders.append(rows(n * ROWS // SNAPSHOTS, ROWS // SNAPSHOTS))
    orders = writer.load_table("sales.orders")
    claim(f"the writer appends {ROWS:,} rows in {SNAPSHOTS} snapshots", len(orders.snapshots()) == SNAPSHOTS)
    with orders.update_schema() as change:
        change.add_column("note", StringType())
        change.rename_column("amount", "price")
    late = rows(ROWS, 1000).rename_columns(["id", "region", "price"]).append_column("note", pa.array(["late"] * 1000))
    orders.append(late)
    claim("the writer evolves the schema and appends with it", orders.schema().column_names == ["id", "region", "price", "note"])
    orders.delete("region == 'asia'")
    orders.delete(LessThan("id", 100))
    want = pa.concat_tables([
        rows(0, ROWS).rename_columns(["id", "region", "price"]).append_column("note", pa.nulls(ROWS, pa.string())),
        late,
    ]).filter((pa.compute.field("region") != "asia") & (pa.compute.field("id") >= 100))
    got = writer.load_table("sales.orders").scan().to_arrow().cast(want.schema).sort_by("id")
    claim(f"after deletes by filter the writer reads back {want.num_rows:,} rows, equal to what it wrote", got.equals(want))
    return writer.load_table("sales.orders")


def reads(reader: RestCatalog, written: Table) -> Table:
    """The reader reads, and cannot write: by the catalog, or around it. Gives the reader's table."""
    orders = reader.load_table("sales.orders")
    claim("the reader reads every row", orders.scan(selected_fields=("id",)).to_arrow().num_rows == written.scan(selected_fields=("id",)).to_arrow().num_rows)
    claim("the reader reads with a filter", orders.scan("region == 'europe' and id < 1000").to_arrow().num_rows == 225)
    one_more = rows(0, 1).rename_columns(["id", "region", "price"])
    refused("the reader's append is refused", lambda: orders.append(one_more), (OSError, ForbiddenError), ("AccessDenied", "ACCESS_DENIED", "Forbidden", "403"))
    snapshot = written.current_snapshot()
    updates = (
        AddSnapshotUpdate(snapshot=snapshot.model_copy(update={
            "snapshot_id": snapshot.snapshot_id + 1, "parent_snapshot_id": snapshot.snapshot_id, "sequence_number": snapshot.sequence_number + 1})),
        SetSnapshotRefUpdate(ref_name="main", type="branch", snapshot_id=snapshot.snapshot_id + 1),
    )
    refused("an append's commit from the reader is refused by the catalog",
            lambda: reader.commit_table(orders, (AssertTableUUID(uuid=orders.metadata.table_uuid),), updates), (ForbiddenError,), ("not authorized", "Forbidden"))
    refused("the reader may not create a table", lambda: reader.create_table("sales.mine", SCHEMA), (ForbiddenError,), ("not authorized", "Forbidden"))
    key = s3(orders)
    claim("the reader's key reads its table at the store", key.get_object(Bucket=BUCKET, Key=a_file(orders))["ContentLength"] > 0)
    claim("the reader's key lists its table at the store", key.list_objects_v2(Bucket=BUCKET, Prefix=folder(orders))["KeyCount"] > 0)
    refused("around the catalog, the store refuses the reader's put", lambda: key.put_object(Bucket=BUCKET, Key=folder(orders) + "data/x", Body=b"x"))
    refused("around the catalog, the store refuses the reader's delete", lambda: key.delete_object(Bucket=BUCKET, Key=a_file(orders)))
    return orders


def siblings(writer: RestCatalog, orders: Table, read_only: Table) -> None:
    """A key opens its own table and nothing of the one beside it, whose name begins alike."""
    beside = writer.create_table("sales.orders2", SCHEMA)
    beside.append(rows(0, 1000))
    beside = writer.load_table("sales.orders2")
    claim("the tables' folders begin alike", folder(beside).startswith(folder(orders).rstrip("/")), f"{folder(orders)} and {folder(beside)}")
    theirs = a_file(beside)
    for who, key in (("reader", s3(read_only)), ("writer", s3(orders))):
        refused(f"the {who}'s key of orders does not read orders2", lambda: key.get_object(Bucket=BUCKET, Key=theirs))
        refused(f"the {who}'s key of orders does not see that a file of orders2 is there", lambda: key.head_object(Bucket=BUCKET, Key=theirs))
        refused(f"the {who}'s key of orders does not list orders2", lambda: key.list_objects_v2(Bucket=BUCKET, Prefix=folder(beside)))
        refused(f"the {who}'s key of orders does not list what begins alike", lambda: key.list_objects_v2(Bucket=BUCKET, Prefix=folder(orders).rstrip("/")))
        refused(f"the {who}'s key of orders does not list the bucket", lambda: key.list_objects_v2(Bucket=BUCKET))
        refused(f"the {who}'s key of orders does not copy from orders2",
                lambda: key.copy_object(Bucket=BUCKET, Key=folder(orders) + "data/stolen", CopySource={"Bucket": BUCKET, "Key": theirs}))
        refused(f"the {who}'s key of orders does not copy into orders2",
                lambda: key.copy_object(Bucket=BUCKET, Key=folder(beside) + "data/planted", CopySource={"Bucket": BUCKET, "Key": a_file(orders)}))
        refused(f"the {who}'s key of orders does not delete from orders2 in a batch", lambda: batch_delete(key, [theirs]))
    own = folder(orders) + "data/own"
    key = s3(orders)
    key.put_object(Bucket=BUCKET, Key=own, Body=b"x")
    refused("a batch with one's own and a foreign file deletes no foreign file", lambda: batch_delete(key, [own, theirs]))
    claim("orders2 is whole after all that", writer.load_table("sales.orders2").scan().to_arrow().num_rows == 1000)


def batch_delete(key, names: list[str]) -> None:
    """Raises what the store says of the first key that it would not delete."""
    answer = key.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": name} for name in names]})
    for error in answer.get("Errors", []):
        raise botocore.exceptions.ClientError({"Error": error}, "DeleteObjects")


def revocation(reader: RestCatalog, orders: Table) -> None:
    """What root takes away is gone with the next request, at both doors."""
    key, file = s3(orders), a_file(orders)
    key.get_object(Bucket=BUCKET, Key=file)
    grant("revoke", "reader", "table", "TABLE_READ_DATA", "--namespace", "sales", "--table", "orders")
    refused("a revoked reader is refused by the catalog at once", lambda: reader.load_table("sales.orders"), (ForbiddenError,), ("not authorized", "Forbidden"))
    refused("a revoked reader's key is refused by the store at once", lambda: key.get_object(Bucket=BUCKET, Key=file))
    refused("a revoked reader's running scan is refused", lambda: orders.scan().to_arrow(), (OSError, ForbiddenError), ("AccessDenied", "ACCESS_DENIED", "Forbidden", "403"))
    grant("grant", "reader", "table", "TABLE_READ_DATA", "--namespace", "sales", "--table", "orders")
    again = reader.load_table("sales.orders")
    claim("a reader that gets its right back reads with a new key", s3(again).get_object(Bucket=BUCKET, Key=file)["ContentLength"] > 0)
    firn("principals", "delete", "reader")
    refused("a deleted principal's key is refused by the store at once", lambda: s3(again).get_object(Bucket=BUCKET, Key=file))


def main() -> int:
    firn("catalogs", "create", "lake", "--storage-type", "S3", "--default-base-location", f"s3://{BUCKET}/warehouse",
         "--property", "polaris.config.default-unique-table-location.enabled=false")  # so that siblings lie as near as they can
    writer = principal("writer", ("catalog", "NAMESPACE_FULL_METADATA"), ("catalog", "TABLE_FULL_METADATA"), ("catalog", "TABLE_WRITE_DATA"))
    orders = writes(writer)
    reader = principal("reader", ("table", "TABLE_READ_DATA", "--namespace", "sales", "--table", "orders"))
    own = [name for who in (writer, reader) for name in who.properties if "access-key" in name or "secret-access" in name or "session-token" in name]
    own += [name for name in os.environ if name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE")]
    claim("neither has a storage key of its own", not own and boto3.Session().get_credentials() is None, ", ".join(own))
    seen = reads(reader, orders)
    siblings(writer, orders, seen)
    revocation(reader, seen)
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    try:
        status = main()
    except subprocess.CalledProcessError as e:
        claim(f"{' '.join(map(str, e.cmd))}", False, e.stderr.strip())
        status = 1
    except Exception:
        traceback.print_exc(file=sys.stdout)
        claim("the story goes on", False, "it broke off, see above")
        status = 1
    print(f"{passed} passed, {failed} failed")
    sys.exit(status)
