"""What Spark with Iceberg's Java S3FileIO finds at a firn server that signs its requests and hands out no keys. Started by `run`
after story.py, which made the catalogs.

Prints a line per claim, then "N passed, N failed". The exit status is 0 if none failed.
"""
import os

from pyspark.sql import SparkSession

from claims import claim, tell

URL = os.environ["FIRN_BASE_URL"]


def session() -> SparkSession:
    jars = os.environ["FIRN_SPARK_JARS"]
    build = SparkSession.builder.master("local[2]").appName("signing").config(map={
        "spark.jars": ",".join(os.path.join(jars, name) for name in os.listdir(jars)),
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
    })
    for lake in ("nosts", "sts", "embedded"):
        name = "spark.sql.catalog." + lake
        build = build.config(map={
            name: "org.apache.iceberg.spark.SparkCatalog", name + ".type": "rest", name + ".uri": URL + "/api/catalog", name + ".warehouse": lake,
            name + ".credential": f"{os.environ['FIRN_CLIENT_ID']}:{os.environ['FIRN_CLIENT_SECRET']}",
            name + ".oauth2-server-uri": URL + "/api/catalog/v1/oauth/tokens",
            name + ".header.X-Iceberg-Access-Delegation": "remote-signing", name + ".io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        })
    return build.getOrCreate()


def story(spark: SparkSession, lake: str) -> None:
    print(f"--    {lake}", flush=True)
    spark.sql(f"CREATE TABLE {lake}.sales.spark (id bigint, city string) USING iceberg PARTITIONED BY (city)")
    spark.sql(f"INSERT INTO {lake}.sales.spark SELECT id, concat('a/b c+%', id % 3) FROM range(1000)")
    n = spark.sql(f"SELECT count(*) AS n, sum(id) AS s FROM {lake}.sales.spark").first()
    claim("Spark makes a partitioned table, writes and reads it back", (n.n, n.s) == (1000, 499500), n)
    spark.sql(f"CREATE TABLE {lake}.sales.made USING iceberg AS SELECT * FROM {lake}.sales.orders")
    n = spark.sql(f"SELECT count(*) AS n FROM {lake}.sales.made").first().n
    claim("Spark makes a table of what PyIceberg wrote, staged until its first commit", n == 1900, n)
    spark.sql(f"DELETE FROM {lake}.sales.spark WHERE id % 2 = 0")
    spark.sql(f"UPDATE {lake}.sales.spark SET city = 'x' WHERE id < 100")
    n = spark.sql(f"SELECT count(*) AS n FROM {lake}.sales.spark WHERE city = 'x'").first().n
    claim("Spark deletes and updates rows", n == 50, n)
    old = spark.sql(f"CALL {lake}.system.expire_snapshots(table => 'sales.spark', older_than => TIMESTAMP '2100-01-01 00:00:00', retain_last => 1)").first()
    claim("Spark expires snapshots, whose files it deletes in batches", old.deleted_data_files_count > 0, old)
    orphans = spark.sql(f"CALL {lake}.system.remove_orphan_files(table => 'sales.spark', older_than => TIMESTAMP '2020-01-01 00:00:00', prefix_listing => true)")
    claim("Spark lists the table's folder for old files that nobody names, and finds none", orphans.count() == 0, orphans.collect())
    n = spark.sql(f"SELECT count(*) AS n FROM {lake}.sales.spark").first().n
    claim("the rest is still read", n == 500, n)


def main() -> None:
    spark = session()
    spark.sparkContext.setLogLevel("ERROR")
    for lake in ("nosts", "sts", "embedded"):
        story(spark, lake)


if __name__ == "__main__":
    tell(main)
