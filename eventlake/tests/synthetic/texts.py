"""Columns of texts made without a Python loop over rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_HEX = np.frombuffer("".join(f"{value:02x}" for value in range(256)).encode(), np.uint16)
_HEX_PLACES = np.array([*range(8), *range(9, 13), *range(14, 18), *range(19, 23), *range(24, 36)])


def pick(values: Sequence[str], index: npt.NDArray[np.integer]) -> pa.Array:
    """The value of each index."""
    return pa.array(values, pa.string()).take(pa.array(index))


def join(*parts: pa.Array | str) -> pa.Array:
    """Texts of the same rows, put together."""
    return pc.binary_join_element_wise(*parts, "")


def number(values: npt.NDArray[np.integer]) -> pa.Array:
    """Whole numbers in digits."""
    return pa.array(values).cast(pa.string())


def zipf(rng: np.random.Generator, size: int, kinds: int, exponent: float) -> Integers:
    """Numbers below `kinds` by a power law, 0 the most frequent."""
    weights = 1 / np.arange(1, kinds + 1) ** exponent
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(size)).astype(np.int64)


def scatter(values: Integers, salt: int) -> npt.NDArray[np.uint64]:
    """Numbers without order, the same for the same value (splitmix64's finalizer)."""
    mixed = values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def uuids(at_ms: Integers, rest: Bytes) -> pa.Array:
    """UUIDv7 (RFC 9562) of these milliseconds since 1970; `rest` has 10 random bytes a row."""
    count = len(at_ms)
    raw = np.empty((count, 16), np.uint8)
    raw[:, :6] = at_ms.astype(">u8").view(np.uint8).reshape(count, 8)[:, 2:]
    raw[:, 6:] = rest
    raw[:, 6] = raw[:, 6] & 0x0F | 0x70
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = np.full((count, 36), ord("-"), np.uint8)
    text[:, _HEX_PLACES] = _HEX[raw].view(np.uint8).reshape(count, 32)
    offsets = pa.py_buffer(np.arange(count + 1, dtype=np.int32) * 36)
    return pa.StringArray.from_buffers(count, offsets, pa.py_buffer(text.tobytes()))


def bytes_of(*words: npt.NDArray[np.uint64]) -> Bytes:
    """Ten bytes a row from two words."""
    both = np.stack(words, axis=1).astype(">u8").view(np.uint8).reshape(-1, 16)
    return both[:, :10]
