"""The page of insights: the feed, its filters, evidence, verdicts and the scoreboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest import mock
from uuid import uuid4

from django.contrib.auth.models import User
from django.test import Client, TestCase, TransactionTestCase

from analytics import clock
from analytics.models import AIInsight, Person
from analytics.reports import insights
from analytics.tests.cast import alice, sam_the_staff
from analytics.tests.test_people_page import client_of, grant

PAGE = "/dashboard/insights/"
DATA = f"{PAGE}data/"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def insight(title: str = "Odd", **fields: Any) -> AIInsight:
    """An insight of which only what matters is said."""
    given = {
        "insight_type": "anomaly",
        "priority": "high",
        "confidence_score": 0.9,
        "description": "As it is.",
    }
    return AIInsight.objects.create(title=title, **{**given, **fields})


class InsightsCase(TestCase):
    def setUp(self) -> None:
        self.root = User.objects.create_superuser("root", password="root-password-1")
        self.client = client_of(self.root)

    def text(self, path: str = DATA, **query: Any) -> str:
        answer = self.client.get(path, query)
        self.assertEqual(answer.status_code, 200, answer.content[:500])
        return answer.content.decode()


class FeedTest(InsightsCase):
    def test_it_shows_what_the_api_lists(self) -> None:
        for number in range(25):
            insight(f"Claim {number:02d}")
        listed = insights.list_insights(insights.Wanted())["insights"]
        page = self.text()
        for row in listed:
            self.assertIn(f'id="insight-{row["uuid"]}"', page)
        self.assertIn("25 insights", page)
        self.assertIn("offset=20", page)
        self.assertEqual(self.text(offset=20).count("<article"), 5)

    def test_filters_narrow_it_and_stay_in_the_address(self) -> None:
        insight("A drop"), insight("A leaver", insight_type="churn_risk", priority="low")
        page = self.text(insight_type="churn_risk", priority="low", status="pending")
        self.assertIn("A leaver", page)
        self.assertNotIn("A drop", page)
        asked = self.client.get(
            DATA,
            {"priority": "low", "status": ""},
            headers={"HX-Request": "true", "HX-Trigger": "insights-form"},
        )
        self.assertEqual(asked["HX-Push-Url"], f"{PAGE}?priority=low")
        self.assertIn('value="low" selected', self.text(PAGE, priority="low"))

    def test_one_alone_is_shown_with_its_evidence_open(self) -> None:
        wanted = insight("This one", evidence={"analysis": "x"})
        insight("That one")
        page = self.text(insight=str(wanted.uuid))
        self.assertIn("This one", page)
        self.assertNotIn("That one", page)
        self.assertIn('<details class="evidence" open>', page)

    def test_empty_it_says_where_insights_come_from_and_narrowed_how_to_see_all(self) -> None:
        self.assertIn("They are made every night", self.text())
        self.assertIn("Show all", self.text(priority="low"))

    def test_nobody_is_a_hundred_percent_sure(self) -> None:
        insight(confidence_score=0.99999)
        self.assertIn("over 99% sure", self.text())

    def test_markup_stays_text_wherever_it_stands(self) -> None:
        insight(
            HOSTILE, description=HOSTILE, target_type=HOSTILE[:50], target_id=HOSTILE, validation_notes=HOSTILE,
            validated_at=clock.now(), suggested_actions=[HOSTILE, {"a": HOSTILE}],
            evidence={HOSTILE: HOSTILE, "analysis": HOSTILE, "factors": [{"name": HOSTILE, "value": HOSTILE}]},
        )  # fmt: skip
        page = self.text()
        self.assertNotIn("<script>alert", page)
        self.assertNotIn("<img src=x", page)

    def test_evidence_of_any_shape_is_shown(self) -> None:
        for evidence in ([], {}, "text", [1, 2], {"parameters": "none"}, {"analysis": None, "z": None},
                         {"analysis": "trends", "parameters": {"series": "nonsense"}},
                         {"analysis": "trends", "parameters": [1]}):  # fmt: skip
            insight(evidence=evidence, suggested_actions="not a list")
        self.assertEqual(self.text().count("<article"), 8)

    def test_hostile_parameters_never_break_it(self) -> None:
        for query in ("offset=-1", "offset=x", "priority=high%00", "insight_type=nothing", "insight=x",
                      "insight=" + "9" * 400, "offset=99999999999999"):  # fmt: skip
            self.assertEqual(self.client.get(f"{DATA}?{query}").status_code, 400, query)
            self.assertEqual(self.client.get(f"{PAGE}?{query}").status_code, 200, query)

    def test_the_number_of_queries_does_not_grow_with_the_data(self) -> None:
        insight(target_type="user", target_id=str(self.root.pk))
        with self.assertNumQueries(7):  # session, user, count, page, scoreboard, people, names
            self.text()
        for number in range(15):
            insight(f"{number}", target_type="user", target_id=str(self.root.pk + number))
        with self.assertNumQueries(7):
            self.text()


class EvidenceTest(InsightsCase):
    def test_each_analysis_leads_to_its_page(self) -> None:
        cases = {
            "/dashboard/anomalies/?metric=revenue": {
                "analysis": "anomalies", "parameters": {"metric_name": "revenue", "method": "ridge_weekday"}
            },
            "/dashboard/sentiment/?event=feedback": {"analysis": "sentiments", "parameters": {"event": "feedback"}},
            "/dashboard/models/#churn": {"analysis": "predictions/churn", "parameters": {}},
        }  # fmt: skip
        for url, evidence in cases.items():
            AIInsight.objects.all().delete()
            insight(evidence=evidence)
            self.assertIn(f'href="{url}"', self.text())

    def test_a_question_of_an_explorer_is_opened_in_it(self) -> None:
        parameters = {
            "date_from": "2026-05-01", "date_to": "2026-05-31",
            "series": [{"event": "paid", "measure": "count"}], "interval": "day",
        }  # fmt: skip
        insight(insight_type="trend", evidence={"analysis": "trends", "parameters": parameters})
        page = self.text()
        self.assertIn("/dashboard/trends/?from=2026-05-01&amp;to=2026-05-31", page)
        self.assertIn("series.1.event=paid", page)

    def test_a_claim_about_a_user_names_them_and_leads_to_their_person(self) -> None:
        person = Person.objects.create(user=self.root)
        insight(insight_type="churn_risk", target_type="user", target_id=str(self.root.pk))
        page = self.text()
        self.assertIn(f"/dashboard/people/{person.uuid}/", page)
        self.assertIn('<span class="about-whom">root</span>', page)


class VerdictTest(InsightsCase):
    def judge(
        self, one: AIInsight, client: Client | None = None, *, by_htmx: bool = True, **fields: str
    ) -> Any:
        headers = {"HX-Request": "true"} if by_htmx else {}
        return (client or self.client).post(f"{PAGE}{one.uuid}/verdict/", fields, headers=headers)

    def test_a_verdict_is_kept_and_the_scoreboard_comes_along(self) -> None:
        one = insight()
        answer = self.judge(one, status="rejected", notes="It was a holiday.")
        page = answer.content.decode()
        self.assertIn("It was a holiday.", page)
        self.assertIn('hx-swap-oob="true"', page)
        self.assertIn("0 of 1 right", page)
        one.refresh_from_db()
        self.assertEqual((one.status, one.validation_notes), ("rejected", "It was a holiday."))
        self.assertIsNotNone(one.validated_at)
        self.judge(one, status="pending")
        one.refresh_from_db()
        self.assertIsNone(one.validated_at)

    def test_without_script_the_page_comes_again(self) -> None:
        one = insight()
        answer = self.judge(one, by_htmx=False, status="acted_on")
        self.assertRedirects(answer, PAGE, status_code=303, fetch_redirect_response=False)
        self.assertIn("Your verdict is kept", self.text(PAGE))

    def test_what_is_no_verdict_is_said(self) -> None:
        one = insight()
        for fields in ({"status": "perhaps"}, {}, {"status": "validated", "notes": "x" * 10_001}):
            answer = self.judge(one, **fields)
            self.assertEqual((answer.status_code, answer["X-Analytics-Panel"]), (400, "1"))
        missing = AIInsight(uuid=uuid4())
        self.assertEqual(self.judge(missing, status="validated").status_code, 404)
        one.refresh_from_db()
        self.assertEqual(one.status, "pending")

    def test_it_needs_the_right_and_a_token(self) -> None:
        one, sam = insight(), sam_the_staff()
        self.assertEqual(self.judge(one, client_of(sam), status="validated").status_code, 403)
        self.assertNotIn("<form", client_of(sam).get(DATA).content.decode())
        checked = client_of(self.root, checks_csrf=True)
        self.assertEqual(self.judge(one, checked, status="validated").status_code, 403)
        able = client_of(grant(sam, "change_aiinsight"))
        self.assertEqual(self.judge(one, able, status="validated").status_code, 200)

    def test_a_type_that_is_mostly_wrong_is_shown_as_muted_with_the_reason(self) -> None:
        for number in range(10):
            insight(f"{number}", status="rejected" if number else "validated")
        page = self.text()
        self.assertIn("1 of 10 right", page)
        self.assertIn(">muted</span>", page)
        self.assertIn("fewer than 30%", page)

    def test_what_happened_counts_where_nobody_judged(self) -> None:
        insight(insight_type="churn_risk", output_data={"outcome": "right"})
        insight(
            insight_type="churn_risk", output_data={"outcome": "wrong"}, created_at=clock.now() - timedelta(9)
        )
        self.assertIn("1 of 2 right", self.text())

    def test_only_staff_come_in(self) -> None:
        one = insight()
        for client in (Client(), client_of(alice())):
            for path in (PAGE, DATA):
                self.assertTrue(client.get(path)["Location"].startswith("/admin/login/"), path)
            self.assertEqual(self.judge(one, client, by_htmx=False, status="validated").status_code, 302)
            self.assertEqual(client.post(f"{PAGE}generate/").status_code, 302)
        one.refresh_from_db()
        self.assertEqual(one.status, "pending")


class GenerateTest(TransactionTestCase):
    def test_a_worker_is_woken_by_those_who_may(self) -> None:
        root = User.objects.create_superuser("root", password="root-password-1")
        with mock.patch("analytics.queueing.current_app.send_task") as sent:
            self.assertEqual(client_of(sam_the_staff()).post(f"{PAGE}generate/").status_code, 403)
            sent.assert_not_called()
            client_of(root).post(f"{PAGE}generate/")
        names = {call.args[0] for call in sent.call_args_list}
        self.assertTrue(
            {"analytics.tasks.generate_predictive_insights", "analytics.tasks.detect_anomalies_batch"}
            <= names
        )
