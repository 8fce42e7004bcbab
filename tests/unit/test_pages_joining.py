"""Joining from outside: a form, a mail, a link; and the same answer for everybody."""

import pytest

from consent_world import AMZN, NEWS, SOURCE, ConsentWorld, many_topics
from eventpost.links import LinkTarget, Purpose
from eventpost.model import ConsentWay, LetterKind
from preferences_site import Site
from sentinels import NAME, address

JOIN, ENTER, SEARCH = ("action", "join"), ("action", "enter"), ("action", "search")


@pytest.fixture
def site() -> Site:
    """Nobody is on any list."""
    return Site()


@pytest.fixture
def many() -> Site:
    """A list of 130 topics, T0000 and on."""
    return Site(ConsentWorld(registry=many_topics(130)))


def topics(site: Site, target: str) -> list[str]:
    """The topics that the page has a box for."""
    return boxes(site.get(target).html)


def boxes(html: str) -> list[str]:
    """The topics that a page has a box for."""
    return [part.split('"')[0] for part in html.split('name="topic" value="')[1:]]


def test_joining_by_the_form_takes_a_mail_and_a_press(site: Site) -> None:
    """Nobody is on a list before the mailbox's owner has said so, by a button and not by opening the link."""
    sent = site.press(site.get("/join/news"), JOIN, email=address("ann"), name=NAME)
    assert "Look into your mail" in sent.text
    assert site.world.states("ann") == {NEWS: "pending"}
    [letter] = site.world.letters
    assert (letter.kind, letter.audiences) == (LetterKind.CONFIRM, (NEWS,))

    question = site.get(site.url(Purpose.CONFIRM, LinkTarget(letter.subscriber, letter.asked)))
    assert "a•••@pii.example.com" in question.text
    assert site.world.states("ann") == {NEWS: "pending"}

    done = site.press(question)
    row = site.world.there("ann")
    assert "you will get these mails" in done.text
    assert (row.state, row.joined.how, row.joined.form) == ("active", ConsentWay.FORM, "join/news")
    assert row.attributes["name"] == NAME


def test_confirming_twice_says_the_same_and_leads_to_the_preferences(site: Site) -> None:
    """The page after the press has a fresh link; opening the mail's link again shows the same page."""
    target = site.world.ask("ann", NEWS, AMZN)
    assert target
    path = site.url(Purpose.CONFIRM, target)

    done, again = site.press(site.get(path)), site.get(path)

    assert done.text == again.text
    [preferences] = [link for link in again.shown.links if "/p/" in link]
    assert "2 lists or topics" in site.get(preferences.removeprefix("..")).text


def test_what_was_called_off_cannot_be_confirmed(site: Site) -> None:
    """Leaving answers the question, too."""
    target = site.world.ask("ann")
    assert target
    site.world.leave("ann")

    assert "nothing to do" in site.get(site.url(Purpose.CONFIRM, target)).text
    assert "nothing to do" in site.post(site.url(Purpose.CONFIRM, target), action="confirm").text
    assert site.world.on("ann") == set()


def test_the_answer_is_the_same_for_known_and_unknown_addresses() -> None:
    """On the list, suppressed, erased, pending or unknown: neither the form nor asking for a link tells."""
    site = Site()
    for local in ("on_it", "bounced", "gone"):
        site.world.join(local)
    site.world.suppress("bounced")
    site.world.erase("gone")
    site.world.ask("asked")
    answers = set()
    for local in ("on_it", "bounced", "gone", "asked", "unknown"):
        for path in ("/join/news", "/link"):
            page = site.post(path, email=address(local))
            answers.add((path, page.status, tuple(page.headers.items()), page.html.replace(local, "somebody")))

    assert len(answers) == 2
    assert {status for _, status, _, _ in answers} == {200}


def test_the_lists_that_anybody_may_join_are_shown(site: Site) -> None:
    """A closed one is neither shown nor joined, and its page is like that of one that is not there."""
    shown = site.get("/")

    assert shown.text == site.get("/join").text
    assert {"./join/news", "./join/price_moves", "./join/stock_alerts"} <= {*shown.shown.links}
    assert "Staff" not in shown.text
    pages = [site.get("/join/staff"), site.get("/join/nothing"), site.post("/join/staff", email=address("ann"))]
    assert [(page.status, page.text) for page in pages] == [(404, pages[0].text)] * 3
    assert site.world.letters == []


def test_topics_are_chosen_by_boxes(site: Site) -> None:
    """Each ticked topic is asked for, in one letter."""
    site.post("/join/stock_alerts", ("topic", "AMZN"), ("topic", "BRK.B"), email=address("ann"), action="join")

    [letter] = site.world.letters
    assert {*letter.audiences} == {"stock_alerts/AMZN", "stock_alerts/BRK.B"}


