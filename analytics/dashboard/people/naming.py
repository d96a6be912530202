"""What a person is called: what people call them, else the id by which a client knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

#: Properties that name somebody, the best first: what SDKs and guides use.
_NAMES = ("name", "$name", "username", "email", "$email")


def name_of(properties: Mapping[str, Any], distinct_ids: Sequence[str], uuid: UUID) -> str:
    """The name of a person; never empty.

    Example:
        >>> name_of({"email": "ann@example.org"}, ["u1"], UUID(int=1)), name_of({}, ["u1"], UUID(int=1))
        ('ann@example.org', 'u1')
    """
    for name in _NAMES:
        value = properties.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()[:200]
    return next((text for text in distinct_ids if not _is_random(text)), (*distinct_ids, str(uuid))[0])


def _is_random(distinct_id: str) -> bool:
    """Whether it is a uuid, as browsers make them for visitors: any other id says more."""
    try:
        UUID(distinct_id)
    except ValueError:
        return False
    return True
