"""What an administrator and two users of PyIceberg find at a firn server. Started by `run`.

root sets up a catalog in the embedded object store (or the store of a deployment, whose keys live until they expire), a principal that may write and one that may read one table, all through
the command line. Neither has a key to the storage: all keys come with the tables that the catalog hands out. What the
catalog refuses is tried around it too, at the store, with the keys that it vended. Each thing that is refused to one is
done by another who may, so that nothing passes for refused that never works.

Prints a line per claim, then "N passed, N failed". The exit status is 0 if none failed.
"""
import os

import boto3
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.exceptions import NamespaceNotEmptyError, NoSuchTableError, NoSuchViewError, TableAlreadyExistsError, ViewAlreadyExistsError
from pyiceberg.expressions import LessThan
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.update import AddSnapshotUpdate, AssertTableUUID, SetSnapshotRefUpdate, TableRequirement, TableUpdate
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import DoubleType, LongType, NestedField, StringType
from pyiceberg.view.metadata import SQLViewRepresentation, ViewVersion

from claims import claim, equal, refused, tell
from parties import BUCKET, REVOKES, STORAGE, Key, NoKey, a_file, firn, folder, grant, principal
from refusals import by_catalog, by_login, by_store

ROWS, SNAPSHOTS = 1_000_000, 4
REGIONS = ["africa", "asia", "europe", "oceania"]
SCHEMA = Schema(
    NestedField(1, "id", LongType(), required=False),
    NestedField(2, "region", StringType(), required=False),
    NestedField(3, "amount", DoubleType(), required=False),
)
BY_REGION = PartitionSpec(PartitionField(source_id=2, field_id=1000, transform=IdentityTransform(), name="region"))
EVOLVED = ["id", "region", "price", "note"]


def rows(start: int, count: int) -> pa.Table:
    ids = range(start, start + count)
    return pa.table({"id": ids, "region": [REGIONS[i % len(REGIONS)] for i in ids], "amount": [i / 8 for i in ids]})


def evolved(batch: pa.Table, note: str | None) -> pa.Table:
    """A batch as the evolved schema has it."""
    return batch.append_column("note", pa.array([note] * len(batch), pa.string())).rename_columns(EVOLVED)


def all_rows(table: Table) -> pa.Table:
    """The whole table as a scan gives it, by id."""
    return table.scan().to_arrow().sort_by("id")


def same(got: pa.Table, want: pa.Table) -> bool:
    return got.cast(want.schema).equals(want)


