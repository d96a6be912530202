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
from eventlake.tests.factory import (
    COLD,
    HOT,
    MIXED,
    REWRITTEN,
    ROLLED_UP,
    Row,
    cleared_folder,
    laid_out,
    shared_engine,
)

settings.register_profile("thorough", max_examples=10_000, deadline=None)

Ask = Callable[..., Any]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake that does not exist yet."""
    return Lake(tmp_path / "lake")


@pytest.fixture(
    params=[
        pytest.param(HOT, id="hot", marks=pytest.mark.slow),
        pytest.param(COLD, id="cold", marks=pytest.mark.slow),
        pytest.param(MIXED, id="mixed"),
        pytest.param(ROLLED_UP, id="rolled up", marks=pytest.mark.slow),
        pytest.param(REWRITTEN, id="rewritten"),
    ]
)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks an analysis of events wherever they lie: the answer must not depend on it."""

    def asked(analysis: Callable[[Reader, Any], Any], question: Any, events: list[Row], **parts: Any) -> Any:
        zone = getattr(question, "time_zone", "UTC")
        with cleared_folder() as folder:
            source = laid_out(folder, events, request.param, zone=zone, **parts)
            return ask_source(analysis, question, source, shared_engine())

    return asked


def ask_source(
    analysis: Callable[[Reader, Any], Any], question: Any, source: Source, engine: Engine | None = None
) -> Any:
    """The answer of an analysis on a source, by this engine or one of its own."""
    asked = engine or Engine(source.snapshot.root)
    try:
        with asked.read(source) as reader:
            return analysis(reader, question)
    finally:
        if engine is None:
            asked.close()
