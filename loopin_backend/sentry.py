"""Error reports to Sentry: off until `SENTRY_DSN` names a server, and then nothing personal leaves.

A report is built anew from the names that are allowed below; whatever else the SDK has gathered (requests, users,
cookies, local variables, messages with their values, statements) stays here. A message that holds somebody's address
in an exception is no rarity, so messages of exceptions stay here, too: the type and the place tell where to look.

Source: develop.sentry.dev, "Event Payloads", for the names.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, cast

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.types import Event, Hint

from loopin_backend.env import Env

Given = Mapping[str, Any]

_EVENT = (
    "event_id", "type", "timestamp", "start_timestamp", "platform", "level", "logger", "release", "environment", "sdk",
)  # fmt: skip
_FRAME = (
    "filename", "module", "function", "lineno", "context_line", "pre_context", "post_context", "in_app",
)  # fmt: skip
_TRACE = ("trace_id", "span_id", "parent_span_id", "op", "status", "origin")
_SPAN = (*_TRACE, "start_timestamp", "timestamp", "same_process_as_parent")
_RUNTIME = ("name", "version")
#: Names of transactions that are made of the code; all others may be paths that somebody typed.
_NAMED_BY_CODE = ("route", "component", "view", "task")


def start(env: Env, release: str) -> None:
    """Report errors of this process from now on; does nothing without a DSN."""
    dsn = env.sentry_dsn.get_secret_value()
    if not dsn:
        return
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment=env.loopin_env,
        # `send_default_pii` is off unless it is switched on; what it would let through is refused below as well.
        before_send=scrub,
        before_send_transaction=scrub,
        traces_sample_rate=env.sentry_traces_sample_rate,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        # Named one by one: what the SDK would switch on by itself reads arguments, modules and outgoing requests.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="url", middleware_spans=False, signals_spans=False),
            CeleryIntegration(propagate_traces=False),
            LoggingIntegration(level=None, event_level=logging.ERROR, sentry_logs_level=None),
            DedupeIntegration(),  # what was logged and raised is one report
            ExcepthookIntegration(),
            AtexitIntegration(callback=_say_nothing),
        ],
        trace_propagation_targets=[],
        auto_session_tracking=False,
        send_client_reports=False,
        enable_metrics=False,
        spotlight=False,
    )


def scrub(event: Event, _: Hint) -> Event:
    """The report with nothing but what is allowed."""
    given = cast(Given, event)
    kept = _only(given, _EVENT)
    kept["server_name"] = ""  # an empty name keeps the SDK from filling in the machine's
    kept.update(_transaction(given))
    if isinstance(logged := given.get("logentry"), Mapping):
        # The text as it stands in the code, without the values that were put into it.
        kept["logentry"] = (
            _only(logged, ("message",)) if logged.get("params") else {"message": given.get("logger", "")}
        )
    if isinstance(found := given.get("exception"), Mapping):
        kept["exception"] = {"values": [_exception(one) for one in found.get("values", ())]}
    if isinstance(contexts := given.get("contexts"), Mapping):
        kept["contexts"] = _contexts(contexts)
    if "spans" in given:
        kept["spans"] = [_only(span, _SPAN) for span in given["spans"]]
    return cast(Event, kept)


def _transaction(given: Given) -> dict[str, Any]:
    name, source = given.get("transaction"), (given.get("transaction_info") or {}).get("source")
    if name is None:
        return {}
    if source not in _NAMED_BY_CODE:
        name, source = "unmatched", "custom"
    return {"transaction": name, "transaction_info": {"source": source}}


def _exception(given: Given) -> dict[str, Any]:
    kept = _only(given, ("type", "module"))
    mechanism = given.get("mechanism") or {}
    kept["mechanism"] = _only(mechanism, ("type", "handled"))
    frames = (given.get("stacktrace") or {}).get("frames") or ()
    kept["stacktrace"] = {"frames": [_only(frame, _FRAME) for frame in frames]}
    return kept


def _contexts(given: Given) -> dict[str, Any]:
    return {
        name: _only(given[name], allowed)
        for name, allowed in (("trace", _TRACE), ("runtime", _RUNTIME))
        if isinstance(given.get(name), Mapping)
    }


def _only(given: Given, allowed: tuple[str, ...]) -> dict[str, Any]:
    return {name: given[name] for name in allowed if name in given}


def _say_nothing(pending: int, timeout: float) -> None:
    """The SDK would write to the terminal while it sends its last reports."""
