"""Pages in the reader's language. That the catalogues are whole is the matter of tests/lists/test_languages.py."""

from pathlib import Path

import pytest

from eventpost.languages import Languages
from preferences_site import Site


@pytest.fixture
def offered(tmp_path: Path) -> Languages:
    """English, German, and Portuguese of two countries."""
    for name in ("de", "pt", "pt-BR"):
        (tmp_path / "languages" / name / "LC_MESSAGES").mkdir(parents=True)
    return Languages(tmp_path)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("DE-at", "de"),
        ("de-AT-1996,en;q=0.5", "de"),
        ("fr, de;q=0.8, en;q=0.9", "en"),
        ("fr;q=0.9, de;q=0.8", "de"),
        ("de;q=0, fr", "en"),
        ("pt-br", "pt-BR"),
        ("pt-PT", "pt"),
        ("*, de;q=0.5", "en"),
        ("de ; q = 0.7 , en;q=0.6", "de"),
        ("de;q=nonsense", "en"),
        ("de;q=nan", "en"),
        ("de;level=1", "de"),
        (",,;;=,-", "en"),
        ("x," * 5000 + "de", "en"),
    ],
)
def test_the_reader_gets_the_offered_language_they_like_best(offered: Languages, accepted: str, language: str) -> None:
    """Weights count, a longer range finds a shorter one, and nonsense is English."""
    assert offered.preferred(accepted) == language


def test_a_german_reader_gets_german_pages() -> None:
    """Also for errors; the page and its header say so."""
    site = Site()
    site.world.join("ann")

    question = site.get(site.unsubscribe("ann"), accept_language="de-DE,de;q=0.9,en;q=0.8")
    error = site.get("/u/nonsense", accept_language="de")

    assert "Möchten Sie diese Liste verlassen?" in question.text
    assert question.headers["Content-Language"] == "de"
    assert question.headers["Vary"] == "Accept-Language"
    assert "Dieser Link funktioniert nicht" in error.text
    assert "Do you want" not in question.text


def test_numbers_have_their_plural() -> None:
    """One list is one list, in each language."""
    site = Site()
    site.world.join("ann", "news")
    site.world.join("bob", "news", "price_moves")

    texts = [site.get(site.preferences(who), accept_language="de").text for who in ("ann", "bob")]

    assert "eine Liste oder ein Thema" in texts[0]
    assert "2 Listen oder Themen" in texts[1]


def test_the_letter_is_asked_for_in_the_reader_s_language() -> None:
    """Whoever joins on a German page is written to in German."""
    site = Site()

    body = b"email=ann%40pii.example.com"
    site.visit("POST", "/join/news", body, accept_language="de", content_type="application/x-www-form-urlencoded")

    assert [letter.language for letter in site.world.letters] == ["de"]
