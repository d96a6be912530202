"""The endpoints of saved reports, dashboards and notes on dates.

Analysts read what is shared and what is their own, and change what is their own; staff everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.api import board_shapes as shapes
from analytics.api import questions
from analytics.api.auth import Caller, Permission
from analytics.api.operation import API, Operation
from analytics.errors import BadInput
from analytics.models import Dashboard, SavedReport
from analytics.reports import annotations as notes_report
from analytics.reports import boards, saved
from analytics.reports.saved import Reader


def _reader(caller: Caller) -> Reader:
    return Reader(caller.user, caller.is_staff)


def _entry(row: SavedReport, reader: Reader) -> shapes.Report:
    fault = questions.fault_of(row.analysis, row.question)
    question = row.question if isinstance(row.question, dict) else {}
    return shapes.Report(**{**saved.entry_of(row, reader), "question": question, "fault": fault})


def _reports(caller: Caller, query: shapes.PageQuery, _: None) -> shapes.ReportsResponse:
    reader = _reader(caller)
    rows, more = saved.page_of_reports(reader, query.cursor, query.limit)
    return shapes.ReportsResponse(reports=[_entry(row, reader) for row in rows], next_cursor=more)


def _make_report(caller: Caller, _: None, body: shapes.ReportRequest) -> shapes.Report:
    reader = _reader(caller)
    fitting = questions.fit(body.analysis, body.question)
    made = saved.create_report(reader, body.analysis, fitting.saved, body.model_dump())
    return _entry(made, reader)


def _report(caller: Caller, query: shapes.RecordKey, _: None) -> shapes.Report:
    reader = _reader(caller)
    return _entry(saved.find_report(reader, query.uuid), reader)


def _change_report(caller: Caller, query: shapes.RecordKey, body: shapes.ReportChange) -> shapes.Report:
    reader, changes = _reader(caller), _named(body)
    if "question" in changes:
        analysis = saved.find_report(reader, query.uuid).analysis
        changes["question"] = questions.fit(analysis, changes["question"]).saved
    return _entry(saved.change_report(reader, query.uuid, changes), reader)


def _delete_report(caller: Caller, query: shapes.RecordKey, _: None) -> shapes.Deleted:
    saved.delete_report(_reader(caller), query.uuid)
    return shapes.Deleted(deleted=True)


def _answer_report(caller: Caller, query: shapes.RecordKey, _: None) -> shapes.ReportAnswer:
    report = saved.find_report(_reader(caller), query.uuid)
    fitting = questions.fit(report.analysis, report.question)
    return _answered(report, fitting)


def _boards(caller: Caller, query: shapes.PageQuery, _: None) -> shapes.BoardsResponse:
    found = boards.list_boards(_reader(caller), query.cursor, query.limit)
    return shapes.BoardsResponse(**found)


def _make_board(caller: Caller, _: None, body: shapes.BoardRequest) -> shapes.Board:
    reader, fields = _reader(caller), body.model_dump()
    tiles = fields.pop("tiles")
    return _board_entry(boards.create_board(reader, fields, tiles), reader)


def _board(caller: Caller, query: shapes.RecordKey, _: None) -> shapes.Board:
    reader = _reader(caller)
    return _board_entry(boards.find_board(reader, query.uuid), reader)


def _change_board(caller: Caller, query: shapes.RecordKey, body: shapes.BoardChange) -> shapes.Board:
    reader, fields = _reader(caller), _named(body, may_be_null=("days", "first_on", "last_on"))
    tiles = fields.pop("tiles", None)
    return _board_entry(boards.change_board(reader, query.uuid, fields, tiles), reader)


def _delete_board(caller: Caller, query: shapes.RecordKey, _: None) -> shapes.Deleted:
    boards.delete_board(_reader(caller), query.uuid)
    return shapes.Deleted(deleted=True)


def _answer_board(caller: Caller, query: shapes.RecordKey, _: None) -> shapes.BoardAnswer:
    reader = _reader(caller)
    board = boards.find_board(reader, query.uuid)
    answers = [_tile(tile.report, board, reader) for tile in board.tiles.all()]
    return shapes.BoardAnswer(board=board.uuid, name=board.name, answers=answers)


def _annotations(caller: Caller, query: shapes.AnnotationsQuery, _: None) -> shapes.AnnotationsResponse:
    reader = _reader(caller)
    rows = notes_report.list_annotations(query.date_from, query.date_to)
    return shapes.AnnotationsResponse(
        annotations=[shapes.Annotation(**notes_report.entry_of(row, reader)) for row in rows]
    )


def _annotate(caller: Caller, _: None, body: shapes.AnnotationRequest) -> shapes.Annotation:
    reader = _reader(caller)
    made = notes_report.annotate(reader, body.happened_on, body.text)
    return shapes.Annotation(**notes_report.entry_of(made, reader))


def _delete_annotation(caller: Caller, query: shapes.RecordKey, _: None) -> shapes.Deleted:
    notes_report.delete_annotation(_reader(caller), query.uuid)
    return shapes.Deleted(deleted=True)


def _board_entry(board: Dashboard, reader: Reader) -> shapes.Board:
    return shapes.Board(**boards.entry_of(board, reader))


def _tile(report: SavedReport, board: Dashboard, reader: Reader) -> shapes.ReportAnswer:
    """One tile; what is wrong with it is said in its place, and the others are answered."""
    if not (report.is_shared or reader.may_change(report.owner_id)):
        return _without_answer(report, "this report is not shared with you")
    try:
        return _answered(report, questions.fit_on_board(report, board))
    except BadInput as error:
        return _without_answer(report, error.detail)


def _answered(report: SavedReport, fitting: questions.Fitting) -> shapes.ReportAnswer:
    answer = fitting.answer().model_dump(mode="json")
    return _answer_shape(report, fitting.body, answer, "")


def _without_answer(report: SavedReport, fault: str) -> shapes.ReportAnswer:
    return _answer_shape(report, None, None, fault)


def _answer_shape(report: SavedReport, question: Any, answer: Any, fault: str) -> shapes.ReportAnswer:
    return shapes.ReportAnswer(
        report=report.uuid,
        name=report.name,
        analysis=report.analysis,
        question=question,
        answer=answer,
        fault=fault,
    )


def _named(
    body: shapes.ReportChange | shapes.BoardChange, may_be_null: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Only what was sent. **Errors**: `BadInput` for a null where there must be something."""
    sent: Mapping[str, Any] = body.model_dump(exclude_unset=True)
    for name, value in sent.items():
        if value is None and name not in may_be_null:
            raise BadInput(f"{name}: leave it out to keep it as it is", code="invalid_input")
    return dict(sent)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "list_reports", "GET", f"{API}/reports", Permission.ANALYST, _reports,
        shapes.ReportsResponse, "Saved reports, page by page", query=shapes.PageQuery, has_etag=True,
    ),
    Operation(
        "make_report", "POST", f"{API}/reports", Permission.ANALYST, _make_report,
        shapes.Report, "Save a question under a name", body=shapes.ReportRequest,
    ),
    Operation(
        "get_report", "GET", f"{API}/reports/{{uuid}}", Permission.ANALYST, _report,
        shapes.Report, "One saved report", query=shapes.RecordKey, has_etag=True,
    ),
    Operation(
        "change_report", "PATCH", f"{API}/reports/{{uuid}}", Permission.ANALYST, _change_report,
        shapes.Report, "Change a saved report", query=shapes.RecordKey, body=shapes.ReportChange,
    ),
    Operation(
        "delete_report", "DELETE", f"{API}/reports/{{uuid}}", Permission.ANALYST, _delete_report,
        shapes.Deleted, "Delete a saved report", query=shapes.RecordKey,
    ),
    Operation(
        "answer_report", "GET", f"{API}/reports/{{uuid}}/answer", Permission.ANALYST, _answer_report,
        shapes.ReportAnswer, "The answer to a saved report", query=shapes.RecordKey, has_etag=True,
    ),
    Operation(
        "list_boards", "GET", f"{API}/boards", Permission.ANALYST, _boards,
        shapes.BoardsResponse, "Dashboards, page by page", query=shapes.PageQuery, has_etag=True,
    ),
    Operation(
        "make_board", "POST", f"{API}/boards", Permission.ANALYST, _make_board,
        shapes.Board, "Make a dashboard", body=shapes.BoardRequest,
    ),
    Operation(
        "get_board", "GET", f"{API}/boards/{{uuid}}", Permission.ANALYST, _board,
        shapes.Board, "One dashboard", query=shapes.RecordKey, has_etag=True,
    ),
    Operation(
        "change_board", "PATCH", f"{API}/boards/{{uuid}}", Permission.ANALYST, _change_board,
        shapes.Board, "Change a dashboard", query=shapes.RecordKey, body=shapes.BoardChange,
    ),
    Operation(
        "delete_board", "DELETE", f"{API}/boards/{{uuid}}", Permission.ANALYST, _delete_board,
        shapes.Deleted, "Delete a dashboard", query=shapes.RecordKey,
    ),
    Operation(
        "answer_board", "GET", f"{API}/boards/{{uuid}}/answer", Permission.ANALYST, _answer_board,
        shapes.BoardAnswer, "The answers of a dashboard", query=shapes.RecordKey, has_etag=True,
    ),
    Operation(
        "list_annotations", "GET", f"{API}/annotations", Permission.ANALYST, _annotations,
        shapes.AnnotationsResponse, "Notes on dates", query=shapes.AnnotationsQuery, has_etag=True,
    ),
    Operation(
        "make_annotation", "POST", f"{API}/annotations", Permission.ANALYST, _annotate,
        shapes.Annotation, "Write a note on a date", body=shapes.AnnotationRequest,
    ),
    Operation(
        "delete_annotation", "DELETE", f"{API}/annotations/{{uuid}}", Permission.ANALYST, _delete_annotation,
        shapes.Deleted, "Delete a note", query=shapes.RecordKey,
    ),
)  # fmt: skip
