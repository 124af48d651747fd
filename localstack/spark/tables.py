"""Tables are made, filled and changed."""
from claims import claim, equal, refused
from engine import column, one, says, sql

ORDERS = """SELECT id, element_at(array('asia', 'europe'), CAST(id % 2 AS int) + 1) AS region, CAST(id AS double) AS amount,
            date_add(DATE'2026-01-01', CAST(id % 60 AS int)) AS day FROM range({0}, {1})"""


def created() -> None:
    sql("CREATE NAMESPACE sales COMMENT 'what is sold'")
    equal("a namespace is created with a comment, and described", dict(sql("DESCRIBE NAMESPACE sales"))["Comment"], "what is sold")
    sql("CREATE NAMESPACE sales.eu")
    equal("a namespace is created within it, and listed", column("SHOW NAMESPACES IN sales"), ["sales.eu"])

    sql("""CREATE TABLE sales.orders (id bigint NOT NULL COMMENT 'unique', region string, amount double, day date)
           USING iceberg PARTITIONED BY (region) TBLPROPERTIES ('team' = 'etl')""")
    refused("a table is not created twice", says("TABLE_OR_VIEW_ALREADY_EXISTS"), lambda: sql("CREATE TABLE sales.orders (id int) USING iceberg"))
    sql("INSERT INTO sales.orders " + ORDERS.format(0, 1000))
    equal("a partitioned table is created, filled and read", sql("SELECT region, count(*), sum(id) FROM sales.orders GROUP BY region ORDER BY region"),
          [("asia", 500, 249500), ("europe", 500, 250000)])

    sql("CREATE TABLE sales.eu.copy USING iceberg PARTITIONED BY (bucket(4, id)) AS SELECT * FROM sales.orders WHERE region = 'europe'")
    equal("a table is created by a query (CTAS) in the inner namespace", one("SELECT sum(id) FROM sales.eu.copy"), 250000)
    sql("CREATE OR REPLACE TABLE sales.eu.copy USING iceberg AS SELECT id FROM sales.orders WHERE id < 10")
    equal("and replaced by another (RTAS), with other columns", sql("SELECT count(*), sum(id) FROM sales.eu.copy"), [(10, 45)])
    equal("what it was is in its history", one("SELECT count(*) FROM sales.eu.copy.snapshots"), 2)
    refused("a query that breaks off leaves no table", says("DIVIDE_BY_ZERO"), lambda: sql("CREATE TABLE sales.half USING iceberg AS SELECT 1 / (id - 5) AS x FROM range(10)"))
    equal("the namespaces list their tables", ([row[1] for row in sql("SHOW TABLES IN sales")], [row[1] for row in sql("SHOW TABLES IN sales.eu")]), (["orders"], ["copy"]))


def changed() -> None:
    sql(f"""MERGE INTO sales.orders t USING ({ORDERS.format(900, 1100)}) s ON t.id = s.id
            WHEN MATCHED AND s.id % 2 = 0 THEN DELETE
            WHEN MATCHED THEN UPDATE SET t.amount = -1
            WHEN NOT MATCHED THEN INSERT *""")
    equal("MERGE deletes, updates and inserts", sql("SELECT count(*), count_if(amount = -1), count_if(id >= 1000) FROM sales.orders"), [(1050, 50, 100)])
    sql("UPDATE sales.orders SET amount = amount * 2, region = 'africa' WHERE id < 10")
    equal("UPDATE changes rows and moves them between partitions", sql("SELECT count(*), sum(amount) FROM sales.orders WHERE region = 'africa'"), [(10, 90.0)])
    sql("DELETE FROM sales.orders WHERE region = 'asia'")
    equal("DELETE of a partition drops files", one("SELECT operation FROM sales.orders.snapshots ORDER BY committed_at DESC LIMIT 1"), "delete")
    sql("DELETE FROM sales.orders WHERE id BETWEEN 100 AND 199")
    equal("DELETE of rows rewrites files", one("SELECT operation FROM sales.orders.snapshots ORDER BY committed_at DESC LIMIT 1"), "overwrite")
    equal("the other rows are as they were", sql("SELECT region, count(*) FROM sales.orders GROUP BY region ORDER BY region"), [("africa", 10), ("europe", 495)])
    sql("INSERT OVERWRITE sales.orders SELECT * FROM sales.orders WHERE id >= 1000")
    equal("INSERT OVERWRITE replaces all", sql("SELECT min(id), count(*) FROM sales.orders"), [(1001, 50)])


def merged_on_read() -> None:
    modes = "'write.delete.mode' = 'merge-on-read', 'write.update.mode' = 'merge-on-read', 'write.merge.mode' = 'merge-on-read'"
    for version, kind in ((2, "PARQUET"), (3, "PUFFIN")):
        table = f"sales.mor{version}"
        sql(f"CREATE TABLE {table} (id bigint, region string, amount double, day date) USING iceberg TBLPROPERTIES ('format-version' = '{version}', {modes})")
        sql(f"INSERT INTO {table} " + ORDERS.format(0, 1000))
        sql(f"DELETE FROM {table} WHERE id % 10 = 0")
        sql(f"UPDATE {table} SET amount = 0 WHERE id % 10 = 1")
        equal(f"a table of version {version} is changed without rewriting files", sql(f"SELECT count(*), count_if(amount = 0) FROM {table}"), [(900, 100)])
        equal(f"its deletes lie in files of {kind}", set(column(f"SELECT file_format FROM {table}.delete_files")), {kind})
    ids = column("SELECT _row_id FROM sales.mor3")
    claim("rows of version 3 have ids of their own", len(set(ids)) == 900 and None not in ids, len(set(ids)))
