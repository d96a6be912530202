"""`manage.py mcp --user NAME`: the MCP server over standard input and output, acting as that user."""

from __future__ import annotations

from typing import Any

import anyio
from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics.errors import NotAuthenticated
from analytics.mcp import stdio


class Command(BaseCommand):
    """Standard output belongs to the protocol: the SDK leads whatever else is printed to standard error."""

    help = (
        "Serve the analyses to an MCP client over standard input and output, with the permissions of a user."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The user."""
        parser.add_argument(
            "--user", required=True, help="user name whose permissions count; it has no default"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until the client closes."""
        try:
            stdio.caller_named(options["user"])
        except NotAuthenticated as error:
            raise CommandError(f"{error.detail}; make one with `manage.py createsuperuser`") from error
        anyio.run(stdio.serve, options["user"])
