"""How log records are written: one line each, JSON in production, words in development.

Whatever a visitor put into a message, a record stays one line and moves no terminal: control
characters are escaped, and what must not be kept is hidden (`loopin_backend.redaction`). Nothing is written to files;
the process manager owns the output.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from loopin_backend.redaction import redact, redact_value

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def escape_control(text: str) -> str:
    r"""`text` with every control character spelled out.

    Example:
        >>> print(escape_control("a\nb\x1b[31m"))
        a\x0ab\x1b[31m
    """
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


class JSONFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, the record's extras, a traceback if any."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON; JSON's own escapes take care of control characters."""
        extras = {
            name: redact_value(name, value) for name, value in vars(record).items() if name not in _STANDARD
        }
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": redact(record.getMessage()),
            "process": record.process,
            **extras,
        }
        if record.exc_info:
            entry["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry, default=_describe)


def _describe(value: object) -> str:
    """What JSON has no form for, such as the request that Django puts on its records."""
    return redact(repr(value))


class LineFormatter(logging.Formatter):
    """`time level logger: message` for a person, with a traceback on the lines after it."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname:<7} {name}: {message}", "%H:%M:%S", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        """The line without its traceback, safe to print on a terminal."""
        return escape_control(redact(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name is logging's
        """The traceback, redacted like the line above it."""
        return redact(super().formatException(ei))


def build_logging(*, level: str, is_json: bool) -> dict[str, Any]:
    """Django's `LOGGING`: everything at `level` to standard output, in one format."""
    formatter = "loopin_backend.logs.JSONFormatter" if is_json else "loopin_backend.logs.LineFormatter"
    names = ("analytics", "analytics.ai_services", "analytics.tasks", "events", "loopin_backend")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}
        },
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            **{name: {"level": level} for name in names},
            # Django's own handlers would write the same record twice and mail it to nobody.
            "django": {"handlers": ["console"], "level": level, "propagate": False},
            # Queries carry parameters, and parameters are people's data: never logged.
            "django.db.backends": {"level": "WARNING"},
        },
    }
