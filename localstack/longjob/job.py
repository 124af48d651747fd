"""A job that outlives its keys: one line for each thing that happened; the exit status is 0 only if all went well.

prepare     makes a table of many small files
spark       one Spark job reads them, slowly, with Iceberg's S3FileIO, and then appends: it must refresh its keys by itself
pyiceberg   reads now and then with the keys it began with, until they are refused, and loads the table again
"""
import json
import os
import sys
import time
import urllib.request

URL = os.environ["FIRN_BASE_URL"]
CREDENTIAL = f"{os.environ['FIRN_CLIENT_ID']}:{os.environ['FIRN_CLIENT_SECRET']}"
FILES = 66
PAUSE = 5  # seconds for each file
LIFE = 320  # seconds that a key lives
BEGAN = time.monotonic()


def say(what: str) -> None:
    print(f"{time.monotonic() - BEGAN:5.0f} s  {sys.argv[1]:9}  {what}", flush=True)


def manage(method: str, path: str, body: dict) -> None:
    """One request of root to the management API."""
    form = f"grant_type=client_credentials&scope=PRINCIPAL_ROLE:ALL&client_id={os.environ['FIRN_CLIENT_ID']}&client_secret={os.environ['FIRN_CLIENT_SECRET']}"
    with urllib.request.urlopen(urllib.request.Request(URL + "/api/catalog/v1/oauth/tokens", form.encode())) as answer:
        token = json.load(answer)["access_token"]
    headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
    urllib.request.urlopen(urllib.request.Request(URL + "/api/management/v1" + path, json.dumps(body).encode(), headers, method=method)).close()


def catalog():
    from pyiceberg.catalog import load_catalog

    return load_catalog("lake", type="rest", uri=URL + "/api/catalog", warehouse="lake", credential=CREDENTIAL, scope="PRINCIPAL_ROLE:ALL")


def prepare() -> None:
    import pyarrow

    manage("POST", "/catalogs", {"catalog": {"name": "lake", "type": "INTERNAL", "properties": {"default-base-location": "s3://lake/long"},
                                             "storageConfigInfo": {"storageType": "S3", "allowedLocations": ["s3://lake/long"]}}})
    manage("PUT", "/catalogs/lake/catalog-roles/catalog_admin/grants", {"grant": {"type": "catalog", "privilege": "CATALOG_MANAGE_CONTENT"}})
    lake = catalog()
    lake.create_namespace("n")
    rows = pyarrow.table({"i": pyarrow.array([0], pyarrow.int64())})
    table = lake.create_table("n.t", rows.schema)
    with table.transaction() as change:
        for i in range(FILES):
            change.append(pyarrow.table({"i": pyarrow.array([i], pyarrow.int64())}))
    say(f"made a table of {FILES} files")


def spark() -> None:
    from pyspark.sql import SparkSession

    jars = os.environ["FIRN_SPARK_JARS"]
    settings = {
        "spark.jars": ",".join(os.path.join(jars, name) for name in os.listdir(jars)),
        "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1", "spark.ui.enabled": "false",
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        "spark.sql.catalog.lake": "org.apache.iceberg.spark.SparkCatalog", "spark.sql.catalog.lake.type": "rest",
        "spark.sql.catalog.lake.uri": URL + "/api/catalog", "spark.sql.catalog.lake.warehouse": "lake",
        "spark.sql.catalog.lake.credential": CREDENTIAL, "spark.sql.catalog.lake.scope": "PRINCIPAL_ROLE:ALL",
        "spark.sql.catalog.lake.oauth2-server-uri": URL + "/api/catalog/v1/oauth/tokens",
        "spark.sql.catalog.lake.header.X-Iceberg-Access-Delegation": "vended-credentials",
        "spark.sql.catalog.lake.io-impl": "org.apache.iceberg.aws.s3.S3FileIO",
        # Each file is a task of its own, one after the other.
        "spark.sql.files.maxPartitionBytes": "1", "spark.sql.files.openCostInBytes": "1",
    }
    build = SparkSession.builder.master("local[1]").appName("long job")
    for key, value in settings.items():
        build = build.config(key, value)
    session = build.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    table = session.read.option("split-size", "1").option("file-open-cost", "1").format("iceberg").load("lake.n.t")

    def slowly(rows):
        time.sleep(PAUSE)
        yield from (row.i for row in rows)

    tasks = table.rdd.getNumPartitions()
    say(f"reads {tasks} tasks of {PAUSE} s in one job, with keys of {LIFE} s")
    began = time.monotonic()
    found = sorted(table.rdd.mapPartitions(slowly).collect())
    took = time.monotonic() - began
    say(f"read {len(found)} rows in {took:.0f} s")
    session.sql("INSERT INTO lake.n.t VALUES (1000)")
    count = session.sql("SELECT count(*) AS n FROM lake.n.t").first().n
    say(f"appended a row: {count}")
    if found != list(range(FILES)) or took < LIFE + 20 or count != FILES + 1:
        sys.exit("spark: the job was not what it should be")


def pyiceberg() -> None:
    lake = catalog()
    table = lake.load_table("n.t")
    key = table.io.properties["s3.access-key-id"]
    refused = 0
    while time.monotonic() - BEGAN < LIFE + 40:
        try:
            rows = len(table.scan().to_arrow())
            say(f"read {rows} rows with key {table.io.properties['s3.access-key-id']}")
        except OSError as refusal:
            refused += 1
            say(f"was refused: {str(refusal)[:160]}")
            table = lake.load_table("n.t")
            say(f"loaded the table again: key {table.io.properties['s3.access-key-id']}")
            continue
        time.sleep(20)
    if refused != 1 or table.io.properties["s3.access-key-id"] == key:
        sys.exit(f"pyiceberg: refused {refused} times, want once, by the end of its first key")


{"prepare": prepare, "spark": spark, "pyiceberg": pyiceberg}[sys.argv[1]]()
