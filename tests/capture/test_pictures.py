"""What is in a picture: the element, the viewport or the page, to the pixel."""

from collections.abc import Callable
from typing import Any

import pytest
from capture_site import Site, Take
from PIL import Image

RED = (200, 0, 0)
BLUE = (0, 0, 200)


@pytest.mark.parametrize("scale", [1, 3])
def test_an_element_is_shot_to_the_pixel(take: Take, image: Callable[[], Image.Image], scale: int) -> None:
    """The picture holds the element and nothing around it, in as many pixels as the scale says."""
    picture = take("/card", selector="#card", scale=scale)["picture"]
    shot = image().convert("RGB")

    assert (picture["width"], picture["height"]) == (300, 200)
    assert (300 * scale, 200 * scale) == shot.size
    assert [(300 * scale * 200 * scale, RED)] == shot.getcolors()


def test_an_element_below_the_fold_is_scrolled_to(take: Take, image: Callable[[], Image.Image]) -> None:
    """Where an element stands on its page makes no difference."""
    take("/far", selector="#far")
    shot = image().convert("RGB")

    assert shot.getcolors() == [(120 * 40, BLUE)]


def test_the_viewport_is_the_default(take: Take, image: Callable[[], Image.Image]) -> None:
    """Without a selector the picture is what a window of that size shows."""
    picture = take("/tall", viewport={"width": 640, "height": 360})["picture"]

    assert (640, 360) == (picture["width"], picture["height"]) == image().size


def test_jpeg_quality_counts(take: Take, bucket: Any, image: Callable[[], Image.Image]) -> None:
    """A JPEG is one by media type and bytes, has the right size, and is smaller at lower quality."""
    sizes = []
    for quality in (95, 20):
        picture = take("/tall", image_format="jpeg", quality=quality, scale=2)["picture"]
        sizes.append(bucket.Object(picture["key"]).content_length)

        assert (picture["media_type"], picture["width"], picture["height"]) == ("image/jpeg", 400, 300)
        assert (image().format, image().size) == ("JPEG", (800, 600))
    assert sizes[0] > sizes[1]


def test_a_full_page_is_all_of_it(take: Take) -> None:
    """A full page ends where the page ends."""
    picture = take("/far", full_page=True, viewport={"width": 400, "height": 300})["picture"]

    assert picture["width"] == 400
    assert 3040 < picture["height"] < 3100


@pytest.mark.parametrize(
    ("request_", "size"),
    [
        ({"full_page": True}, (200, 10000)),
        ({"selector": "#tall"}, (200, 10000)),
        ({"selector": "#tall", "height_cap": 16384}, (200, 16384)),
    ],
)
def test_what_is_too_tall_is_cut(
    take: Take, image: Callable[[], Image.Image], request_: Any, size: tuple[int, int]
) -> None:
    """A page or element of 100,000 pixels gives its upper part, not a failure and not a gigabyte."""
    picture = take("/tall", viewport={"width": 200, "height": 300}, **request_)["picture"]
    shot = image().convert("RGB")
    top, bottom = shot.getpixel((10, 0)), shot.getpixel((10, size[1] - 1))

    assert size == (picture["width"], picture["height"]) == shot.size
    assert top == (255, 0, 0)
    assert abs(bottom[0] - 255 * (1 - size[1] / 100_000)) < 2  # so far on the way from red to blue: nothing twice


def test_images_inside_the_element_are_waited_for(take: Take, image: Callable[[], Image.Image], site: Site) -> None:
    """A picture that loads lazily and late is in the picture."""
    take("/slow-image", selector="#card img")
    shot = image()

    assert "/picture?after=0.5" in site.hits
    assert shot.size == (50, 50)
    assert len(shot.convert("RGB").getcolors()) == 1  # no broken-image sign, no frame of one that is still loading


def test_lazy_images_of_a_full_page_are_loaded(take: Take, site: Site) -> None:
    """On a full page nobody scrolls, so lazy pictures are loaded at once."""
    site.hits.clear()
    take("/lazy", full_page=True)

    assert "/picture" in site.hits


@pytest.mark.parametrize("path", ["/never-loads", "/never-a-font"])
def test_a_page_that_never_finishes_is_shown_as_it_stands(take: Take, path: str) -> None:
    """An image or a font that never comes costs a bounded wait, not the picture."""
    picture = take(path, selector="#title", deadline_s=2)["picture"]

    assert picture["height"] > 10


def test_animations_are_at_their_end(take: Take) -> None:
    """Two shots of a page that moves are the same."""
    assert take("/grows", selector="#s")["picture"]["width"] == 300