def test_a_link_can_tick_topics_beforehand(site: Site) -> None:
    """`?topic=AMZN`; what is no topic is left out."""
    form = site.get("/join/stock_alerts?topic=AMZN&topic=NOPE").shown.forms[0]

    assert [value for name, value in form.fields if name == "topic"] == ["AMZN"]


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ([("email", address("ann"))], "Choose at least one topic"),
        ([("email", ""), ("topic", "AMZN")], "Enter an e-mail address"),
        ([("email", "ann@@example"), ("topic", "AMZN")], "Enter an e-mail address"),
        ([("email", address("ann")), ("topic", "NOPE")], "can no longer be joined"),
        ([("email", address("ann")), ("topic", "AMZN"), ("name", "N" * 61)], "Enter a name"),
        ([("email", address("ann")), ("topic", "AMZN"), ("name", "win at https://x")], "Enter a name"),
        ([("email", address("ann")), *[("topic", f"T{n}") for n in range(51)]], "at most 50 topics"),
    ],
)
def test_a_form_that_cannot_be_taken_comes_back(site: Site, pairs: list[tuple[str, str]], said: str) -> None:
    """With the error, and with what was filled in; no letter goes out."""
    page = site.post("/join/stock_alerts", *pairs, JOIN)

    assert page.status == 400
    assert said in page.text
    assert page.shown.forms[0].fields[-2:] == [("email", dict(pairs)["email"]), ("name", dict(pairs).get("name", ""))]
    assert site.world.letters == []


def test_topics_are_paged_and_searched_without_losing_what_was_filled_in(many: Site) -> None:
    """Thousands of them: a page holds 48; what is ticked stays ticked and in sight, and what was typed stays typed."""
    first = many.get("/join/many")
    assert boxes(first.html) == [f"T{number:04}" for number in range(48)]
    ticked = [("topic", "T0003"), ("email", address("ann")), ("name", NAME), ("searched", "")]

    second = many.post("/join/many", *ticked, ("q", ""), ("go", "2"))
    assert boxes(second.html) == ["T0003", *[f"T{number:04}" for number in range(49, 97)]]
    assert dict(second.shown.forms[0].fields)["email"] == address("ann")

    found = many.post("/join/many", *ticked, ("q", "t0120"), SEARCH)
    assert boxes(found.html) == ["T0003", "T0120"]
    assert dict(found.shown.forms[0].fields)["topic"] == "T0003"
    assert many.world.letters == []

    many.press(found, JOIN)
    assert [letter.audiences for letter in many.world.letters] == [("many/T0003",)]


def test_enter_searches_where_the_search_has_changed_and_joins_elsewhere(many: Site) -> None:
    """Enter presses a form's first button, in whatever field one is."""
    typed = [("email", address("ann")), ("topic", "T0001"), ("searched", "t00")]

    searched = many.post("/join/many", *typed, ("q", "t01"), ENTER)
    assert "T0100" in boxes(searched.html)
    assert many.world.letters == []

    many.post("/join/many", *typed, ("q", "t00"), ENTER)
    assert len(many.world.letters) == 1


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [
        ("?page=3", "T0096", 34),
        ("?page=99", "T0096", 34),
        ("?page=0", "T0000", 48),
        ("?page=x", "T0000", 48),
        ("?page=²", "T0000", 48),
        ("?q=t012", "T0120", 10),
        ("?q=T012&page=2", "T0120", 10),
    ],
)
def test_a_page_of_topics_has_an_address(many: Site, query: str, first: str, count: int) -> None:
    """`?q=` and `?page=`; what is not there is the nearest that is."""
    shown = topics(many, f"/join/many{query}")

    assert (shown[0], len(shown)) == (first, count)


def test_a_search_without_a_find_says_so(many: Site) -> None:
    """And shows no box."""
    page = many.get("/join/many?q=nothing")

    assert "No topic is called “ nothing ”" in page.text
    assert boxes(page.html) == []


def test_too_many_requests_are_refused_for_a_while(site: Site) -> None:
    """Per mailbox, and per source, by whatever form; the answer says when to come again."""
    pages = [site.post("/join/news", email=address("ann")) for _ in range(6)]
    assert [page.status for page in pages] == [200] * 5 + [429]
    assert pages[-1].headers["Retry-After"] == "3600"

    others = [site.post("/link", email=address(f"other{number}")) for number in range(30)]
    assert others[-1].status == 429


def test_the_source_is_what_the_gateway_saw(site: Site) -> None:
    """No header makes it another."""
    for number in range(31):
        body = f"email=a{number}%40pii.example.com".encode()
        page = site.visit(
            "POST", "/link", body, content_type="text/plain", x_forwarded_for=f"192.0.2.{number}", forwarded="for=::1"
        )

    assert page.status == 429
    assert SOURCE not in repr(vars(site.world.attempts))
