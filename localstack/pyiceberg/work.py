"""What a user of PyIceberg does with tables and views, whichever part of the catalog's protocol that takes. Started by `run`.

Prints a line per claim, then "N passed, N failed". The exit status is 0 if none failed.
"""
import os
import time

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import (CommitFailedException, NamespaceNotEmptyError, NoSuchTableError, NoSuchViewError, RESTError,
                                  TableAlreadyExistsError, ViewAlreadyExistsError)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import BucketTransform, IdentityTransform, MonthTransform
from pyiceberg.types import DoubleType, LongType, NestedField, StringType, TimestampType
from pyiceberg.view.metadata import SQLViewRepresentation, ViewRepresentation, ViewVersion

from claims import claim, equal, refused, tell

SCHEMA = Schema(NestedField(1, "id", LongType(), required=True), NestedField(2, "region", StringType()), NestedField(3, "amount", DoubleType()),
                identifier_field_ids=[1])
ARROW = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("region", pa.string()), pa.field("amount", pa.float64())])


def rows(start: int, stop: int, amount: float = 1.0) -> pa.Table:
    return pa.Table.from_pylist([{"id": i, "region": ["asia", "europe"][i % 2], "amount": amount} for i in range(start, stop)], schema=ARROW)


def ids(table: Table, **scan: object) -> list[int]:
    return sorted(table.scan(**scan).to_arrow()["id"].to_pylist())


def by(*kinds: type) -> object:
    """For claims.refused: the error that PyIceberg gives for the catalog's answer."""
    return lambda e: isinstance(e, kinds)


c = load_catalog("work", type="rest", uri=os.environ["FIRN_BASE_URL"] + "/api/catalog", warehouse="work", scope="PRINCIPAL_ROLE:ALL",
                 credential=f"{os.environ['FIRN_CLIENT_ID']}:{os.environ['FIRN_CLIENT_SECRET']}")


def namespaces() -> None:
    c.create_namespace("n", {"owner": "etl", "gone": "x"})
    c.create_namespace(("n", "a.b c%é"))
    equal("namespaces nest, with any name", (c.list_namespaces("n"), c.list_namespaces(("n", "a.b c%é"))), ([("n", "a.b c%é")], []))
    c.update_namespace_properties("n", removals={"gone"}, updates={"owner": "bi"})
    properties = c.load_namespace_properties("n")
    claim("properties are set and removed in one request", properties.get("owner") == "bi" and "gone" not in properties, properties)
    refused("a namespace that holds one is not dropped", by(NamespaceNotEmptyError), lambda: c.drop_namespace("n"))
    c.drop_namespace(("n", "a.b c%é"))
    claim("an empty one is", not c.namespace_exists(("n", "a.b c%é")) and c.namespace_exists("n"))


def transactions() -> None:
    table = c.create_table("n.changed", SCHEMA)
    with table.transaction() as change:
        change.append(rows(0, 10))
        change.update_schema().add_column("note", StringType()).commit()
        change.set_properties(owner="etl")
    table = c.load_table("n.changed")
    equal("rows, schema and properties change in one commit", (ids(table), table.schema().column_names[-1], table.properties["owner"], len(table.metadata.metadata_log)),
          (list(range(10)), "note", "etl", 1))
    with c.create_table_transaction("n.staged", SCHEMA) as change:
        change.append(rows(0, 5))
        claim("a table that is made in a transaction is not there before its end", not c.table_exists("n.staged"))
    equal("and is then, with its rows", ids(c.load_table("n.staged")), list(range(5)))
    one, other = c.load_table("n.staged"), c.load_table("n.staged")
    one.append(rows(5, 6))
    change = other.transaction()
    change.update_schema().add_column("late", StringType()).commit()
    with one.update_schema() as first:
        first.add_column("soon", StringType())
    refused("of two who change a schema the second is refused (409)", by(CommitFailedException), change.commit_transaction)
    equal("and only the first's is there", c.load_table("n.staged").schema().column_names[3:], ["soon"])


