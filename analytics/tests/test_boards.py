"""Saved reports and dashboards as pages: saving, arranging, notes on dates, and questions that no longer fit."""

from __future__ import annotations

import html
import json
import re
from datetime import date
from typing import Any
from unittest import mock

from django.contrib.auth.models import User
from django.db import DatabaseError
from django.db.models import QuerySet
from django.test import Client, TestCase
from django.urls import reverse

from analytics import clock
from analytics.api import questions
from analytics.errors import BadInput, NotAllowed
from analytics.models import Annotation, Dashboard, DashboardTile, SavedReport
from analytics.reports import annotations as notes_report
from analytics.reports import boards, saved
from analytics.reports.saved import Reader
from analytics.tests.cast import alice
from analytics.tests.test_dashboard import HOSTILE, NOON, at
from analytics.tests.test_explore import QUERIES, RANGE, ExploreTestCase, send_batch

TRENDS = {"days": 7, "series": [{"event": "view", "measure": "count"}], "interval": "day"}


def query_kept(page: str) -> str:
    """The question that the form of an explorer's fragment would save."""
    return html.unescape(re.findall(r'name="query" value="([^"]*)"', page)[0])


def parts(query: str) -> list[str]:
    """The parts of a query string, whose order says nothing."""
    return sorted(query.split("&"))


def tiles_of(board: Dashboard) -> QuerySet[DashboardTile]:
    """The tiles as they stand now."""
    return DashboardTile.objects.filter(dashboard=board)


class BoardsTestCase(ExploreTestCase):
    """A member of staff, a stream of events, and ways to save."""

    def setUp(self) -> None:
        super().setUp()
        self.enterContext(clock.frozen(NOON))
        self.sam = User.objects.get(is_staff=True)
        self.reader = Reader(self.sam, is_staff=True)

    def post(self, name: str, fields: dict[str, Any] | None = None, **keys: Any) -> Any:
        """The answer to an act, which leads somewhere."""
        found = self.client.post(reverse(f"analytics:{name}", kwargs=keys), fields or {})
        self.assertEqual(found.status_code, 303, found.content.decode())
        return found

    def get(self, name: str, **keys: Any) -> str:
        """The text of a page or fragment."""
        found = self.client.get(reverse(f"analytics:{name}", kwargs=keys))
        self.assertEqual(found.status_code, 200, found.content.decode())
        return str(found.content.decode())

    def report(self, name: str = "Views", question: Any = None, analysis: str = "trends") -> SavedReport:
        """A report that is saved."""
        fitting = questions.fit(analysis, question or TRENDS)
        return saved.create_report(self.reader, analysis, fitting.saved, {"name": name, "is_shared": True})

    def board(self, *reports: SavedReport, **fields: Any) -> Dashboard:
        """A dashboard with reports, each half the width."""
        tiles = [{"report": report.uuid} for report in reports]
        return boards.create_board(self.reader, {"name": "Mornings", **fields}, tiles)

    def order(self, board: Dashboard) -> list[str]:
        """The names of the tiles in their order."""
        return [tile.report.name for tile in tiles_of(board)]


