"""What preparation tells the supervisor; apart from it, because the supervisor never loads Django."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Prepared:
    """Who may log in and with which key events are sent; a password only until it has been shown."""

    admin_name: str
    new_password: str
    ingest_key: str
    has_demo_command: bool


def login_note(data_dir: Path) -> Path:
    """The file that holds a generated password, for its owner only, until it has been shown."""
    return data_dir / "first_login"
