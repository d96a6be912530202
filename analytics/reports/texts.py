"""Texts that a caller gave, which databases must be able to take."""

from __future__ import annotations

import json
from typing import Any

from analytics.errors import BadInput


def check_texts(given: Any) -> None:
    """Look through JSON values. **Errors**: `BadInput` for half a character or a null character in a text.

    Example:
        >>> check_texts({"event": "paid", "values": ["a", 1]})
    """
    text = json.dumps(given, ensure_ascii=False)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise BadInput("a text holds half a character (a lone surrogate)", code="bad_text") from error
    if "\\u0000" in text and "\x00" in "".join(_texts(given)):
        raise BadInput("a text holds a null character", code="bad_text")


def _texts(given: Any) -> list[str]:
    if isinstance(given, str):
        return [given]
    if isinstance(given, dict):
        return [*given, *(text for part in given.values() for text in _texts(part))]
    return [text for part in given for text in _texts(part)] if isinstance(given, list | tuple) else []
