#!/usr/bin/env python
"""Django's commands, with the embedded servers started for those that need them."""

from __future__ import annotations

import sys

from loopin_backend import embedded, env

# These read or write files only.
WITHOUT_SERVERS = {
    "check",
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "help",
    "makemessages",
    "version",
}


def main(arguments: list[str]) -> None:
    """Run the command that the arguments name; tests get the test settings."""
    command = arguments[1] if len(arguments) > 1 else "help"
    env.use_settings(f"{env.SETTINGS_PACKAGE}.test" if command == "test" else env.SETTINGS_PACKAGE)
    if command not in WITHOUT_SERVERS and not command.startswith("-") and "--help" not in arguments:
        embedded.ensure()

    from django.core.management import execute_from_command_line

    execute_from_command_line(arguments)


if __name__ == "__main__":
    main(sys.argv)
