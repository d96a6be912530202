"""Fixtures of the lake's tests, and the thorough hypothesis profile.

`pytest eventlake --hypothesis-profile=thorough` runs a hundred times as many random streams.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from eventlake.engine import Engine, Reader
from eventlake.source import Source
from eventlake.table import Lake
from eventlake.tests.factory import Row, mixed_source

settings.register_profile("thorough", max_examples=10_000, deadline=None)

Ask = Callable[..., Any]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake that does not exist yet."""
    return Lake(tmp_path / "lake")


@pytest.fixture(params=["hot", "cold", "mixed", "rolled up"])
def ask(request: pytest.FixtureRequest, tmp_path: Path) -> Ask:
    """Asks an analysis of events that are hot, sealed, half and half, or rolled up in part.

    The answer must not depend on it.
    """

    def asked(analysis: Callable[[Reader, Any], Any], question: Any, events: list[Row], **parts: Any) -> Any:
        split = {"hot": 0, "cold": len(events), "mixed": len(events) // 2, "rolled up": len(events) * 3 // 4}
        cold, hot = events[: split[request.param]], events[split[request.param] :]
        if request.param == "rolled up":
            parts["zone"] = getattr(question, "time_zone", "UTC")
        return ask_source(analysis, question, mixed_source(tmp_path / "lake", cold, hot, **parts))

    return asked


def ask_source(analysis: Callable[[Reader, Any], Any], question: Any, source: Source) -> Any:
    """The answer of an analysis on a source, by an engine of its own."""
    engine = Engine(source.snapshot.root)
    try:
        with engine.read(source) as reader:
            return analysis(reader, question)
    finally:
        engine.close()
