"""What must not stand in a log: keys, tokens, passwords, e-mail addresses and addresses of visitors.

The last line of defence: code does not log such things on purpose, but messages of exceptions and of libraries may.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

HIDDEN = "[hidden]"

#: Names of fields whose value is hidden whatever it is.
_SECRET_NAME = re.compile(
    r"pass(word|wd)?|secret|token|authori[sz]ation|cookie|api_?key|credential|dsn|private", re.IGNORECASE
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # user:password@ in a URL; the name may stay
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@", re.IGNORECASE), rf"\1:{HIDDEN}@"),
    (re.compile(r"\b(Bearer|Basic|Token)\s+[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # JSON web tokens
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),
    # keys of this product, of PostHog and of OpenAI
    (re.compile(r"\b(?:lk_|phc_|phx_|sk-)[\w-]{6,}"), HIDDEN),
    # password=..., "token": "..."
    (
        re.compile(
            r"(\b(?:password|passwd|secret|secret_key|token|access|refresh|api_?key|sessionid|csrftoken)"
            r"['\"]?\s*[=:]\s*['\"]?)[^\s'\"&,;)}]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "[e-mail]"),
)
_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}){1,7}(?![\w:])", re.IGNORECASE)


def redact(text: str) -> str:
    """`text` without what must not be kept.

    Example:
        >>> redact("ann@example.org logged in from 198.51.100.7 with Bearer abcdefgh1234")
        '[e-mail] logged in from 198.51.100.7 with Bearer [hidden]'
        >>> redact("postgresql://loopin:s3cret@db/loopin refused 8.8.8.8")
        'postgresql://loopin:[hidden]@db/loopin refused [address]'
    """
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return _IPV6.sub(_hide_address, _IPV4.sub(_hide_address, text))


def redact_value(name: str, value: Any) -> Any:
    """One field of a record: hidden by its name, or with its texts redacted, however deep."""
    if _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: redact_value(str(key), item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact_value("", item) for item in value]
    return value


def _hide_address(found: re.Match[str]) -> str:
    """Addresses inside the house stay readable: they are servers, not visitors."""
    try:
        return "[address]" if ip_address(found[0]).is_global else found[0]
    except ValueError:
        return found[0]
