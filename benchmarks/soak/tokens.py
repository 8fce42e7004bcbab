"""Tokens that were changed: a million of them are tried on the links' own reader, and none may be accepted."""

import random
import string
from collections.abc import Iterator
from typing import Final

from eventpost.links import BadLink, Links, LinkTarget, Purpose

_BASE64: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # in order of value
_ALPHABET: Final = _BASE64 + ".=+/ "
_SKIPPED: Final = ("=", "==", "\n", " ", "!", "\t", "\u200b")  # signs that base64 decoders are apt to skip


def try_tokens(tried: int, seed: int) -> dict[str, int]:
    """The figures of this part of the soak."""
    links = Links(["the key before the last", "the last key"], "https://mail.example.com")
    return {"tokens_tried": tried, "tokens_accepted": len(accepted(links, tried, random.Random(seed)))}


def accepted(links: Links, tried: int, chance: random.Random) -> list[str]:
    """Those of so many changed tokens that were accepted all the same. There should be none.

    The tokens are of every purpose and for changing targets. Each is read for its own purpose; or, a few of them
    unchanged, for another.
    """
    found = []
    for purpose, token in _forged(links, tried, chance):
        try:
            links.read(purpose, token)
        except BadLink:
            continue
        found.append(token)
    return found


def changed(token: str, chance: random.Random) -> str:
    """Another text than the token: one to three signs replaced, added, dropped or exchanged, or the same bytes."""
    other = token
    while other == token:
        other = same_worth(token, chance) if not chance.randrange(8) else _mutated(token, chance)
    return other


def same_worth(token: str, chance: random.Random) -> str:
    """Another text that a lax decoder takes for the very same bytes."""
    *before, last = token.split(".")
    parts = [*before, last]
    part = chance.randrange(len(parts))
    spare = -len(parts[part]) % 4 * 2  # bits of the last sign that no byte needs
    if spare and chance.randrange(2):
        value = _BASE64.index(parts[part][-1])
        parts[part] = parts[part][:-1] + _BASE64[value ^ chance.randrange(1, 2**spare)]
        return ".".join(parts)
    place = chance.randrange(len(parts[part]) + 1)
    parts[part] = parts[part][:place] + chance.choice(_SKIPPED) + parts[part][place:]
    return ".".join(parts)


def _forged(links: Links, tried: int, chance: random.Random) -> Iterator[tuple[Purpose, str]]:
    purposes = list(Purpose)
    for number in range(tried):
        purpose = purposes[number % len(purposes)]
        if not number % 100:  # new targets now and then; to sign is not what is tried here
            target = LinkTarget(f"{chance.getrandbits(128):032x}", f"{chance.getrandbits(48):012x}")
            tokens = {each: links.token(each, target) for each in purposes}
        if not number % 50:
            foreign = chance.choice([each for each in purposes if each is not purpose])
            yield purpose, tokens[foreign]
        else:
            yield purpose, changed(tokens[purpose], chance)


def _mutated(token: str, chance: random.Random) -> str:
    signs = list(token)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(signs))
        match chance.randrange(4):
            case 0:
                signs[place] = chance.choice(_ALPHABET)
            case 1:
                signs.insert(place + chance.randint(0, 1), chance.choice(_ALPHABET))
            case 2 if len(signs) > 1:
                del signs[place]
            case _:
                other = chance.randrange(len(signs))
                signs[place], signs[other] = signs[other], signs[place]
    return "".join(signs)
