"""A benchmark in a process whose servers and lake are its own, whatever the environment names.

The outer process makes a folder and starts the inner one with `command`; the inner one calls `set_up` first.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path


def command(folder: Path, arguments: Sequence[str], **settings: str) -> list[str]:
    """The inner process: Python with these arguments; all that it keeps lies in the folder."""
    # Tests add a suffix to the name of their data directory, so it has to lie inside the folder to go with it.
    given = {
        "LOOPIN_ENV": "test",
        "LOOPIN_DATA_DIR": str(folder / "data"),
        "ANALYTICS_LAKE_URI": str(folder / "lake"),
        "LOG_LEVEL": "ERROR",
        **settings,
    }
    unset = ("-u", "DATABASE_URL", "-u", "REDIS_URL", "-u", "DJANGO_SETTINGS_MODULE")
    return ["env", *unset, *(f"{name}={value}" for name, value in given.items()), sys.executable, *arguments]


def use_django() -> None:
    """Django in the inner process and in those that it starts, whose servers run already."""
    import django

    from loopin_backend import env

    env.use_settings()
    django.setup()


def set_up() -> None:
    """Django with its servers running and its tables made."""
    from loopin_backend import embedded

    use_django()
    embedded.ensure()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
