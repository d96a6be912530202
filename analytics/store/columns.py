"""Whole columns that are matched by a key, without a loop over their rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


def values_of(
    wanted: Integers, keys: Integers, values: npt.NDArray[np.generic], missing: float
) -> npt.NDArray[np.generic]:
    """The value of each wanted key, `missing` where there is none; `keys` ascend and each is there once.

    Example:
        >>> values_of(np.array([5, 4]), np.array([1, 5]), np.array([10, 50]), -1).tolist()
        [50, -1]
    """
    if not len(keys):
        return np.full(len(wanted), missing, values.dtype)
    place = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], missing)
