"""The headers that every page goes out with, whatever became of the request."""

import base64
import hashlib
from collections.abc import Mapping


def headers(style: str) -> Mapping[str, str]:
    """The headers of a page whose one `<style>` element holds exactly this text.

    The page may be styled by that and post to where it came from, and nothing else: no script, no picture, no frame
    around it. The URL is a secret, so it travels to no other site, no cache keeps the page, and no search engine.
    """
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    policy = (
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Strict-Transport-Security": "max-age=63072000",
        "Vary": "Accept-Language",
    }
