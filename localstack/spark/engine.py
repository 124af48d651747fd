"""Spark with firn's warehouse `spark` as two catalogs, and what the stories ask of it: `lake`, and `purger`, which lets Spark delete a
purged table's files itself as it does unless it is told to leave that to the catalog (rest-catalog-purge)."""
import logging
import os

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

URL = os.environ["FIRN_BASE_URL"]


def catalog(name: str, **more: str) -> dict[str, str]:
    """What makes the warehouse a catalog of Spark's."""
    settings = {
        "type": "rest", "uri": URL + "/api/catalog", "warehouse": "spark", "oauth2-server-uri": URL + "/api/catalog/v1/oauth/tokens",
        "credential": f"{os.environ['FIRN_CLIENT_ID']}:{os.environ['FIRN_CLIENT_SECRET']}", "scope": "PRINCIPAL_ROLE:ALL", "cache-enabled": "false",
        "header.X-Iceberg-Access-Delegation": "vended-credentials", "io-impl": "org.apache.iceberg.aws.s3.S3FileIO", **more,
    }
    prefix = "spark.sql.catalog." + name
    return {prefix: "org.apache.iceberg.spark.SparkCatalog"} | {f"{prefix}.{key}": value for key, value in settings.items()}


def start() -> SparkSession:
    jars = os.environ["FIRN_SPARK_JARS"]
    session = SparkSession.builder.master("local[2]").appName("firn").config(map={
        "spark.jars": ",".join(os.path.join(jars, name) for name in os.listdir(jars)),
        "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false", "spark.sql.shuffle.partitions": "2", "spark.sql.session.timeZone": "UTC",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions", "spark.sql.defaultCatalog": "lake",
        **catalog("lake", **{"rest-catalog-purge": "true"}), **catalog("purger"),
    }).getOrCreate()
    session.sparkContext.setLogLevel("OFF")  # what is refused is refused on purpose
    logging.disable()
    return session


spark = start()


def sql(query: str) -> list[tuple]:
    """The rows that a statement gives."""
    return [tuple(row) for row in spark.sql(query).collect()]


def one(query: str) -> object:
    """The only value that a query gives."""
    [(value,)] = sql(query)
    return value


def column(query: str) -> list:
    return [row[0] for row in sql(query)]


def says(text: str):
    """For claims.refused: Spark's error holds the text."""
    return lambda e: isinstance(e, (PySparkException, Py4JJavaError)) and text in str(e)


def iceberg_table(name: str):
    """Iceberg's own Table, for what SQL has no words for."""
    return spark._jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, "lake." + name)