def travel() -> None:
    table = c.create_table("n.past", SCHEMA)
    for start in (0, 10, 20):
        table.append(rows(start, start + 10))
    first, second, third = (s.snapshot_id for s in table.snapshots())
    equal("a table is read as of each of its snapshots", [len(ids(table, snapshot_id=s)) for s in (first, second, third)], [10, 20, 30])
    at = table.snapshot_as_of_timestamp(table.snapshot_by_id(second).timestamp_ms)
    equal("and as of a time", at.snapshot_id, second)
    table.manage_snapshots().create_tag(first, "v1").create_branch(second, "audit", max_ref_age_ms=10**9, min_snapshots_to_keep=2).commit()
    table = c.load_table("n.past")
    equal("tags and branches are made", {name: (ref.snapshot_ref_type.value, ref.snapshot_id) for name, ref in table.refs().items()},
          {"main": ("branch", third), "v1": ("tag", first), "audit": ("branch", second)})
    table.append(rows(100, 101), branch="audit")
    table.delete("id < 5", branch="audit")
    table = c.load_table("n.past")
    equal("a branch is written and read while main and the tag stay", [len(table.scan().use_ref(ref).to_arrow()) for ref in ("audit", "main", "v1")], [16, 30, 10])
    table.manage_snapshots().rollback_to_snapshot(second).commit()
    equal("a table is rolled back", len(ids(c.load_table("n.past"))), 20)
    table = c.load_table("n.past")
    table.manage_snapshots().set_current_snapshot(ref_name="audit").commit()
    equal("and set to a branch's snapshot", len(ids(c.load_table("n.past"))), 16)
    table = c.load_table("n.past")
    table.manage_snapshots().remove_tag("v1").remove_branch("audit").commit()
    equal("tag and branch are removed", list(c.load_table("n.past").refs()), ["main"])
    c.load_table("n.past").maintenance.expire_snapshots().by_id(third).commit()
    claim("a snapshot expires", third not in [s.snapshot_id for s in c.load_table("n.past").snapshots()])


def changes() -> None:
    table = c.create_table("n.rows", SCHEMA, partition_spec=PartitionSpec(PartitionField(2, 1000, IdentityTransform(), "region")))
    table.append(rows(0, 100))
    done = table.upsert(rows(90, 110, amount=2.0))
    equal("upsert updates and inserts", (done.rows_updated, done.rows_inserted, len(ids(table, row_filter="amount == 2.0"))), (10, 10, 20))
    table.delete("id >= 50 and id < 60")
    equal("delete takes rows within files", len(ids(c.load_table("n.rows"))), 100)
    table.overwrite(rows(200, 210), overwrite_filter="region == 'asia'")
    equal("overwrite replaces what a filter finds", len(ids(c.load_table("n.rows"))), 60)
    table.dynamic_partition_overwrite(rows(301, 302))
    equal("and partitions, those that new rows are in", (len(ids(table, row_filter="region == 'europe'")), len(ids(table, row_filter="region == 'asia'"))), (1, 5))


def evolution() -> None:
    table = c.create_table("n.shape", Schema(NestedField(1, "id", LongType()), NestedField(2, "at", TimestampType()), NestedField(3, "city", StringType())))

    def append(start: int, **more: list) -> None:
        at = pa.array([1_767_225_600_000_000 + i * 86_400_000_000 for i in range(start, start + 60)], pa.timestamp("us"))
        table.append(pa.table({"id": pa.array(range(start, start + 60), pa.int64()), "at": at, **more}).select([f.name for f in table.schema().fields]))

    append(0, city=["x"] * 60)
    with table.update_spec() as spec:
        spec.add_field("at", MonthTransform(), "month")
    append(60, city=["x"] * 60)
    with table.update_spec() as spec:
        spec.add_field("id", BucketTransform(4), "shard")
        spec.remove_field("month")
    with table.update_schema() as schema:
        schema.rename_column("city", "town")
        schema.add_column("price", DoubleType())
    with table.update_schema() as schema:
        schema.move_first("town")
    append(120, town=["y"] * 60, price=[1.5] * 60)
    table = c.load_table("n.shape")
    equal("columns are renamed, added and moved, partitions added and removed", (table.schema().column_names, [f.name for f in table.spec().fields]),
          (["town", "id", "at", "price"], ["shard"]))
    equal("and rows of all specs and schemas are read", (ids(table), table.scan("price is null").to_arrow()["town"].unique().to_pylist()), (list(range(180)), ["x"]))
    claim("files lie in partitions of three specs", set(table.inspect.files()["spec_id"].to_pylist()) == {0, 1, 2}, table.inspect.files()["spec_id"].unique())
    with table.update_sort_order() as order:
        order.desc("id", IdentityTransform())
    with table.update_schema() as schema:
        schema.delete_column("price")
    table = c.create_table("n.first", SCHEMA, properties={"format-version": "1"})
    was = table.format_version
    with table.transaction() as change:
        change.upgrade_table_version(2)
    equal("the sort order changes, a column goes, the format version rises", (c.load_table("n.shape").sort_order().fields[0].source_id,
          "price" in c.load_table("n.shape").schema().column_names, was, c.load_table("n.first").format_version), (1, False, 1, 2))