class SavingTest(BoardsTestCase):
    """From an explorer to a report and back."""

    def save(self, analysis: str, query: str, **fields: str) -> Any:
        return self.post("report_save", {"analysis": analysis, "query": query, "name": "Mine", **fields})

    def test_every_explorer_has_the_form_and_what_it_saves_asks_the_same(self) -> None:
        for name, query in QUERIES.items():
            with self.subTest(name):
                text = self.text(name, query)
                kept = query_kept(text)
                self.save(name, kept)
                report = SavedReport.objects.get(analysis=name)
                fitting = questions.fit(name, report.question)
                again = self.get("report_data", report=report.uuid)
                explore_url = html.unescape(
                    re.findall(r'href="([^"]*)"[^>]*>Open in', self.get("report_result", report=report.uuid))[
                        0
                    ]
                )
                self.assertEqual(fitting.body["date_from"], "2026-05-01")
                self.assertIn("Mine", again)
                asked = self.client.get(explore_url.replace("/?", "/data/?"))
                self.assertEqual(asked.status_code, 200)
                self.assertEqual(parts(query_kept(asked.content.decode())), parts(kept))

    def test_a_range_that_follows_the_present_day_still_does(self) -> None:
        self.save("trends", f"days=7&{QUERIES['trends']}")
        question = SavedReport.objects.get().question
        self.assertEqual(question["days"], 7)
        self.assertNotIn("date_from", question)

    def test_saving_puts_it_on_a_new_dashboard_or_an_old_one(self) -> None:
        found = self.save("trends", RANGE, board="new", board_name="Week")
        board = Dashboard.objects.get()
        self.assertEqual((board.name, found["Location"]), ("Week", f"/dashboard/boards/{board.uuid}/"))
        self.save("lifecycle", RANGE, board=str(board.uuid))
        self.assertEqual(tiles_of(board).count(), 2)

    def test_a_report_may_be_replaced_and_keeps_its_name_and_places(self) -> None:
        report = self.report("Old name")
        self.save("trends", f"{RANGE}&series.1.event=paid", replaces=str(report.uuid), name="")
        report.refresh_from_db()
        self.assertEqual(report.name, "Old name")
        self.assertEqual(report.question["series"][0]["event"], "paid")

    def test_what_cannot_be_asked_is_not_saved_and_says_why(self) -> None:
        for query, name, words in (
            ("days=7&interval=century", "Mine", "interval"),
            ("days=7&filters.all.1.property=x&filters.all.1.operator=like", "Mine", "operator"),
            ("days=7", "  ", "name of 1 to 200"),
            ("days=7", "x" * 201, "name of 1 to 200"),
        ):
            with self.subTest(query=query, name=name[:9]):
                found = self.save("trends", query, name=name)
                page = self.client.get(found["Location"])
                self.assertContains(page, words)
                self.assertFalse(SavedReport.objects.exists())

    def test_an_analysis_that_does_not_exist_is_refused(self) -> None:
        found = self.save("sessions", "days=7")
        self.assertEqual(found["Location"], "/dashboard/boards/")
        self.assertFalse(SavedReport.objects.exists())


class QuestionsTest(TestCase):
    """The JSON of a saved question."""

    def test_it_is_written_back_the_same_way(self) -> None:
        with clock.frozen(NOON):
            fitting = questions.fit("trends", {**TRENDS, "timezone": "Asia/Tokyo"})
            self.assertEqual(questions.fit("trends", fitting.saved).saved, fitting.saved)
            self.assertEqual(fitting.body["date_to"], "2026-05-05")

    def test_faults_name_their_place(self) -> None:
        for question, place in (
            ({"days": 0}, "question.days"),
            ({"days": True}, "question.days"),
            ({"days": 7, "date_from": "2026-05-01"}, "either days"),
            ({}, "question.date_from"),
            ({"date_from": "2026-05-01T10:00:00Z", "date_to": "2026-05-02"}, "question.date_from"),
            ({"date_from": "2026-05-02", "date_to": "2026-05-02"}, "question.date_to"),
            ({"days": 7, "timezone": "Mars/Olympus"}, "timezone"),
            ({"days": 7, "timezone": 5}, "question.timezone"),
            ({"days": 7, "series": []}, "series"),
            ({"days": 7, "series": [{"measure": "count"}], "colour": 1}, "colour"),
            ([], "JSON object"),
        ):
            with self.subTest(question), self.assertRaises(BadInput) as caught:
                questions.fit("trends", question)
            self.assertIn(place, caught.exception.detail)


