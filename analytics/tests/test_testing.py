"""What projects get for their own tests: the mixin here, the pytest fixtures in a pytest of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from unittest import mock

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, SimpleTestCase, TestCase, TransactionTestCase, override_settings
from django.urls import path

from analytics.ingestion.capture import track
from analytics.ingestion.writer import writer
from analytics.models import UserEvent
from analytics.testing import AnalyticsTestMixin
from analytics.tests.cast import alice

FIXTURES_TEST = """
import pytest
from django.db import transaction
from analytics import track


def test_tracked(assert_tracked, assert_not_tracked, analytics_events):
    track("order_paid", distinct_id="u1", metadata={"total": 20, "items": 3})
    assert_tracked("order_paid", metadata={"total": 20}, times=1)
    assert_not_tracked("order_cancelled")
    assert analytics_events.names == ["order_paid"]


def test_another_test_begins_with_nothing(analytics_events):
    assert len(analytics_events) == 0


def test_on_commit(assert_tracked, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        transaction.on_commit(lambda: track("order_paid", distinct_id="u1"))
    assert_tracked("order_paid", distinct_id="u1")


@pytest.mark.django_db(transaction=True)
def test_real_transactions(assert_tracked, assert_not_tracked):
    with transaction.atomic():
        transaction.on_commit(lambda: track("committed", distinct_id="u1"))
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        track("rolled_back", distinct_id="u1")
        1 / 0
    assert_tracked("committed")
    assert_not_tracked("rolled_back")


def test_that_fails(assert_tracked):
    track("order_paid", distinct_id="u1", metadata={"total": 20})
    assert_tracked("order_paid", metadata={"total": 30})
"""


def callback_of_a_project() -> None:
    """What a project does once it has committed."""


callback_of_a_project.__module__ = "shop.orders"


def hello(request: HttpRequest) -> HttpResponse:
    """A page."""
    return HttpResponse("<p>hello</p>")


urlpatterns = [path("hello/", hello)]


@override_settings(ROOT_URLCONF=__name__)
class MixinTest(AnalyticsTestMixin, TestCase):
    """Inside the transaction of a `TestCase`."""

    @classmethod
    def setUpTestData(cls) -> None:
        track("prepared", distinct_id="u1")

    def message(self, *args: object, **given: object) -> str:
        """What a failed assertion says."""
        with self.assertRaises(AssertionError) as caught:
            self.assert_tracked(*args, **given)
        return str(caught.exception)

    def test_an_event_is_found_by_name_metadata_and_columns(self) -> None:
        user = alice()
        track(
            "order_paid", user=user, metadata={"total": Decimal("20.50"), "items": [1, 2]}, revenue_impact=20
        )
        self.assert_tracked("order_paid")
        self.assert_tracked("order_paid", {"total": Decimal("20.50"), "items": [1, 2]}, times=1, user=user)
        self.assert_tracked("order_paid", {"items": mock.ANY}, revenue_impact=Decimal(20))
        self.assert_not_tracked("order_paid", {"total": 21})
        self.assert_not_tracked("order_paid", user=None)

    def test_what_was_prepared_for_the_class_is_not_of_this_test(self) -> None:
        self.assertTrue(UserEvent.objects.filter(event_name="prepared").exists())
        self.assert_not_tracked("prepared")

    def test_page_views_are_events_as_well(self) -> None:
        Client().get("/hello/")
        self.assert_tracked("$pageview", page_path="/hello/", times=1)

    def test_what_is_rolled_back_was_not_tracked(self) -> None:
        with self.assertRaises(ZeroDivisionError), transaction.atomic():
            track("order_paid", distinct_id="u1")
            raise ZeroDivisionError
        self.assert_not_tracked("order_paid")

    def test_a_failure_shows_what_was_tracked_instead_and_why_it_does_not_fit(self) -> None:
        track("order_paid", distinct_id="u1", metadata={"total": 20})
        track("clicked", distinct_id="u1")
        said = self.message("order_paid", {"total": 30}, times=1)
        self.assertIn(
            "'order_paid' was to be tracked once and was not at all, with {'metadata': {'total': 30}}", said
        )
        self.assertIn("Tracked in this test: 2:", said)
        self.assertIn(
            """order_paid  distinct_id='u1'  metadata={"total": 20}  <- 'total' is 20 and not 30""", said
        )
        self.assertIn("clicked  distinct_id='u1'", said)

    def test_a_failure_tells_of_callbacks_that_have_not_run(self) -> None:
        self.assertNotIn("on_commit", self.message("order_paid"))
        transaction.on_commit(callback_of_a_project)
        self.assertIn("on_commit callbacks that have not run: 1", self.message("order_paid"))
        with self.captureOnCommitCallbacks(execute=True):
            transaction.on_commit(lambda: track("order_paid", distinct_id="u1"))
        self.assert_tracked("order_paid", times=1)

    def test_counting_is_exact(self) -> None:
        for _ in range(3):
            track("clicked", distinct_id="u1")
        self.assert_tracked("clicked", times=3)
        self.assertIn("was to be tracked twice and was 3 times", self.message("clicked", times=2))
        with self.assertRaisesMessage(AssertionError, "'clicked' was not to be tracked and was 3 times"):
            self.assert_not_tracked("clicked")


class MixinWithTransactionsTest(AnalyticsTestMixin, TransactionTestCase):
    """Where transactions are real."""

    def test_callbacks_run_at_the_commit(self) -> None:
        with transaction.atomic():
            transaction.on_commit(lambda: track("order_paid", distinct_id="u1"))
            self.assert_not_tracked("order_paid")
        self.assert_tracked("order_paid", times=1)


@override_settings(ROOT_URLCONF=__name__, ANALYTICS_INLINE_WRITER=None)
class ProjectsOwnTestsTest(TestCase):
    """Tests of a project that say nothing of analytics."""

    def test_page_views_cost_them_no_query(self) -> None:
        with self.assertNumQueries(0):
            Client().get("/hello/")
        self.assertFalse(UserEvent.objects.exists())

    def test_nothing_is_stored_behind_their_back(self) -> None:
        self.assertTrue(writer.is_blocking)
        track("order_paid", distinct_id="u1")
        self.assertEqual(UserEvent.objects.get().event_name, "order_paid")


class FixturesTest(SimpleTestCase):
    """The fixtures, in a pytest that has the plugin as its entry point gives it."""

    def test_the_fixtures_capture_assert_and_explain(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "test_shop.py"
            path.write_text(FIXTURES_TEST)
            settings = "--ds=loopin_backend.settings.test"
            command = [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:xdist",
                "-p",
                "no:cacheprovider",
                settings,
            ]
            command += ["-p", "analytics.testing.plugin", f"--rootdir={folder}", "--create-db", str(path)]
            given = {**os.environ, "DATABASE_URL": f"sqlite:////{folder}/shop.sqlite3"}
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=110, check=False, env=given
            )
        self.assertIn("1 failed, 4 passed", done.stdout, done.stdout + done.stderr)
        self.assertIn("'total' is 20 and not 30", done.stdout)
