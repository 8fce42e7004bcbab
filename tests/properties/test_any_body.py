"""Whatever is put on a list's queue is mailed or given up with a reason; and nothing of it is told elsewhere.

Five hundred messages, the same ones in every run; ten thousand others in each run of `make soak-fuzz`.
"""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import given as for_all

import received_mail
from fuzz_world import HEADERS, LISTS, SAMPLES, FuzzWorld
from fuzzed_bodies import Posted, edges, posted
from privacy import WATCH

EACH, EACH_OF_MANY = -(-500 // len(LISTS)), -(-10_000 // len(LISTS))


@pytest.mark.parametrize("name", sorted(LISTS))
def test_any_message_is_mailed_or_given_up_with_a_reason(name: str) -> None:
    """Whatever it holds: nothing is lost, nothing crashes, nothing is told of anybody."""
    fuzz(name, EACH, derandomize=True)


@pytest.mark.parametrize("name", sorted(LISTS))
def test_what_parsers_do_not_expect_is_given_up_too(name: str) -> None:
    """What is nested too deeply, or stands where a time or a zone should: what they raise is no error of their own."""
    for message in edges(SAMPLES[name][0]):
        fate(name, message)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", sorted(LISTS))
def test_ten_thousand_others(name: str) -> None:
    """The same with messages that no run before has seen."""
    fuzz(name, EACH_OF_MANY, derandomize=False)


def fuzz(name: str, examples: int, *, derandomize: bool) -> None:
    """So many messages to this list."""
    seen = {"mailed": 0, "given up": 0}

    @settings(
        max_examples=examples,
        derandomize=derandomize,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )
    @for_all(posted(SAMPLES[name]))
    def each(message: Posted) -> None:
        seen[fate(name, message)] += 1

    each()
    assert min(seen.values()) > examples // 20, f"hardly worth the name: {seen}"


def fate(name: str, message: Posted) -> str:
    """What became of the message; fails the test where that is not as it has to be."""
    world = FuzzWorld(LISTS[name])
    world.take(message)

    assert world.left == 0, "nothing is out of order, so trying again cannot help"
    assert WATCH.leaks() == []
    if world.dead:
        ((attributes),) = world.dead
        assert attributes["event_id"]
        assert attributes["error"]
        assert len(attributes["reason"]) > 10
        assert not attributes["reason"].startswith("unexpected"), f"no error of ours: {attributes['reason']}"
        assert world.mailed == []
        return "given up"
    assert world.mailed == world.expected
    for content in world.contents:
        assert content.isascii()
        assert b"\n." not in content, "SMTP would have to double it, and is told that it need not look"
        assert max(map(len, content.split(b"\r\n"))) <= 998
        assert content.count(b"\r") == content.count(b"\n") == content.count(b"\r\n")
        mail = received_mail.read(content)
        assert received_mail.defects(mail) == []
        names = [header.lower() for header in mail]
        assert set(names) <= HEADERS
        assert len(names) == len(set(names))
    return "mailed"
