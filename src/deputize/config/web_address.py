"""Addresses of services, as settings and variables give them."""

from __future__ import annotations


def is_web_address(url: str) -> bool:
    """Tell whether this is an address that can be asked, without a name or a key in it."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        named = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(named) and "@" not in parts.netloc and url.isascii() and url.isprintable()
