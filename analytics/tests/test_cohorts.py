"""Filters in JSON, cohorts of all kinds, and answers that are kept but never stale."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import pytest
from django.contrib.auth.models import User
from django.test import Client, TestCase, override_settings
from django.urls import reverse

from analytics import clock, host
from analytics.errors import BadInput
from analytics.ingestion import merges
from analytics.models import Cohort, MergeLog, Person, UserEvent
from analytics.reports import analyses, cohorts
from analytics.reports.analyses import ask
from analytics.reports.caching import AnswerCache, answers
from analytics.reports.filters import parse_filter
from analytics.store.sealing import seal_all
from analytics.store.upkeep import run_upkeep
from analytics.tests.cast import LakeTestCase, make_key, posthog_event, send_batch
from eventlake.analyses.filters import All, Condition, InCohort, Not, Operator
from eventlake.analyses.filters import Any as AnyOf
from eventlake.analyses.measures import Measure
from eventlake.analyses.properties import Property, Scope
from eventlake.analyses.trends import trends
from eventlake.analyses.trends_question import Series, TrendsQuestion

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
PLAN = Property("plan")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ({}, None),
        ({"property": "plan", "value": "pro"}, Condition(PLAN, Operator.EQ, "pro")),
        ({"property": "plan", "scope": "person", "operator": "is_set"},
         Condition(Property("plan", Scope.PERSON), Operator.IS_SET)),
        ({"property": "browser", "scope": "column", "operator": "in", "value": ["A", 1, True]},
         Condition(Property("browser", Scope.COLUMN), Operator.IN, ("A", 1, True))),
        ({"all": [{"cohort": 3}, {"not": {"any": []}}]}, All((InCohort(3), Not(AnyOf(()))))),
    ],
)  # fmt: skip
def test_filters_in_json(given: Any, expected: Any) -> None:
    assert parse_filter(given) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], r"filters: an object is expected"),
        ({"al": []}, r"filters: exactly one of all, any, not, cohort, property"),
        ({"all": [], "any": []}, r"exactly one of"),
        ({"cohort": 1, "value": 2}, r"nothing else beside it"),
        ({"all": {}}, r"filters\.all: a list"),
        ({"all": [{"not": {"cohort": "x"}}]}, r"filters\.all\[0\]\.not\.cohort: the number"),
        ({"cohort": True}, r"the number of a cohort"),
        ({"property": 5}, r"'property' is the name"),
        ({"property": "p", "scope": "table"}, r"'scope' is one of event, person, column"),
        ({"property": "p", "scope": "column", "value": 1}, r"there is no column 'p'"),
        ({"property": "p", "operator": "equals", "value": 1}, r"filters\.operator: one of eq, ne"),
        ({"property": "p", "operator": ["eq"], "value": 1}, r"filters\.operator: one of"),
        ({"property": "p", "operator": "in", "value": "x"}, r"filters\.value: in takes a list"),
        ({"property": "p", "operator": "in", "value": [None]}, r"in takes a list"),
        ({"property": "p", "operator": "eq"}, r"filters\.value: eq takes one"),
        ({"property": "p", "operator": "eq", "value": {"a": 1}}, r"eq takes one"),
        ({"property": "p", "operator": "is_set", "value": 1}, r"is_set takes no value"),
    ],
)
def test_what_is_wrong_with_a_filter_is_said_with_its_place(given: Any, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        parse_filter(given, "filters")


def test_a_filter_has_a_depth() -> None:
    nested: dict[str, Any] = {"cohort": 1}
    for _ in range(20):
        nested = {"not": nested}
    with pytest.raises(BadInput, match="20 deep"):
        parse_filter(nested)


def events_of(condition: Any) -> int:
    """Events of the last week that a filter keeps."""
    series = (Series(Measure.COUNT),)
    question = TrendsQuestion(
        NOON - timedelta(days=7), NOON + timedelta(minutes=1), "UTC", series, filter=condition
    )
    return int(ask(trends, question).lines[0].total or 0)


class OfferingHost(host.DefaultHost):
    """A host with one cohort."""

    def cohorts(self) -> dict[str, Any]:
        """Users whose name starts with h."""
        return {"h users": lambda: User.objects.filter(username__startswith="h").values_list("pk", flat=True)}


class CohortTest(TestCase):
    """Who is in a cohort, for filters."""

    def setUp(self) -> None:
        make_key()
        self.enterContext(clock.frozen(NOON))
        send_batch(
            posthog_event("paid", "u1", timestamp="2026-05-04T11:00:00Z", properties={"plan": "pro"}),
            posthog_event("view", "u1", timestamp="2026-05-03T11:00:00Z"),
            posthog_event(
                "view", "u2", timestamp="2026-05-04T11:00:00Z", properties={"$set": {"city": "Bern"}}
            ),
            posthog_event("view", "u3", timestamp="2026-05-01T11:00:00Z"),
        )

    def make(self, kind: str, **definition: Any) -> int:
        """The number of a new cohort."""
        return int(
            Cohort.objects.create(name=f"c{Cohort.objects.count()}", kind=kind, definition=definition).pk
        )

    def test_by_behaviour(self) -> None:
        payers = self.make("behavioural", event="paid", within_days=2)
        self.assertEqual(events_of(InCohort(payers)), 2)
        self.assertEqual(events_of(Not(InCohort(payers))), 2)
        lately = self.make("behavioural", within_days=2)
        self.assertEqual(events_of(InCohort(lately)), 3)
        often = self.make(
            "behavioural", within_days=7, at_least=2, filters={"not": {"property": "plan", "value": "x"}}
        )
        self.assertEqual(events_of(InCohort(often)), 2)
        viewers = self.make("behavioural", event="view", within_days=7, filters={"not": {"cohort": payers}})
        self.assertEqual(events_of(InCohort(viewers)), 2)
        city = {"property": "city", "scope": "person", "value": "Bern"}
        self.assertEqual(events_of(InCohort(self.make("behavioural", within_days=7, filters=city))), 1)

    def test_by_hand_and_over_merges(self) -> None:
        number = self.make("static")
        cohort = Cohort.objects.get(pk=number)
        self.assertEqual(cohorts.add_members(cohort, ["u2", "u3", "u2", "nobody"]), ["nobody"])
        self.assertEqual(events_of(InCohort(number)), 2)
        u1, u2 = (Person.objects.get(own_distinct_id__distinct_id=text) for text in ("u1", "u2"))
        merges.merge(u1.uuid, [u2.uuid])
        self.assertEqual(events_of(InCohort(number)), 4)
        with self.assertRaisesMessage(BadInput, "only a static cohort"):
            cohorts.add_members(Cohort.objects.get(pk=self.make("host", name="x")), ["u1"])

    @override_settings(ANALYTICS_HOST="analytics.tests.test_cohorts.OfferingHost")
    def test_by_the_models_of_the_host(self) -> None:
        user = User.objects.create_user("heidi")
        Person.objects.filter(own_distinct_id__distinct_id="u3").update(user=user)
        self.assertEqual(events_of(InCohort(self.make("host", name="h users"))), 1)
        with self.assertRaisesMessage(BadInput, "it offers: h users"):
            events_of(InCohort(self.make("host", name="other")))

    def test_a_cohort_that_contains_itself_is_refused(self) -> None:
        first = self.make("behavioural", within_days=7)
        second = self.make("behavioural", within_days=7, filters={"cohort": first})
        Cohort.objects.filter(pk=first).update(
            definition={"within_days": 7, "filters": {"any": [{"cohort": second}]}}
        )
        for number in (first, second):
            with self.assertRaisesMessage(BadInput, "contains itself"):
                events_of(InCohort(number))

    def test_what_cannot_be_asked_is_refused(self) -> None:
        cases: list[tuple[dict[str, Any], str]] = [
            ({}, "within_days is a whole number"),
            ({"within_days": 0}, "within_days is a whole number"),
            ({"within_days": "7"}, "within_days is a whole number"),
            ({"within_days": 7, "event": 5}, "event is the name"),
            ({"within_days": 7, "at_least": 0}, "at_least is 1 or more"),
            ({"within_days": 7, "filters": {"cohort": 0}}, "there is no cohort 0"),
            ({"within_days": 7, "days": 3}, "has no days"),
        ]
        for definition, message in cases:
            with self.subTest(message), self.assertRaisesMessage(BadInput, message):
                cohorts.check(Cohort(kind="behavioural", definition=definition))

    def test_in_the_admin(self) -> None:
        root = User.objects.create_superuser("root", password="root-password-1")
        client = Client()
        client.force_login(root)
        form = {
            "name": "Payers",
            "kind": "behavioural",
            "definition": '{"within_days": 0}',
            "description": "",
        }
        answer = client.post(reverse("admin:analytics_cohort_add"), form)
        self.assertContains(answer, "within_days is a whole number")
        form["definition"] = '{"within_days": 5, "event": "paid"}'
        self.assertEqual(client.post(reverse("admin:analytics_cohort_add"), form).status_code, 302)
        self.assertEqual(events_of(InCohort(Cohort.objects.get(name="Payers").pk)), 2)
        form = {"name": "Friends", "kind": "static", "definition": "{}", "new_members": "u1\r\nu9\r\n"}
        answer = client.post(reverse("admin:analytics_cohort_add"), form, follow=True)
        self.assertContains(answer, "Nobody goes by: u9")
        self.assertEqual(Cohort.objects.get(name="Friends").members.count(), 1)


class KeptAnswersTest(LakeTestCase):
    """An answer is worked out once, and again after anything that it depends on."""

    def setUp(self) -> None:
        super().setUp()
        answers.clear()
        self.enterContext(clock.frozen(NOON))
        send_batch(*(posthog_event("view", f"u{n % 2}", timestamp="2026-05-04T11:00:00Z") for n in range(4)))
        self.question = TrendsQuestion(
            NOON - timedelta(days=7), NOON, "UTC", (Series(Measure.COUNT), Series(Measure.PERSONS))
        )

    def asked(self) -> tuple[tuple[float, ...], bool]:
        """Totals, and whether they were worked out."""
        with mock.patch.object(analyses, "_work_out", wraps=analyses._work_out) as work:
            found = ask(trends, self.question)
        return tuple(float(line.total or 0) for line in found.lines), work.called

    def expect(self, *totals: float) -> None:
        """Worked out once, and known the second time."""
        self.assertEqual(self.asked(), (totals, True))
        self.assertEqual(self.asked(), (totals, False))

    def test_whatever_changes_the_answer_is_seen_at_once(self) -> None:
        self.expect(4, 2)
        send_batch(posthog_event("view", "u3", timestamp="2026-05-04T11:00:00Z"))
        self.expect(5, 3)
        seal_all()
        self.expect(5, 3)
        UserEvent.objects.filter(distinct_id="u3").update(timestamp=NOON - timedelta(days=30))
        self.expect(4, 2)
        run_upkeep()
        self.expect(4, 2)
        u0, u1 = (Person.objects.get(own_distinct_id__distinct_id=text) for text in ("u0", "u1"))
        merges.merge(u0.uuid, [u1.uuid])
        self.expect(4, 1)
        merges.undo(MergeLog.objects.get().pk)
        self.expect(4, 2)
        UserEvent.objects.filter(distinct_id="u0").delete()
        self.expect(2, 1)

    def test_members_of_a_cohort_count(self) -> None:
        cohort = Cohort.objects.create(name="c", kind="static")
        self.question = TrendsQuestion(
            NOON - timedelta(days=7), NOON, "UTC", (Series(Measure.COUNT),), filter=InCohort(cohort.pk)
        )
        self.expect(0)
        cohorts.add_members(cohort, ["u0"])
        self.expect(2)

    def test_a_kept_answer_is_as_fresh_as_now(self) -> None:
        ask(trends, self.question)
        with clock.frozen(NOON + timedelta(minutes=3)):
            self.assertEqual(ask(trends, self.question).proof.fresh_to, NOON + timedelta(minutes=3))

    def test_questions_about_properties_of_persons_are_not_kept(self) -> None:
        city = Condition(Property("city", Scope.PERSON), Operator.EQ, "Bern")
        self.question = TrendsQuestion(
            NOON - timedelta(days=7), NOON, "UTC", (Series(Measure.COUNT),), filter=city
        )
        self.assertEqual(self.asked(), ((0.0,), True))
        Person.objects.filter(own_distinct_id__distinct_id="u0").update(properties={"city": "Bern"})
        self.assertEqual(self.asked(), ((2.0,), True))


def test_a_cache_has_bounds() -> None:
    cache = AnswerCache(max_answers=2)
    for key in "abc":
        cache.put(key, key)
        cache.get("a")
    assert [cache.get(key) for key in "abc"] == ["a", None, "c"]
    old = AnswerCache(max_age_s=-1)
    old.put("a", 1)
    assert old.get("a") is None