class UnfitTest(BoardsTestCase):
    """A question that was saved under shapes that have changed since."""

    def setUp(self) -> None:
        super().setUp()
        self.lost = self.report("Lost")
        SavedReport.objects.filter(pk=self.lost.pk).update(question={"days": 7, "serie": [HOSTILE]})

    def test_it_says_so_and_is_not_lost(self) -> None:
        page = self.get("report_data", report=self.lost.uuid)
        self.assertIn("cannot be asked any more", page)
        self.assertIn("serie", page)
        self.assertNotIn(HOSTILE, page)
        self.assertIn("cannot be asked any more", self.get("boards_data"))
        self.lost.refresh_from_db()
        self.assertEqual(self.lost.question, {"days": 7, "serie": [HOSTILE]})

    def test_the_other_tiles_of_its_dashboard_are_answered(self) -> None:
        board = self.board(self.report("Views"))
        DashboardTile.objects.create(dashboard=board, report=self.lost, position=1)
        whole, broken = tiles_of(board)
        self.get("tile_answer", board=board.uuid, tile=whole.pk)
        found = self.client.get(
            reverse("analytics:tile_answer", kwargs={"board": board.uuid, "tile": broken.pk})
        )
        self.assertEqual((found.status_code, found["X-Analytics-Panel"]), (400, "1"))
        self.assertIn("serie", found.content.decode())


class ArrangingTest(BoardsTestCase):
    """Tiles and settings of a dashboard."""

    def change(self, board: Dashboard, place: int, what: str) -> None:
        tile = tiles_of(board)[place]
        self.post("tile_change", {"do": what}, board=board.uuid, tile=tile.pk)

    def test_tiles_move_one_place_and_stay_within_the_row(self) -> None:
        board = self.board(*(self.report(name) for name in "abc"))
        for place, what, order in (
            (0, "after", "bac"), (2, "before", "bca"), (0, "before", "bca"), (2, "after", "bca"),
        ):  # fmt: skip
            self.change(board, place, what)
            self.assertEqual("".join(self.order(board)), order)

    def test_a_script_is_told_how_it_went(self) -> None:
        board = self.board(self.report())
        url = reverse("analytics:tile_change", kwargs={"board": board.uuid, "tile": tiles_of(board).get().pk})
        header = {"X-Analytics-Part": "1"}
        self.assertEqual(self.client.post(url, {"do": "full"}, headers=header).status_code, 204)
        self.assertEqual(self.client.post(url, {"do": "jump"}, headers=header).status_code, 400)
        self.assertEqual(tiles_of(board).get().width, "full")

    def test_taking_a_tile_off_keeps_its_report(self) -> None:
        board = self.board(self.report())
        self.change(board, 0, "remove")
        self.assertEqual((tiles_of(board).count(), SavedReport.objects.count()), (0, 1))

    def test_a_range_for_all_is_that_of_every_tile(self) -> None:
        board = self.board(self.report())
        tile = tiles_of(board).get().pk
        for fields, days in (
            ({"range": "14"}, "April 21, 2026 – May 4, 2026"),  # noqa: RUF001 (the dash of ranges)
            (
                {"range": "dates", "first_on": "2026-05-01", "last_on": "2026-05-02"},
                "May 1, 2026 – May 2, 2026",  # noqa: RUF001
            ),
            ({"range": "own"}, "April 28, 2026 – May 4, 2026"),  # noqa: RUF001
        ):
            self.post("board_change", {"name": "Mornings", "time_zone": "", **fields}, board=board.uuid)
            self.assertIn(days, self.get("tile_answer", board=board.uuid, tile=tile))

    def test_a_zone_for_all_is_that_of_every_tile(self) -> None:
        board = self.board(self.report(), time_zone="Asia/Tokyo")
        self.assertIn("Asia/Tokyo", self.get("tile_answer", board=board.uuid, tile=tiles_of(board).get().pk))

    def test_what_is_no_range_changes_nothing_and_says_why(self) -> None:
        board = self.board(self.report(), days=7)
        for fields in (
            {"range": "dates", "first_on": "2026-05-03", "last_on": "2026-05-02"},
            {"range": "dates", "first_on": "", "last_on": ""},
            {"range": "0"}, {"range": "367"}, {"range": "many"}, {"range": "7", "time_zone": "Mars"},
        ):  # fmt: skip
            self.post("board_change", {"name": "Other", **fields}, board=board.uuid)
            board.refresh_from_db()
            self.assertEqual((board.name, board.days), ("Mornings", 7), fields)
            self.assertContains(self.client.get(f"/dashboard/boards/{board.uuid}/"), 'class="error"')

    def test_deleting_a_report_takes_it_off_and_deleting_a_dashboard_keeps_reports(self) -> None:
        first, second = self.report("a"), self.report("b")
        board = self.board(first, second)
        self.post("report_delete", report=first.uuid)
        self.assertEqual(self.order(board), ["b"])
        self.post("board_delete", board=board.uuid)
        self.assertEqual((Dashboard.objects.count(), SavedReport.objects.count()), (0, 1))

    def test_a_dashboard_has_a_greatest_number_of_tiles(self) -> None:
        report = self.report()
        board = self.board(*[report] * boards.MAX_TILES)
        with self.assertRaises(BadInput):
            boards.add_tile(self.reader, board, report)

    def test_what_is_gone_is_a_panel_with_404(self) -> None:
        board = self.board(self.report())
        tile = tiles_of(board).get().pk
        boards.delete_board(self.reader, board.uuid)
        for url in (
            f"/dashboard/boards/{board.uuid}/data/",
            f"/dashboard/boards/{board.uuid}/tiles/{tile}/answer/",
        ):
            self.assertEqual(self.client.get(url).status_code, 404)

    def test_a_database_that_is_away_is_a_panel(self) -> None:
        with mock.patch("analytics.reports.boards.list_boards", side_effect=DatabaseError):
            self.assertEqual(self.client.get("/dashboard/boards/data/").status_code, 503)


