"""Columns and partitions change under the rows that are there."""
from claims import claim, equal, refused
from engine import column, one, says, sql


def schemas() -> None:
    sql("CREATE TABLE sales.shape (id int, name string, size struct<w: int, h: int>) USING iceberg")
    sql("INSERT INTO sales.shape VALUES (1, 'a', named_struct('w', 1, 'h', 2))")
    sql("ALTER TABLE sales.shape ADD COLUMNS (note string COMMENT 'late' AFTER id, size.depth double)")
    sql("ALTER TABLE sales.shape RENAME COLUMN name TO title")
    sql("ALTER TABLE sales.shape ALTER COLUMN id TYPE bigint")
    sql("ALTER TABLE sales.shape ALTER COLUMN title FIRST")
    sql("ALTER TABLE sales.shape DROP COLUMN size.h")
    sql("INSERT INTO sales.shape VALUES ('b', 5000000000, 'x', named_struct('w', 3, 'depth', 0.5))")
    equal("columns are added, renamed, widened, moved and dropped, within structs too",
          [(row[0], row[1], row[2], tuple(row[3])) for row in sql("SELECT * FROM sales.shape ORDER BY id")],
          [("a", 1, None, (1, None)), ("b", 5000000000, "x", (3, 0.5))])
    equal("and are described so", [row[:2] for row in sql("DESCRIBE TABLE sales.shape")][:4],
          [("title", "string"), ("id", "bigint"), ("note", "string"), ("size", "struct<w:int,depth:double>")])
    refused("a column is not narrowed", says("NOT_SUPPORTED_CHANGE_COLUMN"), lambda: sql("ALTER TABLE sales.shape ALTER COLUMN id TYPE int"))
    sql("ALTER TABLE sales.shape SET TBLPROPERTIES ('team' = 'x', 'gone' = 'y')")
    sql("ALTER TABLE sales.shape UNSET TBLPROPERTIES ('gone')")
    properties = dict(sql("SHOW TBLPROPERTIES sales.shape"))
    claim("properties are set and unset", properties.get("team") == "x" and "gone" not in properties, properties)


def partitions() -> None:
    sql("CREATE TABLE sales.parts (id bigint, at timestamp) USING iceberg PARTITIONED BY (days(at))")
    insert = "INSERT INTO sales.parts SELECT id, timestamp_seconds(1767225600 + id * 86400) FROM range({}, {})"
    sql(insert.format(0, 60))
    sql("ALTER TABLE sales.parts REPLACE PARTITION FIELD days(at) WITH months(at)")
    sql(insert.format(60, 120))
    sql("ALTER TABLE sales.parts ADD PARTITION FIELD bucket(4, id) AS shard")
    sql("ALTER TABLE sales.parts WRITE ORDERED BY id DESC")
    sql(insert.format(120, 180))
    sql("ALTER TABLE sales.parts DROP PARTITION FIELD shard")
    sql(insert.format(180, 240))
    equal("rows of four partition specs are read as one table", sql("SELECT count(*), sum(id) FROM sales.parts"), [(240, 28680)])
    specs = sql("SELECT spec_id, sum(record_count) FROM sales.parts.files GROUP BY spec_id ORDER BY spec_id")
    claim("each lies in partitions of the spec that it was written with", [n for _, n in specs] == [60, 120, 60] or [n for _, n in specs] == [60] * 4, specs)
    equal("and a filter finds the rows of all", one("SELECT count(*) FROM sales.parts WHERE at >= TIMESTAMP'2026-02-15 00:00:00' AND at < TIMESTAMP'2026-05-15 00:00:00'"), 89)
    claim("files are written in the order that was set", 1 in column("SELECT sort_order_id FROM sales.parts.files"), column("SELECT sort_order_id FROM sales.parts.files"))
