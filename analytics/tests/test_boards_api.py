"""Saved reports, dashboards and notes over HTTP, on both servers: what they say, and who may read and change what."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import Group, User

from analytics import clock
from analytics.models import Annotation, Dashboard, SavedReport
from analytics.store.groups import ANALYSTS
from analytics.tests.cast import send_batch
from analytics.tests.servers import API, Call, ServersTestCase
from analytics.tests.test_dashboard import HOSTILE, NOON, at

TRENDS = {"days": 7, "series": [{"event": "view", "measure": "count"}], "interval": "day"}
REPORT = {"name": "Views", "analysis": "trends", "question": TRENDS}


class BoardsApiTestCase(ServersTestCase):
    """Two analysts, a member of staff and an ordinary user, and a stream of events."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOON))
        group, _ = Group.objects.get_or_create(name=ANALYSTS)
        self.ada, self.grace = (User.objects.create_user(name, password="x") for name in ("ada", "grace"))
        self.ada.groups.add(group)
        self.grace.groups.add(group)
        send_batch(at("2026-05-01T08:00", "view", "u1"), at("2026-05-02T08:00", "view", "u2"))

    def each(self) -> Iterator[Any]:
        """For each server a function that calls as somebody and checks the status; rows begin anew."""
        for call in self.servers():
            SavedReport.objects.all().delete()
            Dashboard.objects.all().delete()
            Annotation.objects.all().delete()
            yield self.caller(call)

    def caller(self, call: Call) -> Any:
        def ask(
            who: User | None,
            method: str,
            path: str,
            body: Any = None,
            *,
            status: int = 200,
            query: Any = None,
        ) -> Any:
            found = call(method, f"{API}{path}", body=body, user=who, query=query)
            self.assertEqual(found.status, status, (method, path, found.body))
            return found.body

        return ask


class ReportsTest(BoardsApiTestCase):
    """`/reports`."""

    def test_a_report_is_made_read_changed_and_deleted(self) -> None:
        for ask in self.each():
            made = ask(self.ada, "POST", "/reports", {**REPORT, "description": HOSTILE})
            path = f"/reports/{made['uuid']}"
            self.assertEqual((made["owner"], made["fault"], made["may_change"]), ("ada", "", True))
            self.assertEqual(made["question"], TRENDS)
            self.assertEqual(ask(self.ada, "GET", path), made)
            changed = ask(self.ada, "PATCH", path, {"question": {**TRENDS, "days": 30}, "is_shared": True})
            self.assertEqual((changed["name"], changed["question"]["days"]), ("Views", 30))
            self.assertEqual(ask(self.ada, "DELETE", path), {"deleted": True})
            ask(self.ada, "GET", path, status=404)

    def test_its_answer_is_that_of_the_question(self) -> None:
        for ask in self.each():
            made = ask(self.ada, "POST", "/reports", REPORT)
            found = ask(self.ada, "GET", f"/reports/{made['uuid']}/answer")
            same = ask(self.ada, "POST", "/query/trends", found["question"])
            self.assertEqual(found["answer"]["series"], same["series"])
            self.assertEqual(found["answer"]["series"][0]["total"], 2)
            self.assertEqual(found["question"]["date_to"], "2026-05-05")

    def test_questions_that_do_not_fit_name_the_place(self) -> None:
        for ask in self.each():
            for question, place in (
                ({"days": 0, "series": [{"measure": "count"}]}, "question.days"),
                ({"days": 7, "series": []}, "series"),
                ({**TRENDS, "filters": {"property": "a", "operator": "like", "value": 1}}, "filters"),
            ):
                found = ask(self.ada, "POST", "/reports", {**REPORT, "question": question}, status=400)
                self.assertIn(place, found["detail"])
            for body in ({**REPORT, "name": " "}, {**REPORT, "analysis": "sessions"}, {**REPORT, "owner": 1}):
                ask(self.ada, "POST", "/reports", body, status=422)
            self.assertFalse(SavedReport.objects.exists())

    def test_a_question_that_no_longer_fits_is_kept_and_says_why(self) -> None:
        for ask in self.each():
            made = ask(self.ada, "POST", "/reports", REPORT)
            SavedReport.objects.update(question={"days": 7, "serie": 1})
            found = ask(self.ada, "GET", f"/reports/{made['uuid']}")
            self.assertIn("serie", found["fault"])
            self.assertEqual(found["question"], {"days": 7, "serie": 1})
            ask(self.ada, "GET", f"/reports/{made['uuid']}/answer", status=400)

    def test_analysts_read_what_is_shared_and_change_what_is_theirs(self) -> None:
        for ask in self.each():
            own = ask(self.ada, "POST", "/reports", REPORT)
            shared = ask(self.ada, "POST", "/reports", {**REPORT, "name": "Shared", "is_shared": True})
            for path in (f"/reports/{own['uuid']}", f"/reports/{own['uuid']}/answer"):
                ask(self.grace, "GET", path, status=404)
            ask(self.grace, "DELETE", f"/reports/{own['uuid']}", status=404)
            path = f"/reports/{shared['uuid']}"
            self.assertFalse(ask(self.grace, "GET", path)["may_change"])
            ask(self.grace, "PATCH", path, {"name": "Mine"}, status=403)
            ask(self.grace, "DELETE", path, status=403)
            listed = {who: [one["name"] for one in ask(user, "GET", "/reports")["reports"]] for who, user in (
                ("ada", self.ada), ("grace", self.grace), ("sam", self.sam),
            )}  # fmt: skip
            self.assertEqual(
                listed, {"ada": ["Shared", "Views"], "grace": ["Shared"], "sam": ["Shared", "Views"]}
            )
            ask(self.sam, "PATCH", f"/reports/{own['uuid']}", {"name": "By staff"})
            ask(self.alice, "GET", "/reports", status=403)
            ask(None, "GET", "/reports", status=401)

    def test_pages_of_the_list_hold_everything_once(self) -> None:
        for ask in self.each():
            for name in ("b", "a", "c", "a"):
                ask(self.ada, "POST", "/reports", {**REPORT, "name": name})
            names, cursor = [], ""
            for _ in range(2):
                page = ask(self.ada, "GET", "/reports", query={"limit": 2, "cursor": cursor})
                names += [one["name"] for one in page["reports"]]
                cursor = page["next_cursor"]
            self.assertEqual((names, cursor), (["a", "a", "b", "c"], None))
            ask(self.ada, "GET", "/reports", query={"cursor": "x"}, status=400)


