"""Cursors of lists in the database: where a page ended, signed, and good only for the list that it came from."""

from __future__ import annotations

import hashlib
from typing import Any

from django.core import signing

from analytics.errors import BadInput


def encode_cursor(place: list[Any], of: tuple[Any, ...]) -> str:
    """The cursor of a place (plain JSON values) in the list that `of` describes."""
    return _signer(of).sign_object(place)


def decode_cursor(cursor: str, of: tuple[Any, ...]) -> list[Any]:
    """The place. **Errors**: `BadInput` for a cursor of another list, or of nobody.

    Example:
        >>> decode_cursor(encode_cursor([3, 7], ("persons", "bob")), ("persons", "bob"))
        [3, 7]
    """
    try:
        found = _signer(of).unsign_object(cursor)
    except Exception as error:  # a forged text fails in many ways: base64, UTF-8, JSON
        raise BadInput(
            "this cursor is none of ours: take next_cursor as it came, and ask the same question with it",
            code="bad_cursor",
        ) from error
    return list(found)


def _signer(of: tuple[Any, ...]) -> signing.Signer:
    digest = hashlib.blake2b(repr(of).encode(), digest_size=16).hexdigest()
    return signing.Signer(salt=f"analytics.pages.{digest}")
