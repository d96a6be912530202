"""Whether this deployment's demo data is due: asked once, at the first start, and finished if cut short."""

from __future__ import annotations

from pathlib import Path


class DemoState:
    """The answer of the first start, kept beside the data."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "demo_state"

    def is_due(self, *, is_wanted: bool) -> bool:
        """True at a first start that wants it, and as long as a wanted one is not done."""
        if not self._path.exists():
            self._path.write_text("started" if is_wanted else "declined", encoding="ascii")
        return self._path.read_text(encoding="ascii") == "started"

    def put_done(self) -> None:
        """Never make it again."""
        self._path.write_text("done", encoding="ascii")
