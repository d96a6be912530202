"""What a metric is: a class that names what is measured, in which unit, who owns it, and what is good.

A project adds its own by a class of its own; docs/guides/metrics.md has the recipe. `problems` says what is wrong with
one before anything is worked out.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from analytics.metrics.measures import Measure, Quotient
from analytics.metrics.units import Unit
from analytics.models.choices import MetricType

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}\Z")


@dataclass(frozen=True)
class Dimension:
    """What the events of a metric are told apart by: a property of theirs, or a column of events.

    The `limit` values with the most events have rows of their own.
    """

    name: str
    is_column: bool = False
    limit: int = 5


class Metric:
    """A value a day over the stream of events. The first line of the docstring says what it is.

    `good`: the direction in which it should go. `warning` and `critical` lie on the other side: for a metric that
    should go up they are floors, else ceilings; None for no alert. `minimum_sample`: below so many observations (the
    lower part of a rate) a value is shown and not judged. `is_judged_while_open`: whether a day is judged before it
    has ended, which suits rates and never counts that should go up. `tree` names the driver tree that explains a
    change, over `tree_days`.
    """

    type: ClassVar[MetricType] = MetricType.CUSTOM
    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    category: ClassVar[str] = ""
    subcategory: ClassVar[str] = ""
    unit: ClassVar[Unit] = Unit.NUMBER
    owner: ClassVar[str] = ""
    good: ClassVar[Literal["up", "down"]] = "up"
    target: ClassVar[float | None] = None
    warning: ClassVar[float | None] = None
    critical: ClassVar[float | None] = None
    minimum_sample: ClassVar[int] = 0
    is_judged_while_open: ClassVar[bool] = False
    dimensions: ClassVar[tuple[Dimension, ...]] = ()
    tree: ClassVar[str] = ""
    tree_days: ClassVar[int] = 7
    measure: ClassVar[Measure]

    @classmethod
    def description(cls) -> str:
        """What it is, in a sentence or some."""
        return inspect.cleandoc(cls.__doc__ or "").replace("\n", " ")

    @classmethod
    def sample(cls) -> Measure | None:
        """The observations that a value rests on: the lower part of a rate."""
        return cls.measure.lower if isinstance(cls.measure, Quotient) else None

    @classmethod
    def problems(cls) -> Iterator[str]:
        """What is wrong with the declaration."""
        where = f"{cls.__module__}.{cls.__qualname__}"
        if not _NAME.match(cls.name):
            yield f"{where}: name is to be lower case letters, digits and underscores, at most 100"
        if not cls.title or not cls.category:
            yield f"{where}: title and category are missing"
        if not issubclass(cls, Snapshot) and not isinstance(getattr(cls, "measure", None), Measure):
            yield f"{where}: measure is to be a measure, such as Count('order_paid')"
        if cls.good not in ("up", "down"):
            yield f"{where}: good is 'up' or 'down'"
        elif cls.warning is not None and cls.critical is not None:
            is_right = cls.critical <= cls.warning if cls.good == "up" else cls.critical >= cls.warning
            if not is_right:
                yield f"{where}: critical is to lie beyond warning, away from what is good"


class KPI(Metric):
    """A key performance indicator."""

    type = MetricType.KPI


class KRI(Metric):
    """A key risk indicator: something that should stay low."""

    type = MetricType.KRI
    good = "down"


class KR(Metric):
    """A key result."""

    type = MetricType.KR


class CustomMetric(Metric):
    """Anything else."""


class Snapshot(Metric):
    """A metric that is read as it is now and has no past but the rows that were kept: `read()` gives the value."""

    @classmethod
    def read(cls) -> float | None:
        """The value now; None where there is none."""
        raise NotImplementedError
