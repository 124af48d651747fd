"""What keeps a table in shape: its metadata tables, and the procedures that compact and clear away."""
import time

from claims import claim, equal, refused
from engine import column, iceberg_table, one, says, spark, sql


def small_files(table: str, files: int, properties: str = "") -> None:
    """A table of ten rows in each of some files."""
    sql(f"CREATE TABLE {table} (id bigint) USING iceberg TBLPROPERTIES ('format-version' = '2'{properties})")
    for n in range(files):
        sql(f"INSERT INTO {table} SELECT /*+ COALESCE(1) */ id FROM range({n * 10}, {n * 10 + 10})")


def metadata_tables() -> None:
    small_files("sales.seen", 3, ", 'write.delete.mode' = 'merge-on-read'")
    sql("DELETE FROM sales.seen WHERE id = 5")
    want = {"snapshots": 4, "history": 4, "metadata_log_entries": 5, "refs": 1, "files": 4, "data_files": 3, "delete_files": 1, "manifests": 4, "entries": 4,
            "partitions": 1, "position_deletes": 1, "all_data_files": 3, "all_delete_files": 1, "all_files": 4, "all_manifests": 10, "all_entries": 4}
    equal("each metadata table is read", {name: one(f"SELECT count(*) FROM sales.seen.{name}") for name in want}, want)
    refused("a metadata table that there is not is not found", says("TABLE_OR_VIEW_NOT_FOUND"), lambda: sql("SELECT * FROM sales.seen.nothing"))


def compaction() -> None:
    small_files("sales.tiny", 6, ", 'write.delete.mode' = 'merge-on-read'")
    sql("DELETE FROM sales.tiny WHERE id % 10 = 3")
    [rewritten] = sql("CALL system.rewrite_data_files(table => 'sales.tiny', options => map('min-input-files', '2', 'delete-file-threshold', '1'))")
    equal("six files become one", (rewritten[0], one("SELECT count(*) FROM sales.tiny.data_files")), (6, 1))
    equal("of the same rows", sql("SELECT count(*), sum(id) FROM sales.tiny"), [(54, 1770 - 168)])
    before = one("SELECT count(*) FROM sales.tiny.manifests")
    sql("CALL system.rewrite_manifests('sales.tiny')")
    sql("CALL system.rewrite_position_delete_files(table => 'sales.tiny', options => map('rewrite-all', 'true'))")
    claim("manifests are rewritten to fewer", one("SELECT count(*) FROM sales.tiny.manifests") < before, before)
    equal("of the same rows still", sql("SELECT count(*), sum(id) FROM sales.tiny"), [(54, 1602)])
    sql("CALL system.compute_table_stats('sales.tiny')")
    equal("statistics are computed and kept with the table", iceberg_table("sales.tiny").statisticsFiles().size(), 1)


def expiry() -> None:
    snapshots = column("SELECT snapshot_id FROM sales.tiny.snapshots ORDER BY committed_at")
    old = column("SELECT file_path FROM sales.tiny.all_data_files")
    [expired] = sql("CALL system.expire_snapshots(table => 'sales.tiny', older_than => TIMESTAMP'2100-01-01 00:00:00', retain_last => 1)")
    equal("snapshots expire but the last", column("SELECT snapshot_id FROM sales.tiny.snapshots"), snapshots[-1:])
    io = iceberg_table("sales.tiny").io()
    gone = [path for path in old if not io.newInputFile(path).exists()]
    equal("and the files of theirs alone are deleted", (expired[0], len(gone)), (6, 6))
    equal("the rows are there", sql("SELECT count(*), sum(id) FROM sales.tiny"), [(54, 1602)])
    refused("an expired snapshot is not read", says("Cannot find snapshot"), lambda: sql(f"SELECT * FROM sales.tiny VERSION AS OF {snapshots[0]}"))


def orphans() -> None:
    table = iceberg_table("sales.tiny")
    planted = table.location() + "/data/planted.parquet"
    table.io().newOutputFile(planted).create().close()
    equal("an orphan that may yet be committed is kept", sql("CALL system.remove_orphan_files(table => 'sales.tiny', prefix_listing => true)"), [])
    action = spark._jvm.org.apache.iceberg.spark.actions.SparkActions.get(spark._jsparkSession).deleteOrphanFiles(table)
    found = list(action.usePrefixListing(True).olderThan(int(time.time() * 1000) + 60_000).execute().orphanFileLocations())
    equal("an old one is deleted, and nothing else", (found, table.io().newInputFile(planted).exists()), ([planted], False))
    equal("all rows are there after that", sql("SELECT count(*), sum(id) FROM sales.tiny"), [(54, 1602)])
