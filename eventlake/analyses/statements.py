"""Reading the SQL files and filling their slots.

A slot is `{{name}}` and takes SQL that our own code made (a compiled filter, a bucket expression). Values of
users never go into a slot: they are bound parameters, written `$name`.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_SLOT = re.compile(r"\{\{(\w+)\}\}")


@cache
def _text(name: str) -> str:
    return (resources.files("eventlake.analyses") / "sql" / f"{name}.sql").read_text(encoding="utf-8").strip()


def statement(name: str, **slots: str) -> str:
    """The SQL of a file with these slots filled; slots that are not given stay for a later hand.

    Errors: KeyError for a slot that the file does not have, which is a mistake in our code.
    """
    text = _text(name)
    unknown = slots.keys() - set(_SLOT.findall(text))
    if unknown:
        raise KeyError(f"{name}.sql has no slot {', '.join(sorted(unknown))}")
    return fill(text, **slots)


def fill(text: str, **slots: str) -> str:
    """The text with these slots filled, in one pass, so that what goes in is never looked at again."""
    return _SLOT.sub(lambda match: slots.get(match[1], match[0]), text)
