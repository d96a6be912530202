"""`python -m loopin_backend.reference`: the reference pages that follow from code, written anew.

Settings, events, metrics, endpoints and commands are described where they are declared; the pages in `docs/reference`
only list them. A test compares, so that a page cannot grow old.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from loopin_backend import env

FOLDER = env.PROJECT_ROOT / "docs" / "reference"
_NOTE = "<!-- Written by `python -m loopin_backend.reference`; change what it describes, not this page. -->"
#: What the environment decides and no reader should set by hand in a Django project of their own.
_APPS = ("analytics", "events")


def main(arguments: list[str]) -> None:
    """Write all pages."""
    parser = argparse.ArgumentParser(prog="python -m loopin_backend.reference", description=__doc__)
    parser.parse_args(arguments)
    set_up()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def set_up() -> None:
    """Django, without any server."""
    import django

    env.use_settings()
    django.setup()


def pages() -> dict[str, str]:
    """Every page by its file name."""
    made: dict[str, Callable[[], Iterable[str]]] = {
        "settings.md": _settings,
        "events.md": _events,
        "metrics.md": _metrics,
        "api.md": _api,
        "commands.md": _commands,
    }
    return {name: "\n".join([_NOTE, *make()]) + "\n" for name, make in made.items()}


def _settings() -> Iterator[str]:
    from analytics.conf import AnalyticsSettings

    yield "# Settings"
    yield ""
    yield "## Of a deployment: environment variables"
    yield "A value that makes no sense stops the start and names the variable and the fix. Secrets have no default."
    yield ""
    yield "| variable | default | |"
    yield "|---|---|---|"
    known = set()
    for name, field in sorted(env.Env.model_fields.items()):
        known.add(name)
        yield f"| `{name.upper()}` | {_default(field.default)} | {_cell(field.description or '')} |"
    yield ""
    yield "## In a project of your own: Django settings"
    yield "`analytics` reads these from Django's settings; the deployment above fills them from its environment."
    yield ""
    yield "| setting | default |"
    yield "|---|---|"
    for declared in fields(AnalyticsSettings):
        default = declared.default if declared.default_factory is MISSING else declared.default_factory()
        yield f"| `ANALYTICS_{declared.name.upper()}` | {_default(default)} |"


def _events() -> Iterator[str]:
    from analytics.event_names import SUBJECT_PROPERTIES, Known
    from analytics.models.choices import EngagementLevel, EventType, Source

    yield "# Events"
    yield ""
    yield (
        "Any name is an event. These are the ones that metrics and predictions know; what you call something else, say "
        'in `ANALYTICS_EVENT_NAMES` (`{"payment_succeeded": "order_paid"}`; an empty name: you have no such event).'
    )
    yield ""
    yield "| known as | default name |"
    yield "|---|---|"
    for known in Known:
        yield f"| {known.name.lower().replace('_', ' ')} | `{known.value}` |"
    yield ""
    yield f"What an event is about stands in its property {' or '.join(f'`{name}`' for name in SUBJECT_PROPERTIES)}."
    for title, choices in (("Types", EventType), ("Sources", Source), ("Engagement levels", EngagementLevel)):
        yield ""
        yield f"## {title}"
        yield ", ".join(f"`{value}`" for value in choices.values) + "."


def _metrics() -> Iterator[str]:
    from analytics.metrics.registry import all_metrics

    yield "# Metrics"
    yield ""
    yield (
        "The metrics that come with the product. [The guide](../guides/metrics.md) says when they are worked out and "
        "how to add your own."
    )
    for name, metric in all_metrics().items():
        yield ""
        yield f"## {name}"
        yield metric.description()
        yield ""
        facts = {
            "type": metric.type, "category": metric.category, "unit": metric.unit, "should go": metric.good,
            "target": metric.target, "warning": metric.warning, "critical": metric.critical,
            "judged from": f"{metric.minimum_sample} observations" if metric.minimum_sample else None,
            "by": ", ".join(dimension.name for dimension in metric.dimensions) or None,
            "driver tree": metric.tree or None,
        }  # fmt: skip
        yield (
            "; ".join(f"{label}: {_plain(value)}" for label, value in facts.items() if value is not None)
            + "."
        )


def _api() -> Iterator[str]:
    from analytics.api.descriptions import DESCRIPTIONS
    from analytics.api.operations import OPERATIONS

    yield "# API"
    yield ""
    yield (
        "Every endpoint, the same under ASGI and WSGI. Shapes, examples and errors are in the OpenAPI document of a "
        "running server (`/api/docs`, `/api/redoc`, `/api/openapi.json`); who may call what is in "
        "[permissions](permissions.md)."
    )
    group = ""
    for operation in sorted(OPERATIONS, key=lambda found: (_group(found.path), found.path, found.method)):
        if _group(operation.path) != group:
            group = _group(operation.path)
            yield ""
            yield f"## {group}"
        yield ""
        yield f"### {operation.method} {operation.path}"
        yield DESCRIPTIONS[operation.name].text


def _group(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[1] if parts[1] != "analytics" else parts[2]


def _commands() -> Iterator[str]:
    from django.core.management import get_commands, load_command_class

    yield "# Commands"
    yield ""
    yield "`python manage.py NAME --help` says the same."
    ours = sorted((name, app) for name, app in get_commands().items() if app in _APPS)
    for name, app in ours:
        command = load_command_class(app, name)
        parser = command.create_parser("manage.py", name)
        yield ""
        yield f"## {name}"
        yield _one_line(command.help)
        options = [action for action in parser._actions if not _is_djangos(action)]
        if options:
            yield ""
            yield "| option | default | |"
            yield "|---|---|---|"
        for action in options:
            written = (
                ", ".join(f"`{option}`" for option in action.option_strings)
                or f"`{action.metavar or action.dest}`"
            )
            yield f"| {written} | {_default(action.default)} | {_cell(_one_line(action.help or ''))} |"


_DJANGOS = {
    "help", "version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks",
}  # fmt: skip


def _is_djangos(action: argparse.Action) -> bool:
    return action.dest in _DJANGOS


def _default(value: Any) -> str:
    """A default as a cell: nothing for nothing, and never a path of this machine."""
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    if value is None or value in ("", (), {}, []) or value is False or str(value) == "PydanticUndefined":
        return "no" if value is False else ""
    if isinstance(value, Path):
        value = value.relative_to(env.PROJECT_ROOT) if value.is_relative_to(env.PROJECT_ROOT) else value.name
    if isinstance(value, tuple | list):
        value = ", ".join(map(str, value))
    return f"`{'yes' if value is True else value}`"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _cell(text: str) -> str:
    return _one_line(text).replace("|", "\\|")


def _one_line(text: str) -> str:
    return " ".join(str(text).split())


if __name__ == "__main__":
    main(sys.argv[1:])
