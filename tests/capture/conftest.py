"""The site, an S3, the real browser, and the function as Lambda would call it."""

import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws
from PIL import Image

_FUNCTION = Path(__file__).parents[2] / "functions" / "capture"
sys.path[:0] = [str(_FUNCTION), str(Path(__file__).parent)]  # as in Lambda; and for the test site

from capture_site import Site, Take  # noqa: E402 - see above

from eventpost_capture import handler, store  # noqa: E402
from eventpost_capture.settings import Settings  # noqa: E402
from eventpost_capture.studio import Studio  # noqa: E402
from eventpost_capture.unpack import Unpacked, unpack  # noqa: E402

_BUCKET = "screenshots"
_KEY = "captures/a_list/an-event.png"


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """The site, up for the whole run."""
    site = Site.start()
    yield site
    site.stop()


@pytest.fixture(scope="session")
def unpacked(packed_capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Unpacked:
    """The very browser that goes to Lambda."""
    return unpack(packed_capture / "browser", tmp_path_factory.mktemp("unpacked"))


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """An S3 in this process."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
            environment.delenv(name, raising=False)
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        store._s3.cache_clear()
        yield boto3.resource("s3")
        store._s3.cache_clear()


@pytest.fixture
def bucket(s3: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The screenshots' bucket, empty, and the environment of the deployed function."""
    monkeypatch.setenv("SCREENSHOTS_BUCKET", _BUCKET)
    monkeypatch.setenv("CAPTURE_ALLOW_HOSTS", "127.0.0.1")
    bucket = s3.create_bucket(Bucket=_BUCKET)
    bucket.objects.all().delete()
    return bucket


@pytest.fixture(scope="session")
def app() -> ModuleType:
    """The function's app.py, under a name of its own: every function has one."""
    spec = importlib.util.spec_from_file_location("capture_app", _FUNCTION / "app.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def take(app: ModuleType, bucket: Any, site: Site) -> Take:
    """Ask the function for a shot of one of the site's pages."""

    def shoot(path: str, **request: Any) -> dict[str, Any]:
        small = {"viewport": {"width": 400, "height": 300}}
        asked = {"url": site.url(path), "key": _KEY, "deadline_s": 15, **small, **request}
        answer: dict[str, Any] = app.lambda_handler(asked, None)
        message = answer.get("error", {}).get("message", "")
        if "no browser found" in message:
            _not_tested(message)
        return answer

    return shoot


def _not_tested(why: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(f"NOTHING OF CAPTURE IS TESTED HERE: {why}")


@pytest.fixture
def image(bucket: Any) -> Callable[[], Image.Image]:
    """The picture last kept, opened."""
    return lambda: Image.open(BytesIO(bucket.Object(_KEY).get()["Body"].read()))


@pytest.fixture
def studio(take: Take) -> Studio:
    """The studio that `take` uses, with its browser running."""
    assert "picture" in take("/card")
    return handler.studio(Settings.read(os.environ))


@pytest.fixture(scope="module", autouse=True)
def _everything_closed() -> Iterator[None]:
    made: list[Studio] = []

    def remembered(settings: Settings) -> Studio:
        made.append(Studio(settings))
        return made[-1]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(handler, "Studio", remembered)
        yield
    handler.studio.cache_clear()
    for studio in made:
        studio.close()
