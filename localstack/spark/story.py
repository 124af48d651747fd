"""What Spark's users find at a firn server that vends their keys. Started by `run`.

Prints a line per claim, then "N passed, N failed". The exit status is 0 if none failed.
"""
import os
import urllib.request

import evolution
import ends
import refs
import tables
import upkeep
import views
from claims import claim, equal, tell
from engine import iceberg_table, sql


def keys() -> None:
    """Spark has the keys that come with its tables, and no others."""
    own = [name for name in os.environ if name.startswith("AWS_") and ("KEY" in name or "TOKEN" in name or "PROFILE" in name)]
    claim("Spark has no key to the storage of its own", not own, own)
    sql("CREATE TABLE sales.keys (id int) USING iceberg")
    io = iceberg_table("sales.keys").io()
    [credential] = io.credentials()
    claim("a key comes with each table, for that table's folder", credential.prefix().startswith("s3://") and "/sales/keys" in credential.prefix()
          and credential.config()["s3.session-token"] != "", credential.prefix())


def counted() -> None:
    """What firn answered meanwhile, by its own count."""
    with urllib.request.urlopen(os.environ["FIRN_METRICS_URL"]) as answer:
        lines = answer.read().decode().splitlines()
    answers = {line.split("{")[1].split("}")[0] for line in lines if line.startswith("firn_request_duration_seconds_count{")}
    claim("firn took Spark's reports of scans and commits", 'operation="iceberg.reportMetrics",status="204"' in answers, answers)
    equal("and answered nothing with 5xx in all that", [answer for answer in answers if 'status="5' in answer], [])


if __name__ == "__main__":
    tell(tables.created, keys, tables.changed, tables.merged_on_read, evolution.schemas, evolution.partitions, refs.travel, refs.branches, refs.rollback,
         views.views, upkeep.metadata_tables, upkeep.compaction, upkeep.expiry, upkeep.orphans, ends.renames, ends.drops, counted)
