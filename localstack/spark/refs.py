"""Snapshots have names, and a table goes back to them."""
from claims import claim, equal, refused
from engine import column, one, says, spark, sql


def filled(table: str) -> list[tuple[int, str]]:
    """A table that three snapshots of ten rows made. Gives each one's id and time."""
    sql(f"CREATE TABLE {table} (id bigint) USING iceberg")
    for start in (0, 10, 20):
        sql(f"INSERT INTO {table} SELECT id FROM range({start}, {start + 10})")
    return sql(f"SELECT snapshot_id, CAST(committed_at AS string) FROM {table}.snapshots ORDER BY committed_at")


def count(table: str, version: object = None) -> int:
    return one(f"SELECT count(*) FROM {table}" + (f" VERSION AS OF {version}" if version else ""))


def travel() -> None:
    first, second, third = filled("sales.past")
    equal("a table is read as of each of its snapshots", [count("sales.past", id) for id, _ in (first, second, third)], [10, 20, 30])
    equal("and as of a time", one(f"SELECT count(*) FROM sales.past TIMESTAMP AS OF '{second[1]}'"), 20)
    refused("a snapshot that never was is not read", says("Cannot find snapshot"), lambda: count("sales.past", 42))
    equal("what changed between two is read", spark.read.format("iceberg").option("start-snapshot-id", first[0]).option("end-snapshot-id", third[0]).load("sales.past").count(), 20)


def branches() -> None:
    table = "sales.forked"
    first, second, third = filled(table)
    sql(f"ALTER TABLE {table} CREATE TAG old AS OF VERSION {first[0]} RETAIN 30 DAYS")
    equal("a tag names a snapshot", count(table, "'old'"), 10)
    sql(f"ALTER TABLE {table} REPLACE TAG old AS OF VERSION {second[0]}")
    equal("and another once it is replaced", count(table, "'old'"), 20)
    sql(f"ALTER TABLE {table} CREATE BRANCH audit AS OF VERSION {third[0]} WITH SNAPSHOT RETENTION 2 SNAPSHOTS")
    refused("a branch is not created twice", says("already exists"), lambda: sql(f"ALTER TABLE {table} CREATE BRANCH audit"))
    sql(f"INSERT INTO {table}.branch_audit VALUES (100)")
    sql(f"DELETE FROM {table}.branch_audit WHERE id < 5")
    equal("a branch is written while main stays", (count(table), count(table, "'audit'"), count(table + ".branch_audit")), (30, 26, 26))
    sql(f"CALL system.fast_forward('{table}', 'main', 'audit')")
    equal("main is moved forward to the branch", count(table), 26)
    equal("the table lists them", sql(f"SELECT name, type FROM {table}.refs ORDER BY name"), [("audit", "BRANCH"), ("main", "BRANCH"), ("old", "TAG")])
    sql(f"ALTER TABLE {table} DROP BRANCH audit")
    sql(f"ALTER TABLE {table} DROP TAG old")
    equal("branch and tag are dropped", column(f"SELECT name FROM {table}.refs"), ["main"])
    refused("and are then not read", says("Cannot find"), lambda: count(table, "'old'"))


def rollback() -> None:
    table = "sales.back"
    first, second, third = filled(table)
    sql(f"CALL system.rollback_to_snapshot('{table}', {second[0]})")
    equal("a table is rolled back to a snapshot", count(table), 20)
    sql(f"CALL system.set_current_snapshot('{table}', {third[0]})")
    equal("set to a later one", count(table), 30)
    sql(f"CALL system.rollback_to_timestamp('{table}', TIMESTAMP'{first[1]}' + INTERVAL 1 MILLISECOND)")
    equal("and rolled back to a time", count(table), 10)
    refused("it is not rolled back to what is no ancestor", says("not an ancestor"), lambda: sql(f"CALL system.rollback_to_snapshot('{table}', {third[0]})"))

    sql(f"ALTER TABLE {table} SET TBLPROPERTIES ('write.wap.enabled' = 'true')")
    spark.conf.set("spark.wap.id", "wap-1")
    sql(f"INSERT INTO {table} SELECT id FROM range(100, 105)")
    spark.conf.unset("spark.wap.id")
    unseen = count(table)
    sql(f"CALL system.publish_changes('{table}', 'wap-1')")
    equal("rows that are written aside are seen once they are published", (unseen, count(table)), (10, 15))
    claim("the table keeps how it came there", len(column(f"SELECT snapshot_id FROM {table}.history")) >= 6, sql(f"SELECT * FROM {table}.history"))