class BoardsTest(BoardsApiTestCase):
    """`/boards`."""

    def test_a_dashboard_is_made_with_its_tiles_and_they_are_replaced(self) -> None:
        for ask in self.each():
            first, second = (
                ask(self.ada, "POST", "/reports", {**REPORT, "name": name})["uuid"] for name in ("a", "b")
            )
            tiles = [{"report": first, "width": "full"}, {"report": second}]
            made = ask(self.ada, "POST", "/boards", {"name": "Mornings", "days": 14, "tiles": tiles})
            path = f"/boards/{made['uuid']}"
            self.assertEqual(
                [(one["name"], one["width"]) for one in made["tiles"]], [("a", "full"), ("b", "half")]
            )
            changed = ask(self.ada, "PATCH", path, {"days": None, "tiles": tiles[::-1]})
            self.assertEqual([one["name"] for one in changed["tiles"]], ["b", "a"])
            self.assertEqual((changed["days"], changed["name"]), (None, "Mornings"))
            ask(self.ada, "DELETE", path)
            self.assertEqual(len(ask(self.ada, "GET", "/reports")["reports"]), 2)

    def test_its_answers_are_in_its_range_and_zone_and_in_order(self) -> None:
        for ask in self.each():
            report = ask(self.ada, "POST", "/reports", REPORT)["uuid"]
            body = {
                "name": "b", "first_on": "2026-05-01", "last_on": "2026-05-01", "time_zone": "Asia/Tokyo",
                "tiles": [{"report": report}, {"report": report}],
            }  # fmt: skip
            made = ask(self.ada, "POST", "/boards", body)
            found = ask(self.ada, "GET", f"/boards/{made['uuid']}/answer")
            self.assertEqual([one["answer"]["series"][0]["total"] for one in found["answers"]], [1, 1])
            asked = found["answers"][0]["question"]
            self.assertEqual((asked["date_from"], asked["timezone"]), ("2026-05-01", "Asia/Tokyo"))

    def test_a_tile_that_is_not_shared_or_does_not_fit_says_so_in_its_place(self) -> None:
        for ask in self.each():
            own = ask(self.ada, "POST", "/reports", REPORT)["uuid"]
            lost = ask(self.ada, "POST", "/reports", {**REPORT, "name": "Lost", "is_shared": True})["uuid"]
            tiles = [{"report": own}, {"report": lost}]
            made = ask(self.ada, "POST", "/boards", {"name": "b", "is_shared": True, "tiles": tiles})
            SavedReport.objects.filter(uuid=lost).update(question={"serie": 1})
            found = ask(self.grace, "GET", f"/boards/{made['uuid']}/answer")
            hidden, broken = found["answers"]
            self.assertEqual((hidden["answer"], hidden["question"]), (None, None))
            self.assertIn("not shared", hidden["fault"])
            self.assertIn("question.date_from", broken["fault"])

    def test_nobody_puts_somebody_elses_secret_report_on_a_dashboard(self) -> None:
        for ask in self.each():
            own = ask(self.ada, "POST", "/reports", REPORT)["uuid"]
            for report in (own, str(uuid.uuid4())):
                body = {"name": "b", "tiles": [{"report": report}]}
                ask(self.grace, "POST", "/boards", body, status=404)
            self.assertFalse(Dashboard.objects.exists())

    def test_ranges_that_are_none_are_refused(self) -> None:
        for ask in self.each():
            for fields in (
                {"first_on": "2026-05-01"},
                {"first_on": "2026-05-02", "last_on": "2026-05-01"},
                {"days": 7, "first_on": "2026-05-01", "last_on": "2026-05-02"},
                {"time_zone": "Mars"},
                {"first_on": "0001-01-01", "last_on": "2026-05-02"},
            ):
                ask(self.ada, "POST", "/boards", {"name": "b", **fields}, status=400)
            ask(self.ada, "POST", "/boards", {"name": "b", "days": 0}, status=422)
            made = ask(self.ada, "POST", "/boards", {"name": "b", "days": 7})
            path = f"/boards/{made['uuid']}"
            ask(self.ada, "PATCH", path, {"first_on": "2026-05-01", "last_on": "2026-05-02"}, status=400)
            ask(self.ada, "PATCH", path, {"name": None}, status=400)

    def test_analysts_change_their_own_and_staff_all(self) -> None:
        for ask in self.each():
            made = ask(self.ada, "POST", "/boards", {"name": "b"})
            path = f"/boards/{made['uuid']}"
            ask(self.grace, "GET", path, status=404)
            ask(self.ada, "PATCH", path, {"is_shared": True})
            self.assertFalse(ask(self.grace, "GET", path)["may_change"])
            ask(self.grace, "PATCH", path, {"name": "x"}, status=403)
            ask(self.grace, "DELETE", path, status=403)
            ask(self.sam, "DELETE", path)
            ask(self.alice, "POST", "/boards", {"name": "b"}, status=403)


