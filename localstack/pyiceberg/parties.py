"""Who takes part: root with the command line, principals with PyIceberg, and the store's clients with the keys they got."""
import json
import os
import subprocess
from collections.abc import Mapping

import boto3
import botocore
from botocore.config import Config
from botocore.exceptions import ClientError
from pyiceberg.catalog import load_catalog
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.table import Table

# The store: the embedded one, unless the deployment that is tried has another.
BUCKET = os.environ.get("FIRN_BUCKET", "lake")
STORAGE = os.environ.get("FIRN_STORAGE_FLAGS", "").split()  # of `firn catalogs create`
REVOKES = os.environ.get("FIRN_STORE_REVOKES") != "no"  # the store asks firn whether a key still counts


def firn(*args: str) -> dict:
    """One command of root."""
    out = subprocess.run(["firn", *args, "--output", "json"], check=True, capture_output=True, text=True).stdout
    return json.loads(out) if out.strip() else {}


def grant(verb: str, role: str, level: str, privilege: str, *where: str) -> None:
    """Grants or revokes a privilege of a catalog role."""
    firn("privileges", level, verb, privilege, "--catalog", "lake", "--catalog-role", role, *where)


def principal(name: str, *privileges: tuple[str, ...]) -> RestCatalog:
    """A new principal, its principal role, a catalog role with the privileges; gives the principal's catalog."""
    made = firn("principals", "create", name)["credentials"]
    firn("principal-roles", "create", name)
    firn("principal-roles", "grant", name, "--principal", name)
    firn("catalog-roles", "create", name, "--catalog", "lake")
    firn("catalog-roles", "grant", name, "--catalog", "lake", "--principal-role", name)
    for privilege in privileges:
        grant("grant", name, *privilege)
    return load_catalog(
        name,
        type="rest",
        uri=os.environ["FIRN_BASE_URL"] + "/api/catalog",
        warehouse="lake",
        credential=f"{made['clientId']}:{made['clientSecret']}",
        scope="PRINCIPAL_ROLE:ALL",
    )


def folder(table: Table) -> str:
    """A table's folder in the bucket, with its slash."""
    return table.location().removeprefix(f"s3://{BUCKET}/").rstrip("/") + "/"


def a_file(table: Table) -> str:
    """The name in the bucket of one of the table's data files."""
    return table.inspect.files()["file_path"][0].as_py().removeprefix(f"s3://{BUCKET}/")


class Key:
    """A client of the store with nothing but the key that the catalog handed out."""

    def __init__(self, properties: Mapping[str, str]):
        self.id = properties["s3.access-key-id"]
        self._s3 = boto3.client(
            "s3",
            endpoint_url=os.environ["FIRN_STORE_URL"],
            region_name=properties["client.region"],
            aws_access_key_id=self.id,
            aws_secret_access_key=properties["s3.secret-access-key"],
            aws_session_token=properties["s3.session-token"],
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def get(self, name: str) -> bytes:
        return self._s3.get_object(Bucket=BUCKET, Key=name)["Body"].read()

    def head(self, name: str) -> int:
        return self._s3.head_object(Bucket=BUCKET, Key=name)["ContentLength"]

    def list(self, prefix: str) -> list[str]:
        return [o["Key"] for o in self._s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])]

    def put(self, name: str) -> None:
        self._s3.put_object(Bucket=BUCKET, Key=name, Body=b"x")

    def copy(self, source: str, target: str) -> None:
        self._s3.copy_object(Bucket=BUCKET, Key=target, CopySource={"Bucket": BUCKET, "Key": source})

    def copy_in_parts(self, source: str, target: str) -> None:
        """A multipart upload of one part that is a copy; it ends with the source's refusal."""
        upload = {"Bucket": BUCKET, "Key": target}
        upload["UploadId"] = self._s3.create_multipart_upload(**upload)["UploadId"]
        try:
            part = self._s3.upload_part_copy(**upload, PartNumber=1, CopySource={"Bucket": BUCKET, "Key": source})
        except ClientError:
            self._s3.abort_multipart_upload(**upload)
            raise
        parts = [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]
        self._s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})

    def delete(self, name: str) -> None:
        self._s3.delete_object(Bucket=BUCKET, Key=name)

    def delete_batch(self, *names: str) -> None:
        """Raises what the store says of the first name that it would not delete."""
        answer = self._s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": name} for name in names]})
        for error in answer.get("Errors", []):
            raise ClientError({"Error": error}, "DeleteObjects")


class NoKey(Key):
    """A client of the store that signs nothing."""

    def __init__(self):
        self._s3 = boto3.client("s3", endpoint_url=os.environ["FIRN_STORE_URL"], region_name="us-east-1",
                                config=Config(signature_version=botocore.UNSIGNED, s3={"addressing_style": "path"}))
