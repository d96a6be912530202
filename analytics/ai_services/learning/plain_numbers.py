"""Reading stored models: JSON of plain numbers that cannot execute, checked value by value on the way in."""

from __future__ import annotations

from typing import Any

import numpy as np

from analytics.ai_services.learning.examples import IntArray
from analytics.ai_services.learning.scores import FloatArray


class UnreadableModel(ValueError):
    """The stored model is of another version, damaged, or not one of ours: train again."""


def read_list(stored: Any, name: str) -> list[Any]:
    """The list of that name. **Errors**: UnreadableModel, as all of these."""
    found = stored.get(name) if isinstance(stored, dict) else None
    if not isinstance(found, list):
        raise UnreadableModel(f"{name} must be a list")
    return found


def read_names(stored: Any) -> tuple[str, ...]:
    """The texts of `names`, at least one, no two alike."""
    names = read_list(stored, "names")
    if not names or not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise UnreadableModel("names must be different texts")
    return tuple(names)


def read_numbers(stored: Any, name: str, size: int) -> FloatArray:
    """So many finite numbers."""
    found = read_list(stored, name)
    if len(found) != size or not all(type(value) in (int, float) for value in found):
        raise UnreadableModel(f"{name} must be {size} numbers")
    numbers = np.array(found, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise UnreadableModel(f"{name} holds a number that is not finite")
    return numbers


def read_integers(stored: Any, name: str, size: int) -> IntArray:
    """So many whole numbers that an index can hold."""
    found = read_list(stored, name)
    if len(found) != size or not all(type(value) is int and abs(value) < 2**31 for value in found):
        raise UnreadableModel(f"{name} must be {size} whole numbers")
    return np.array(found, dtype=np.int64)


def read_number(stored: Any, name: str) -> float:
    """One finite number."""
    found = stored.get(name) if isinstance(stored, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float) or not np.isfinite(found):
        raise UnreadableModel(f"{name} must be a finite number")
    return float(found)
