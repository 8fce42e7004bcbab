"""One plain request and its answer. Both connections end with it, so that nothing can follow in its shadow."""

import contextlib
from asyncio import IncompleteReadError, LimitOverrunError

from eventpost_capture.explain import not_loaded
from eventpost_capture.guard.allowance import Allowance
from eventpost_capture.guard.heads import MalformedError, Request, Response, read_head
from eventpost_capture.guard.streams import End, pump, until_one_ends

_PROVISIONAL = 200  # below it, another head follows
_MOST_PROVISIONAL = 8
_SWITCHING = 101
_PROXY_WANTS_PASSWORD = 407  # only we are the proxy, and we want none
_READ = 65_536


async def exchange(request: Request, browser: End, server: End, allowance: Allowance) -> None:
    """Pass a request on and its answer back.

    Raises:
        PageUnavailable: the server gave no answer that can be passed on; nothing was.
        AllowanceSpentError: there was too much of it.
        OSError: either side hung up halfway.
    """
    allowance.spend(len(request.head))
    server.writer.write(request.head)
    await until_one_ends(_ask(request, browser, server, allowance), _answer(request, browser, server, allowance))


async def _ask(request: Request, browser: End, server: End, allowance: Allowance) -> None:
    """Send the request's body, then wait until the browser hangs up. What it says meanwhile is heard by no one."""
    with contextlib.suppress(OSError):  # the server may have heard enough, and answers
        await pump(browser, server, allowance, request.length)
    while await browser.reader.read(_READ):
        pass


async def _answer(request: Request, browser: End, server: End, allowance: Allowance) -> None:
    response = await _heard(request, server, allowance)
    browser.writer.write(response.head)
    await pump(server, browser, allowance, response.length)


async def _heard(request: Request, server: End, allowance: Allowance) -> Response:
    try:
        return await _final(request, server, allowance)
    except IncompleteReadError as error:
        raise not_loaded(request.target, "ERR_EMPTY_RESPONSE") from error
    except LimitOverrunError as error:
        raise not_loaded(request.target, "ERR_RESPONSE_HEADERS_TOO_BIG") from error
    except MalformedError as error:
        raise not_loaded(request.target, "ERR_INVALID_HTTP_RESPONSE") from error
    except OSError as error:
        raise not_loaded(request.target, "ERR_CONNECTION_RESET") from error


async def _final(request: Request, server: End, allowance: Allowance) -> Response:
    for _ in range(_MOST_PROVISIONAL):
        response = Response.parse(await _counted_head(server, allowance), request.method)
        if response.status in (_SWITCHING, _PROXY_WANTS_PASSWORD):
            break
        if response.status >= _PROVISIONAL:
            return response
    raise MalformedError


async def _counted_head(server: End, allowance: Allowance) -> bytes:
    """A head, counted whether or not it is one: all that came has been paid for."""
    try:
        head = await read_head(server.reader)
    except IncompleteReadError as error:
        allowance.spend(len(error.partial))
        raise
    except LimitOverrunError as error:
        allowance.spend(error.consumed)
        raise
    allowance.spend(len(head))
    return head
