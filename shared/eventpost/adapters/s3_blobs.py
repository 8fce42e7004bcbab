"""Blobs in an S3 bucket."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from eventpost.adapters.aws_errors import error_code, translated
from eventpost.model import Blob

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import PutObjectRequestTypeDef


class S3Blobs:
    """Objects of one bucket."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def get(self, key: str) -> Blob | None:
        """See `ports.Blobs`. A role that may not list the bucket is told 403 for what is not there (S3's rule)."""
        with translated("S3"):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "404", "AccessDenied"):
                    return None
                raise
            return Blob(answer["Body"].read(), answer["ContentType"], answer["Metadata"])

    def put(self, key: str, blob: Blob) -> None:
        """See `ports.Blobs`."""
        with translated("S3"):
            self._client.put_object(**self._object(key, blob))

    def put_new(self, key: str, blob: Blob) -> bool:
        """See `ports.Blobs`. S3 answers 412 where there is one already; that wants no permission to read it."""
        wanted = self._object(key, blob)
        wanted["IfNoneMatch"] = "*"
        with translated("S3"):
            try:
                self._client.put_object(**wanted)
            except ClientError as error:
                if error_code(error) in ("PreconditionFailed", "412"):
                    return False
                raise
            return True

    def _object(self, key: str, blob: Blob) -> "PutObjectRequestTypeDef":
        return {
            "Bucket": self._bucket,
            "Key": key,
            "Body": blob.content,
            "ContentType": blob.media_type,
            "Metadata": dict(blob.metadata),
        }
