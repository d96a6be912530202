"""What may not stand in a log, whoever put it there."""

from __future__ import annotations

import json
import logging
import sys
from unittest import TestCase

from loopin_backend.logs import JSONFormatter, LineFormatter, build_logging
from loopin_backend.redaction import HIDDEN, redact, redact_value

SECRETS = {
    "an ingest key": ("refused lk_Abc123_def456", "lk_Abc123_def456"),
    "a key of PostHog": ("using phc_abcdef123456", "phc_abcdef123456"),
    "a key of OpenAI": ("401 for sk-proj-abc_123", "sk-proj-abc_123"),
    "a bearer token": ("Authorization: Bearer abc.DEF-123_456", "abc.DEF-123_456"),
    "a web token": ("token was eyJhbGciOi.eyJzdWIi.c2lnbmF0", "eyJhbGciOi.eyJzdWIi.c2lnbmF0"),
    "a password in an address": ("cannot reach postgresql://loopin:pw-1@db:5432/x", "pw-1"),
    "a password without a name": ("redis://:pw-2@redis:6379/0 refused", "pw-2"),
    "a password in a form": ("body was password=pw-3&next=/", "pw-3"),
    "a password in JSON": ('{"password": "pw-4", "username": "ann"}', "pw-4"),
    "a session": ("cookie sessionid=abcdef0123", "abcdef0123"),
    "an e-mail address": (
        "Key (email)=(ann.b+c@mail.example.org) already exists",
        "ann.b+c@mail.example.org",
    ),
    "a visitor's address": ("from 198.51.100.7, 8.8.4.4", "8.8.4.4"),
    "a visitor's address, the new kind": ("from 2a00:1450:4001:81b::200e today", "2a00:1450:4001:81b::200e"),
}
HARMLESS = (
    "sealed 200 events in 3 files at 2026-11-25T10:00:00Z",
    "http://127.0.0.1:8000 is ready, 10.0.0.7:5432 too",
    "version 1.2.3.4.5 of analytics.tasks.seal_events[3f0c5b1e-8c7e-4a5e-9d0e-0123456789ab]",
    "10:20:30 the task took 12:30",
    "access to the lake, tokens counted: 7",
)


def broken(text: str) -> logging.LogRecord:
    try:
        raise ValueError(text)
    except ValueError:
        return logging.LogRecord("analytics", logging.ERROR, __file__, 1, "it broke", (), sys.exc_info())


class RedactionTest(TestCase):
    def test_each_kind_of_secret_is_hidden_in_messages_and_tracebacks_of_both_formats(self) -> None:
        for what, (text, secret) in SECRETS.items():
            for formatter in (JSONFormatter(), LineFormatter()):
                with self.subTest(what=what, formatter=type(formatter).__name__):
                    record = logging.LogRecord("analytics", logging.ERROR, __file__, 1, "%s", (text,), None)
                    self.assertNotIn(secret, formatter.format(record))
                    self.assertNotIn(secret, formatter.format(broken(text)))

    def test_what_is_no_secret_stays_readable(self) -> None:
        for text in HARMLESS:
            self.assertEqual(redact(text), text)

    def test_extras_are_hidden_by_their_name_however_deep(self) -> None:
        record = logging.LogRecord("analytics", logging.INFO, __file__, 1, "sent", (), None)
        vars(record).update(
            headers={"Authorization": "x", "Accept": "y"}, api_key="z", rows=7, mails=["a@b.example"]
        )
        entry = json.loads(JSONFormatter().format(record))
        self.assertEqual(entry["headers"], {"Authorization": HIDDEN, "Accept": "y"})
        self.assertEqual((entry["api_key"], entry["rows"], entry["mails"]), (HIDDEN, 7, ["[e-mail]"]))

    def test_an_object_that_djangos_records_carry_is_described_without_its_secrets(self) -> None:
        class Request:
            def __repr__(self) -> str:
                return "<Request /login?token=abcdef from ann@example.org>"

        record = logging.LogRecord("django.request", logging.WARNING, __file__, 1, "Bad Request", (), None)
        vars(record)["request"] = Request()
        entry = json.loads(JSONFormatter().format(record))
        self.assertEqual(entry["request"], f"<Request /login?token={HIDDEN} from [e-mail]>")

    def test_numbers_and_none_stay_what_they_are(self) -> None:
        self.assertEqual(redact_value("count", 3), 3)
        self.assertIsNone(redact_value("found", None))


class LevelsTest(TestCase):
    def test_the_environment_sets_the_level_and_production_writes_json_to_standard_output(self) -> None:
        built = build_logging(level="WARNING", is_json=True)
        self.assertEqual(built["loggers"]["analytics.ai_services"]["level"], "WARNING")
        self.assertEqual(built["formatters"]["line"]["()"], "loopin_backend.logs.JSONFormatter")
        self.assertEqual(built["handlers"]["console"]["stream"], "ext://sys.stdout")

    def test_development_writes_words(self) -> None:
        built = build_logging(level="DEBUG", is_json=False)
        self.assertEqual(built["formatters"]["line"]["()"], "loopin_backend.logs.LineFormatter")
