"""The directory that holds the embedded servers, the event lake and the secrets of one deployment."""

from __future__ import annotations

import os
from pathlib import Path


def make_data_dir(data_dir: Path) -> None:
    """Make it for its owner only, where it is missing.

    Root's servers run as another account, which must be able to walk through, but not to look.
    """
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
