"""Development's own secret key: random, made once, readable by its owner only."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from loopin_backend.data_dir import make_data_dir


def find_or_make_secret_key(data_dir: Path) -> str:
    """The key in `data_dir/secret_key`; made when there is none, one for all even in a race."""
    path = data_dir / "secret_key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        make_data_dir(data_dir)
    descriptor, draft_name = tempfile.mkstemp(prefix="secret_key.", dir=data_dir)  # mode 0600
    draft = Path(draft_name)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        os.link(draft, path)  # unlike a rename, fails when another process was first
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
