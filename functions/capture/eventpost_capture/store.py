"""Keeping pictures: one object in S3 for each, which knows when it was taken and how large it is."""

from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from eventpost_capture.errors import Misconfigured, StoreUnavailable
from eventpost_capture.picture import Picture

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The picture is small and the caller waits: rather fail soon and be asked again than hang.
_CONFIG = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
_SETTLED_BY_DEPLOYING = {"NoSuchBucket", "AccessDenied", "InvalidBucketName", "PermanentRedirect"}


def keep(picture: Picture, bucket: str, key: str) -> None:
    """Keep `picture` under `key`. What stood there before is replaced."""
    try:
        _s3().put_object(
            Bucket=bucket,
            Key=key,
            Body=picture.data,
            ContentType=picture.media_type,
            Metadata={
                "captured-at": picture.captured_at.isoformat(),
                "width": str(picture.width),
                "height": str(picture.height),
            },
        )
    except ClientError as error:
        raise _explained(error) from error
    except (NoCredentialsError, NoRegionError) as error:
        raise Misconfigured("S3 cannot be called: the function has no credentials or no region") from error
    except BotoCoreError as error:
        raise StoreUnavailable("S3 did not answer: nothing to do unless it lasts") from error


@cache
def _s3() -> "S3Client":
    return boto3.client("s3", config=_CONFIG)


def _explained(error: ClientError) -> Exception:
    code = error.response.get("Error", {}).get("Code", "")
    if code in _SETTLED_BY_DEPLOYING:
        return Misconfigured(f"S3 refused the picture ({code}): check SCREENSHOTS_BUCKET and the function's policy")
    return StoreUnavailable(f"S3 did not take the picture ({code}): nothing to do unless it lasts")
