from __future__ import annotations

import json
import logging
import sys
from unittest import TestCase

from loopin_backend.logs import JSONFormatter, LineFormatter, build_logging

NASTY = "first\nsecond\r\x1b[31m\u2028third"


def record(message: str, **extras: object) -> logging.LogRecord:
    made = logging.LogRecord("analytics.tasks", logging.WARNING, __file__, 1, message, (), None)
    vars(made).update(extras)
    return made


class FormatterTest(TestCase):
    def test_a_message_stays_one_line_of_json(self) -> None:
        line = JSONFormatter().format(record(NASTY, batch=7))
        self.assertEqual(len(line.splitlines()), 1)
        entry = json.loads(line)
        self.assertEqual((entry["message"], entry["batch"]), (NASTY, 7))
        self.assertEqual((entry["level"], entry["logger"]), ("WARNING", "analytics.tasks"))

    def test_a_traceback_is_part_of_the_same_line(self) -> None:
        made = record("failed")
        try:
            raise ValueError(NASTY)
        except ValueError:
            made.exc_info = sys.exc_info()
        line = JSONFormatter().format(made)
        self.assertEqual(len(line.splitlines()), 1)
        self.assertIn("ValueError", json.loads(line)["exception"])

    def test_a_message_stays_one_line_for_a_person(self) -> None:
        line = LineFormatter().format(record(NASTY))
        self.assertEqual(len(line.splitlines()), 1)
        self.assertNotIn("\x1b", line)
        self.assertIn(r"\x0a", line)


class ConfigurationTest(TestCase):
    def test_nothing_is_written_to_files_and_no_query_is_logged(self) -> None:
        built = build_logging(level="DEBUG", is_json=True)
        for handler in built["handlers"].values():
            self.assertEqual(handler["class"], "logging.StreamHandler")
        self.assertEqual(built["loggers"]["django.db.backends"]["level"], "WARNING")

    def test_the_loggers_of_the_specification_are_there(self) -> None:
        loggers = build_logging(level="INFO", is_json=False)["loggers"]
        self.assertLessEqual({"analytics", "analytics.ai_services", "analytics.tasks"}, set(loggers))
