"""Views: made, read, replaced, renamed, dropped, beside tables of the same namespace."""
from claims import claim, equal, refused
from engine import column, one, says, sql


def views() -> None:
    sql("CREATE TABLE sales.items (id bigint, price double, region string) USING iceberg")
    sql("INSERT INTO sales.items SELECT id, id / 10D, element_at(array('asia', 'europe'), CAST(id % 2 AS int) + 1) FROM range(100)")
    sql("CREATE VIEW sales.europe (item COMMENT 'which', price) COMMENT 'of Europe' TBLPROPERTIES ('team' = 'etl') AS SELECT id, price FROM sales.items WHERE region = 'europe'")
    equal("a view is created and read", sql("SELECT count(*), sum(item) FROM sales.europe"), [(50, 2500)])
    equal("it is listed, apart from tables", [row[1] for row in sql("SHOW VIEWS IN sales")], ["europe"])
    claim("tables are listed without it", "europe" not in [row[1] for row in sql("SHOW TABLES IN sales")])
    described = {row[0]: row[1] for row in sql("DESCRIBE EXTENDED sales.europe")}
    claim("it is described", described.get("Comment") == "of Europe" and described.get("item") == "bigint", described)
    claim("and gives the statement that makes it", "WHERE region = 'europe'" in one("SHOW CREATE TABLE sales.europe"))

    refused("a view is not created twice", says("VIEW_ALREADY_EXISTS"), lambda: sql("CREATE VIEW sales.europe AS SELECT 1 AS x"))
    sql("CREATE VIEW IF NOT EXISTS sales.europe AS SELECT 1 AS x")
    refused("nor a table of its name", says("already exists"), lambda: sql("CREATE TABLE sales.europe (id int) USING iceberg"))
    refused("nor a view of a table's", says("already exists"), lambda: sql("CREATE VIEW sales.items AS SELECT 1 AS x"))
    equal("and it is what it was after that", one("SELECT count(*) FROM sales.europe"), 50)

    sql("CREATE OR REPLACE VIEW sales.europe AS SELECT id, price FROM sales.items WHERE region = 'europe' AND id > 50")
    equal("a view is replaced", sql("SELECT count(*), min(id) FROM sales.europe"), [(25, 51)])
    sql("ALTER VIEW sales.europe SET TBLPROPERTIES ('team' = 'bi', 'gone' = 'x')")
    sql("ALTER VIEW sales.europe UNSET TBLPROPERTIES ('gone')")
    properties = dict(sql("SHOW TBLPROPERTIES sales.europe"))
    claim("its properties change", properties.get("team") == "bi" and "gone" not in properties, properties)
    sql("CREATE VIEW sales.dear AS SELECT * FROM sales.europe WHERE price > 9")
    equal("a view stands on a view", column("SELECT id FROM sales.dear ORDER BY id"), [91, 93, 95, 97, 99])
    sql("ALTER VIEW sales.europe RENAME TO sales.eu_items")
    equal("a view is renamed", one("SELECT count(*) FROM sales.eu_items"), 25)
    refused("what stood on its old name no longer finds it", says("TABLE_OR_VIEW_NOT_FOUND"), lambda: sql("SELECT * FROM sales.dear"))
    refused("a table's drop drops no view", says("VIEW"), lambda: sql("DROP TABLE sales.eu_items"))
    for view in ("dear", "eu_items"):
        sql(f"DROP VIEW sales.{view}")
    equal("views are dropped", sql("SHOW VIEWS IN sales"), [])
    sql("DROP VIEW IF EXISTS sales.dear")