def register() -> None:
    c.create_namespace("other")
    table = c.load_table("n.rows")
    c.rename_table("n.rows", "n.renamed")
    refused("a renamed table's old name is free", by(NoSuchTableError), lambda: c.load_table("n.rows"))
    c.create_table("n.rows", SCHEMA)
    refused("no table takes a name that is taken", by(TableAlreadyExistsError), lambda: c.rename_table("n.rows", "n.renamed"))
    c.load_table("n.renamed").append(rows(500, 501))
    old, new = table.metadata_location, c.load_table("n.renamed").metadata_location
    c.drop_table("n.renamed")
    again = c.register_table("n.again", new)
    equal("a dropped table is registered from its metadata file", (again.metadata.table_uuid, len(ids(again))), (table.metadata.table_uuid, 7))
    refused("not over a table that is there", by(TableAlreadyExistsError), lambda: c.register_table("n.again", old))
    equal("but where it is to overwrite that", len(ids(c.register_table("n.again", old, overwrite=True))), 6)
    c.rename_table("n.again", "other.moved")
    equal("a table moves to another namespace", (c.list_tables("other"), len(ids(c.load_table("other.moved")))), ([("other", "moved")], 6))
    last = c.load_table("other.moved").metadata_location
    c.purge_table("other.moved")
    deadline = time.monotonic() + 30  # a deployment's worker may take up the rest
    while (gone := is_gone(last)) is False and time.monotonic() < deadline:
        time.sleep(1)
    claim("a purged table's files are gone", gone)


def is_gone(metadata: str) -> bool:
    """Whether a table cannot be registered from the file because it is not there."""
    try:
        c.register_table("n.purged", metadata)
    except RESTError as e:
        if "NotFoundException" not in str(e):
            raise
        return True
    c.drop_table("n.purged")
    return False


def views() -> None:
    def version(sql: str) -> ViewVersion:
        return ViewVersion(schema_id=1, representations=[ViewRepresentation(root=SQLViewRepresentation(type="sql", sql=sql, dialect=d)) for d in ("spark", "trino")],
                           default_namespace=("n",))

    made = c.create_view("n.europe", SCHEMA, version("SELECT * FROM rows WHERE region = 'europe'"), properties={"owner": "etl"})
    equal("a view is created", (made.sql_for("trino").sql, made.schema().column_names, made.properties["owner"]),
          ("SELECT * FROM rows WHERE region = 'europe'", ["id", "region", "amount"], "etl"))
    claim("loaded, listed and there", c.load_view("n.europe") == made and c.list_views("n") == [("n", "europe")] and c.view_exists("n.europe"))
    claim("it is not among the tables", ("n", "europe") not in c.list_tables("n") and not c.table_exists("n.europe"))
    refused("nor loaded as one", by(NoSuchTableError), lambda: c.load_table("n.europe"))
    refused("a view is not created twice", by(ViewAlreadyExistsError), lambda: c.create_view("n.europe", SCHEMA, version("SELECT 1")))
    refused("nor a table of its name", by(TableAlreadyExistsError), lambda: c.create_table("n.europe", SCHEMA))
    refused("nor a view of a table's", by(ViewAlreadyExistsError), lambda: c.create_view("n.rows", SCHEMA, version("SELECT 1")))
    c.drop_view("n.europe")
    claim("a view is dropped", not c.view_exists("n.europe") and c.list_views("n") == [])
    refused("and not found", by(NoSuchViewError), lambda: c.load_view("n.europe"))


def lists() -> None:
    want = [("many", f"t{n:02}") for n in range(12)]
    c.create_namespace("many")
    for name in want:
        c.create_table(name, SCHEMA)
    answers = []
    c._session.hooks["response"].append(lambda answer, **_: answers.append(answer.json().get("next-page-token")))
    c.properties["rest-page-size"] = "5"
    equal("tables are listed page by page", (sorted(c.list_tables("many")), [token is not None for token in answers]), (want, [True, True, False]))


if __name__ == "__main__":
    tell(namespaces, transactions, travel, changes, evolution, register, views, lists)
