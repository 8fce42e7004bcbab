"""Files that services upload to an S3 bucket by themselves, each by an address that is good for one file alone."""

from base64 import b64encode
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from eventpost.adapters.aws_errors import error_code, translated
from eventpost.ports import Clock
from eventpost.ports.mailapi import Upload

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LIFETIME: Final = timedelta(minutes=15)
_AT_A_TIME: Final = 8  # of botocore's ten connections


class S3Uploads:
    """Objects of one bucket.

    Args:
        client: Signs by version 4, and adds no checksum of its own: what it signs must be there in every upload.
        bucket: The bucket.
        clock: The time.
    """

    def __init__(self, client: "S3Client", bucket: str, clock: Clock) -> None:
        self._client = client
        self._bucket = bucket
        self._clock = clock

    def offer(self, key: str, media_type: str, size: int, sha256: str = "") -> Upload:
        """See `ports.Uploads`. S3 refuses another length, type or content than was signed."""
        wanted: dict[str, Any] = {"ContentType": media_type, "ContentLength": size}
        headers = {"Content-Type": media_type, "Content-Length": str(size)}
        if sha256:
            digest = b64encode(bytes.fromhex(sha256)).decode()
            wanted["ChecksumSHA256"] = headers["x-amz-checksum-sha256"] = digest
        expires_at = self._clock.now() + LIFETIME
        with translated("S3"):
            url = self._client.generate_presigned_url(
                "put_object",
                Params={"Bucket": self._bucket, "Key": key, **wanted},
                ExpiresIn=int(LIFETIME.total_seconds()),
            )
        return Upload(key, url, "PUT", headers, expires_at)

    def sizes(self, keys: Collection[str]) -> Mapping[str, int]:
        """See `ports.Uploads`."""
        with ThreadPoolExecutor(min(_AT_A_TIME, len(keys) or 1)) as threads:
            found = zip(keys, threads.map(self._size, keys), strict=True)
            return {key: size for key, size in found if size is not None}

    def _size(self, key: str) -> int | None:
        """A role that may not list the bucket is told 403 for what is not there (S3's rule)."""
        with translated("S3"):
            try:
                return self._client.head_object(Bucket=self._bucket, Key=key)["ContentLength"]
            except ClientError as error:
                if error_code(error) in ("NoSuchKey", "404", "403", "AccessDenied"):
                    return None
                raise