class StarterTest(BoardsTestCase):
    """The dashboard that an empty list offers."""

    def test_nothing_is_made_until_somebody_asks(self) -> None:
        self.assertIn("Make a first dashboard", self.get("boards_data"))
        self.assertFalse(Dashboard.objects.exists())

    def test_it_has_a_funnel_where_its_events_have_come(self) -> None:
        send_batch(at("2026-05-04T08:00", "sign_up", "u1"), at("2026-05-04T09:00", "payment_succeeded", "u1"))
        self.post("board_starter")
        board = Dashboard.objects.get()
        self.assertEqual(
            self.order(board), ["Active people", "From signing up to paying", "Who comes back, by week"]
        )
        funnel = SavedReport.objects.get(analysis="funnel")
        self.assertEqual(
            [step["event"] for step in funnel.question["steps"]], ["sign_up", "payment_succeeded"]
        )
        for tile in tiles_of(board):
            self.get("tile_answer", board=board.uuid, tile=tile.pk)

    def test_without_them_it_shows_what_happens_most(self) -> None:
        self.post("board_starter")
        self.assertEqual(self.order(Dashboard.objects.get())[1], "What happens most")
        most = SavedReport.objects.get(name="What happens most")
        self.assertEqual(most.question["series"][0]["event"], "view")