def writes(writer: RestCatalog) -> tuple[Table, pa.Table]:
    """The writer makes a table, fills it, changes it, and reads it back. Gives the table and what it holds."""
    writer.create_namespace("sales")
    equal("the writer creates a namespace", writer.list_namespaces(), [("sales",)])
    writer.create_table("sales.orders", SCHEMA, partition_spec=BY_REGION)
    orders = writer.load_table("sales.orders")
    equal("the writer creates a partitioned table", orders.spec().fields, BY_REGION.fields)

    for n in range(SNAPSHOTS):
        orders.append(rows(n * ROWS // SNAPSHOTS, ROWS // SNAPSHOTS))
    orders = writer.load_table("sales.orders")
    added = [int(snapshot.summary["added-records"]) for snapshot in orders.snapshots()]
    equal(f"the writer appends {ROWS:,} rows in {SNAPSHOTS} snapshots", added, [ROWS // SNAPSHOTS] * SNAPSHOTS)
    counted = {p["partition"]["region"]: p["record_count"] for p in orders.inspect.partitions().to_pylist()}
    equal("they lie in a partition per region", counted, {region: ROWS // len(REGIONS) for region in REGIONS})

    with orders.update_schema() as change:
        change.add_column("note", StringType())
        change.rename_column("amount", "price")
    orders.append(evolved(rows(ROWS, 1000), "late"))
    orders = writer.load_table("sales.orders")
    equal("the writer evolves the schema", orders.schema().column_names, EVOLVED)
    want = pa.concat_tables([evolved(rows(0, ROWS), None), evolved(rows(ROWS, 1000), "late")])
    claim(f"the writer reads back {len(want):,} rows of both schemas, equal to what it wrote", same(all_rows(orders), want))

    orders.delete("region == 'asia'")
    orders.delete(LessThan("id", 100))
    orders = writer.load_table("sales.orders")
    how = [snapshot.summary.operation.value for snapshot in orders.snapshots()[SNAPSHOTS + 1:]]
    equal("the writer deletes by filter: whole files, then rows within files", how, ["delete", "overwrite"])
    want = want.filter((pc.field("region") != "asia") & (pc.field("id") >= 100))
    claim(f"the writer reads back the other {len(want):,} rows, equal to what it wrote", same(all_rows(orders), want))
    return orders, want


def own_keys(*who: RestCatalog) -> None:
    """Nobody has a key to the storage but those that come with tables."""
    keys = ("s3.", "client.access", "client.secret", "client.session", "adls.", "gcs.")
    own = [name for catalog in who for name in catalog.properties if name.startswith(keys)]
    own += [name for name in os.environ if name.startswith("AWS_") and ("KEY" in name or "TOKEN" in name or "PROFILE" in name)]
    claim("neither has a storage key of its own", not own and boto3.Session().get_credentials() is None, own)


def an_append(orders: Table) -> tuple[tuple[TableRequirement, ...], tuple[TableUpdate, ...]]:
    """What an append sends to the catalog, for files that are there already: nothing of it touches the store."""
    last = orders.current_snapshot()
    another = last.model_copy(update={
        "snapshot_id": last.snapshot_id ^ 1, "parent_snapshot_id": last.snapshot_id, "sequence_number": last.sequence_number + 1})
    return (AssertTableUUID(uuid=orders.metadata.table_uuid),), (
        AddSnapshotUpdate(snapshot=another),
        SetSnapshotRefUpdate(ref_name="main", type="branch", snapshot_id=another.snapshot_id))


def reads(reader: RestCatalog, writer: RestCatalog, want: pa.Table) -> Table:
    """The reader reads, and cannot write: by the catalog, or around it. Gives the reader's table."""
    orders = reader.load_table("sales.orders")
    claim("the reader reads every row, equal to what was written", same(all_rows(orders), want))
    some = orders.scan("region == 'europe' and id < 1000").to_arrow().sort_by("id")
    claim("the reader reads with a filter", same(some, want.filter((pc.field("region") == "europe") & (pc.field("id") < 1000))))

    refused("the reader's append is refused by the store", by_store, lambda: orders.append(evolved(rows(0, 1), None)))
    refused("the reader's append is refused by the catalog (403)", by_catalog, lambda: reader.commit_table(orders, *an_append(orders)))
    refused("the reader creates no table (403)", by_catalog, lambda: reader.create_table("sales.mine", SCHEMA))
    refused("the reader drops no table (403)", by_catalog, lambda: reader.drop_table("sales.orders"))
    key, file, planted = Key(orders.io.properties), a_file(orders), folder(orders) + "data/planted"
    claim("the reader's key gets a file of its table", key.get(file)[:4] == b"PAR1")
    claim("the reader's key lists its table", file in key.list(folder(orders)))
    refused("around the catalog, the store refuses the reader's put", by_store, lambda: key.put(planted))
    refused("around the catalog, the store refuses the reader's copy", by_store, lambda: key.copy(file, planted))
    refused("around the catalog, the store refuses the reader's upload in parts", by_store, lambda: key.copy_in_parts(file, planted))
    refused("around the catalog, the store refuses the reader's delete", by_store, lambda: key.delete(file))
    refused("around the catalog, the store refuses the reader's batch delete", by_store, lambda: key.delete_batch(file))
    refused("who has no key gets nothing", by_store, lambda: NoKey().get(file))

    now = writer.load_table("sales.orders")
    equal("after all that the table's metadata is what it was", now.metadata_location, orders.metadata_location)
    claim("and its files: none is gone, none is planted", planted not in key.list(folder(orders)) and same(all_rows(now), want))
    writer.commit_table(now, *an_append(now))
    now = writer.load_table("sales.orders")
    claim("the same append is taken from the writer", len(now.snapshots()) == len(orders.snapshots()) + 1 and same(all_rows(now), want))
    return orders


def views(writer: RestCatalog, reader: RestCatalog) -> None:
    """Views: made, listed, loaded and dropped; one name space with tables; each right on its own."""
    def version(sql: str) -> ViewVersion:
        query = SQLViewRepresentation(type="sql", sql=sql, dialect="spark")
        return ViewVersion(schema_id=0, summary={"engine-name": "pyiceberg"}, representations=[query], default_namespace=("sales",))

    made = writer.create_view("sales.large", SCHEMA, version("SELECT * FROM orders WHERE price > 9"), properties={"comment": "large orders"})
    found = writer.load_view("sales.large")
    query = found.current_version().representations[0].root
    claim("the writer creates a view and loads what it made", found.metadata == made.metadata and query.sql == "SELECT * FROM orders WHERE price > 9", found)
    equal("with its schema, properties and summary", (found.schema().column_names, found.properties, found.current_version().summary),
          (["id", "region", "amount"], {"comment": "large orders"}, {"engine-name": "pyiceberg"}))
    equal("views are listed", writer.list_views("sales"), [("sales", "large")])
    claim("and tables beside them", ("sales", "large") not in writer.list_tables("sales") and writer.view_exists("sales.large"))

    def by(kind: type[Exception]):
        return lambda e: isinstance(e, kind)
    refused("a view named as a view is refused", by(ViewAlreadyExistsError), lambda: writer.create_view("sales.large", SCHEMA, version("SELECT 1")))
    refused("a view named as a table is refused", by(ViewAlreadyExistsError), lambda: writer.create_view("sales.orders", SCHEMA, version("SELECT 1")))
    refused("a table named as a view is refused", by(TableAlreadyExistsError), lambda: writer.create_table("sales.large", SCHEMA))
    refused("a view is no table", by(NoSuchTableError), lambda: writer.load_table("sales.large"))
    refused("a table is no view", by(NoSuchViewError), lambda: writer.load_view("sales.orders"))
    refused("who reads a table loads no view (403)", by_catalog, lambda: reader.load_view("sales.large"))
    grant("grant", "reader", "view", "VIEW_READ_PROPERTIES", "--namespace", "sales", "--view", "large")
    equal("who is granted the view loads it", reader.load_view("sales.large").metadata, made.metadata)
    refused("and does not drop it (403)", by_catalog, lambda: reader.drop_view("sales.large"))
    grant("revoke", "reader", "view", "VIEW_READ_PROPERTIES", "--namespace", "sales", "--view", "large")
    refused("without the grant the reader loads no view (403)", by_catalog, lambda: reader.load_view("sales.large"))

    writer.create_namespace("reports")
    writer.create_view("reports.total", SCHEMA, version("SELECT sum(price) FROM sales.orders"))
    refused("a namespace that holds a view is not empty", by(NamespaceNotEmptyError), lambda: writer.drop_namespace("reports"))
    writer.drop_view("reports.total")
    claim("a dropped view is gone", not writer.view_exists("reports.total"))
    writer.drop_namespace("reports")


def siblings(reader: RestCatalog, writer: RestCatalog) -> None:
    """A key opens its own table and nothing of the one beside it, whose name begins alike."""
    batch = rows(0, 1000)
    writer.create_table("sales.orders2", SCHEMA).append(batch)
    orders, beside = writer.load_table("sales.orders"), writer.load_table("sales.orders2")
    claim("the folders of orders and orders2 begin alike", folder(beside).startswith(folder(orders).rstrip("/")), folder(beside))
    refused("the reader of orders loads no orders2 (403)", by_catalog, lambda: reader.load_table("sales.orders2"))

    theirs, file, own = a_file(beside), a_file(orders), folder(orders) + "data/own"
    keys = {"reader": Key(reader.load_table("sales.orders").io.properties), "writer": Key(orders.io.properties)}
    other = Key(beside.io.properties)
    equal("reader, writer and orders2 have a key each", len({keys["reader"].id, keys["writer"].id, other.id}), 3)
    opens = other.head(theirs) == len(other.get(theirs)) and theirs in other.list(folder(beside))
    claim("the key of orders2 gets and lists the file that the others try", opens)
    for who, key in keys.items():
        mine = f"the {who}'s key of orders"
        refused(f"{mine} does not get from orders2", by_store, lambda: key.get(theirs))
        refused(f"{mine} does not see that a file of orders2 is there", by_store, lambda: key.head(theirs))
        refused(f"{mine} does not see that a file of orders2 is not there", by_store, lambda: key.head(theirs + "x"))
        refused(f"{mine} does not list orders2", by_store, lambda: key.list(folder(beside)))
        refused(f"{mine} does not list what begins alike", by_store, lambda: key.list(folder(orders).rstrip("/")))
        refused(f"{mine} does not list the bucket", by_store, lambda: key.list(""))
        refused(f"{mine} does not put into orders2", by_store, lambda: key.put(folder(beside) + "data/planted"))
        refused(f"{mine} does not copy from orders2", by_store, lambda: key.copy(theirs, own))
        refused(f"{mine} does not copy from orders2 in parts", by_store, lambda: key.copy_in_parts(theirs, own))
        refused(f"{mine} does not copy into orders2", by_store, lambda: key.copy(file, folder(beside) + "data/planted"))
        refused(f"{mine} does not delete from orders2", by_store, lambda: key.delete(theirs))
        refused(f"{mine} does not delete from orders2 in a batch", by_store, lambda: key.delete_batch(theirs))

    key = keys["writer"]
    key.copy(file, own)
    key.copy_in_parts(file, own + "2")
    claim("the writer's key copies within orders, whole and in parts", key.get(own) == key.get(own + "2") == key.get(file))
    refused("a batch of a file of orders and one of orders2 is refused the second", by_store, lambda: key.delete_batch(own, own + "2", theirs))
    claim("and has deleted the first", not {own, own + "2"} & set(key.list(folder(orders))))
    planted = folder(beside) + "data/planted" in other.list(folder(beside))
    claim("orders2 is whole after all that", not planted and same(all_rows(writer.load_table("sales.orders2")), batch))


def revocation(reader: RestCatalog) -> None:
    """What root takes away is gone with the next request, at both doors, whichever link of the chain it takes."""
    chain = {
        "its privilege": lambda verb: grant(verb, "reader", "table", "TABLE_READ_DATA", "--namespace", "sales", "--table", "orders"),
        "its catalog role": lambda verb: firn("catalog-roles", verb, "reader", "--catalog", "lake", "--principal-role", "reader"),
        "its principal role": lambda verb: firn("principal-roles", verb, "reader", "--principal", "reader"),
    }
    for link, change in chain.items():
        orders = reader.load_table("sales.orders")
        key, file = Key(orders.io.properties), a_file(orders)
        fresh = Key(reader.load_credentials("sales.orders", f"s3://{BUCKET}/{file}"))
        claim(f"before it loses {link} the reader's key reads, and a fresh one", key.get(file)[:4] == fresh.get(file)[:4] == b"PAR1")
        change("revoke")
        if REVOKES:
            refused(f"without {link} the reader's key gets nothing, at once", by_store, lambda: key.get(file))
            refused(f"without {link} the reader's key lists nothing", by_store, lambda: key.list(folder(orders)))
            refused(f"without {link} a scan of the table that the reader holds is refused", by_store, lambda: orders.scan().to_arrow())
        refused(f"without {link} the catalog refuses the table (403)", by_catalog, lambda: reader.load_table("sales.orders"))
        refused(f"without {link} the catalog refuses a fresh key (403)", by_catalog, lambda: reader.load_credentials("sales.orders", f"s3://{BUCKET}/{file}"))
        change("grant")
    orders = reader.load_table("sales.orders")
    key, file = Key(orders.io.properties), a_file(orders)
    claim("the reader that has all back reads again, with a new key", key.get(file)[:4] == b"PAR1")
    firn("principals", "delete", "reader")
    if REVOKES:
        refused("a deleted principal's key gets nothing, at once", by_store, lambda: key.get(file))
    refused("a deleted principal is unknown to the catalog, at once (401)", by_login, lambda: reader.load_table("sales.orders"))


def main() -> None:
    firn("catalogs", "create", "lake", "--storage-type", "S3", "--default-base-location", f"s3://{BUCKET}/warehouse", *STORAGE,
         "--property", "polaris.config.default-unique-table-location.enabled=false")  # so that siblings lie as near as they can
    writer = principal("writer", ("catalog", "NAMESPACE_FULL_METADATA"), ("catalog", "TABLE_FULL_METADATA"), ("catalog", "TABLE_WRITE_DATA"), ("catalog", "VIEW_FULL_METADATA"))
    _, want = writes(writer)
    reader = principal("reader", ("table", "TABLE_READ_DATA", "--namespace", "sales", "--table", "orders"))
    own_keys(writer, reader)
    reads(reader, writer, want)
    views(writer, reader)
    siblings(reader, writer)
    revocation(reader)


if __name__ == "__main__":
    tell(main)
