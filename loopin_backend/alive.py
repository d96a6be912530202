"""Signs of life of processes that serve no port: a file a role, touched as long as its owner does its work.

Off unless `LOOPIN_ALIVE_DIR` names a directory, which an image does. `loopin_backend.health_check` looks at them.
"""

from __future__ import annotations

from pathlib import Path

from loopin_backend import env

#: A worker shows itself every two seconds (Celery's heartbeat), beat at least every five.
MAX_AGE_S = 45.0


def touch(role: str) -> None:
    """Leave a sign of life; a full disk must not stop the work."""
    path = find_sign(role)
    if path is not None:
        try:
            path.touch()
        except OSError:
            return


def find_sign(role: str) -> Path | None:
    """The file of a role; None where no signs are left."""
    directory = env.load().loopin_alive_dir
    return directory / f"loopin-{role}.alive" if directory is not None else None