class NotesTest(BoardsTestCase):
    """Notes on dates."""

    def note(self, day: str = "2026-05-02", text: str = "Launch") -> None:
        self.post("note_make", {"happened_on": day, "text": text, "back": "/dashboard/trends/?days=7"})

    def test_a_note_stands_in_the_chart_below_it_and_in_the_table(self) -> None:
        self.note()
        drawn = self.drawn("trends", "interval=day")
        self.assertEqual([(note["place"], note["mark"]) for note in drawn["notes"]], [(1, 1)])
        page = self.text("trends", "interval=day")
        self.assertRegex(page, r'class="flag">1</span><span><strong>May 2, 2026</strong> Launch')
        self.assertIn("<td>1. Launch</td>", page)

    def test_it_belongs_to_the_bucket_of_its_day_whatever_the_interval(self) -> None:
        self.note()
        for interval, place in (("hour", 24), ("day", 1), ("week", 0), ("month", 0)):
            for name in ("trends", "lifecycle"):
                with self.subTest(interval, name=name):
                    drawn = self.drawn(name, f"interval={interval}")
                    self.assertEqual([note["place"] for note in drawn["notes"]], [place])

    def test_days_outside_are_not_shown_and_others_are_on_dashboards_too(self) -> None:
        self.note("2026-04-01", "Long ago")
        self.note("2026-05-03", "In reach")
        board = self.board(self.report())
        tile = self.get("tile_answer", board=board.uuid, tile=tiles_of(board).get().pk)
        self.assertIn("In reach", tile)
        self.assertNotIn("Long ago", tile)

    def test_the_act_leads_back_inside_and_nowhere_else(self) -> None:
        for back, expected in (
            ("/dashboard/trends/?days=7", "/dashboard/trends/?days=7"),
            ("https://evil.example/", "/dashboard/boards/"),
            ("//evil.example/", "/dashboard/boards/"),
            ("/\\evil.example/", "/dashboard/boards/"),
        ):
            found = self.post("note_make", {"happened_on": "2026-05-02", "text": "x", "back": back})
            self.assertEqual(found["Location"], expected)

    def test_a_note_needs_words_and_a_day(self) -> None:
        for day, text in (("2026-05-02", " "), ("2026-05-02", "x" * 301), ("soon", "x"), ("0001-01-01", "x")):
            self.note(day, text)
        self.assertFalse(Annotation.objects.exists())

    def test_only_its_author_and_staff_delete_a_note(self) -> None:
        note = notes_report.annotate(self.reader, date(2026, 5, 2), "mine")
        with self.assertRaises(NotAllowed):
            notes_report.delete_annotation(Reader(alice(), is_staff=False), note.uuid)
        self.post("note_delete", note=note.uuid)
        self.assertFalse(Annotation.objects.exists())


class HostileTest(BoardsTestCase):
    """Names and texts of strangers."""

    def test_they_are_text_on_every_page(self) -> None:
        report = self.report(HOSTILE, {**TRENDS, "series": [{"event": HOSTILE, "label": HOSTILE}]})
        SavedReport.objects.filter(pk=report.pk).update(description=HOSTILE)
        board = self.board(report)
        Dashboard.objects.filter(pk=board.pk).update(name=HOSTILE, description=HOSTILE)
        notes_report.annotate(self.reader, date(2026, 5, 5), HOSTILE)
        tile = tiles_of(board).get().pk
        for name, keys in (
            ("boards_data", {}), ("board_data", {"board": board.uuid}), ("report_data", {"report": report.uuid}),
            ("tile_answer", {"board": board.uuid, "tile": tile}), ("report_result", {"report": report.uuid}),
        ):  # fmt: skip
            with self.subTest(name):
                page = self.get(name, **keys)
                self.assertNotIn(HOSTILE, page)
                self.assertNotIn("<script>document", page)
                self.assertNotIn("<img", page)
        drawn = re.findall(
            r'<script id="chart-data-\d+"[^>]*>(.*?)</script>',
            self.get("tile_answer", board=board.uuid, tile=tile),
        )
        if drawn:
            self.assertIn(HOSTILE, json.loads(drawn[0])["notes"][0]["text"])


class AccessTest(TestCase):
    """Staff only, for pages and acts."""

    def test_nobody_else_comes_in_and_nothing_is_made(self) -> None:
        client = Client()
        client.force_login(alice())
        for name in ("boards_page", "boards_data"):
            self.assertEqual(client.get(reverse(f"analytics:{name}")).status_code, 302)
        for name in ("board_make", "board_starter", "report_save", "note_make"):
            found = client.post(
                reverse(f"analytics:{name}"), {"name": "x", "happened_on": "2026-05-02", "text": "x"}
            )
            self.assertEqual((found.status_code, found["Location"][:13]), (302, "/admin/login/"))
        self.assertFalse(Dashboard.objects.exists() or Annotation.objects.exists())

    def test_a_form_from_elsewhere_does_nothing(self) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(User.objects.create_superuser("root", password="root-password-1"))
        self.assertEqual(strict.post(reverse("analytics:board_make"), {"name": "x"}).status_code, 403)
        self.assertFalse(Dashboard.objects.exists())
