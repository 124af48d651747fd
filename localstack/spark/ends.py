"""Tables get other names, leave the catalog, come back, and are purged."""
import os

from claims import claim, equal, refused
from engine import one, says, sql

REVOKES = os.environ.get("FIRN_STORE_REVOKES") != "no"  # the store asks firn whether a key still counts


def metadata(table: str) -> str:
    return one(f"SELECT file FROM {table}.metadata_log_entries ORDER BY timestamp DESC, file DESC LIMIT 1")


def renames() -> None:
    sql("ALTER TABLE sales.past RENAME TO sales.eu.past")
    equal("a table is renamed into another namespace", one("SELECT count(*) FROM sales.eu.past"), 30)
    refused("its old name is free", says("TABLE_OR_VIEW_NOT_FOUND"), lambda: sql("SELECT * FROM sales.past"))
    refused("no table is renamed to a name that is taken", says("already exists"), lambda: sql("ALTER TABLE sales.eu.past RENAME TO sales.eu.copy"))
    sql("INSERT INTO sales.eu.past VALUES (1000)")
    equal("it is written under its new name", one("SELECT count(*) FROM sales.eu.past"), 31)


def drops() -> None:
    last = metadata("sales.eu.past")
    sql("DROP TABLE sales.eu.past")
    refused("a dropped table is gone", says("TABLE_OR_VIEW_NOT_FOUND"), lambda: sql("SELECT * FROM sales.eu.past"))
    sql(f"CALL system.register_table('sales.again', '{last}')")
    equal("its files are not, and it is registered under another name", one("SELECT count(*) FROM sales.again"), 31)
    sql("INSERT INTO sales.again VALUES (1001)")
    equal("and written", one("SELECT count(*) FROM sales.again"), 32)

    last = metadata("sales.again")
    sql("DROP TABLE sales.again PURGE")
    refused("a purged table is gone, and its metadata file", says("NotFoundException"), lambda: sql(f"CALL system.register_table('sales.purged', '{last}')"))
    sql("CREATE TABLE sales.own USING iceberg AS SELECT id FROM range(10)")
    last = metadata("sales.own")
    if REVOKES:
        refused("Spark's own purge is refused by a store whose keys die with the table", says("Status Code: 403"), lambda: sql("DROP TABLE purger.sales.own PURGE"))
        sql(f"CALL system.register_table('sales.own', '{last}')")
        equal("which leaves the table's files", one("SELECT count(*) FROM sales.own"), 10)
        sql("DROP TABLE sales.own PURGE")
    else:
        sql("DROP TABLE purger.sales.own PURGE")
    refused("what is purged is gone", says("NotFoundException"), lambda: sql(f"CALL system.register_table('sales.own', '{last}')"))
    refused("a namespace that holds a table is not dropped", says("not empty"), lambda: sql("DROP NAMESPACE sales.eu"))
    sql("DROP TABLE sales.eu.copy PURGE")
    sql("DROP NAMESPACE sales.eu")
    claim("an empty one is", ("sales.eu",) not in sql("SHOW NAMESPACES IN sales"))