class AnnotationsTest(BoardsApiTestCase):
    """`/annotations`."""

    def test_a_note_is_written_found_by_its_day_and_deleted_by_its_author(self) -> None:
        for ask in self.each():
            made = ask(
                self.ada, "POST", "/annotations", {"happened_on": "2026-05-02", "text": f" {HOSTILE} "}
            )
            self.assertEqual((made["author"], made["text"]), ("ada", HOSTILE))
            for query, there in (
                ({}, 1), ({"date_from": "2026-05-02", "date_to": "2026-05-02"}, 1), ({"date_from": "2026-05-03"}, 0),
                ({"date_to": "2026-05-01"}, 0),
            ):  # fmt: skip
                found = ask(self.grace, "GET", "/annotations", query=query)
                self.assertEqual(len(found["annotations"]), there, query)
            path = f"/annotations/{made['uuid']}"
            ask(self.grace, "DELETE", path, status=403)
            ask(self.ada, "DELETE", path)
            ask(self.ada, "DELETE", path, status=404)

    def test_a_note_has_a_day_and_words(self) -> None:
        for ask in self.each():
            for body in (
                {"happened_on": "2026-05-02", "text": ""}, {"happened_on": "soon", "text": "x"}, {"text": "x"},
                {"happened_on": "2026-05-02", "text": "x" * 301}, {"happened_on": "2026-05-02", "text": "a\0b"},
            ):  # fmt: skip
                ask(self.ada, "POST", "/annotations", body, status=422)
            ask(self.ada, "POST", "/annotations", {"happened_on": "0900-01-01", "text": "x"}, status=400)
            ask(self.alice, "POST", "/annotations", {"happened_on": "2026-05-02", "text": "x"}, status=403)
            self.assertFalse(Annotation.objects.exists())
