"""JSON instead of pickle in the cache: whoever can write to Redis must not run code here."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder


class JSONSerializer:
    """What Django's Redis cache needs of a serializer, holding only what JSON can hold.

    Whole numbers stay plain digits, because Redis itself counts on them (`cache.incr`).

    Errors: `TypeError` from `dumps` for a value that JSON cannot hold.

    Example:
        >>> serializer = JSONSerializer()
        >>> serializer.dumps(7), serializer.loads(serializer.dumps({"a": [1, None]}))
        (7, {'a': [1, None]})
    """

    def dumps(self, value: Any) -> bytes | int:
        """`value` as Redis stores it."""
        if type(value) is int:
            return value
        return json.dumps(value, cls=DjangoJSONEncoder, separators=(",", ":")).encode()

    def loads(self, stored: bytes) -> Any:
        """The value that `dumps` was given; tuples come back as lists."""
        return json.loads(stored)
