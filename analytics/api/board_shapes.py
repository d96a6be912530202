"""Shapes of saved reports, dashboards and notes on dates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from analytics.api.query_shapes import Tree
from analytics.api.shapes import Shape, Text

AnalysisName = Literal["trends", "funnel", "retention", "paths", "lifecycle", "stickiness"]
WidthName = Literal["half", "full"]
Title = Annotated[Text, Field(min_length=1, max_length=200, pattern=r"\S")]
About = Annotated[Text, Field(max_length=2000)]
Question = Annotated[
    Tree,
    Field(
        description="The body of `POST /query/<analysis>`. Its range is `days`, the last ones up to the present, or "
        "`date_from` and `date_to` as dates",
        examples=[{"days": 30, "series": [{"event": "paid", "measure": "persons"}], "interval": "day"}],
    ),
]


class PageQuery(Shape):
    """A page of a list."""

    cursor: str = Field(default="", max_length=2000)
    limit: int = Field(default=50, ge=1, le=200)


class RecordKey(Shape):
    """One of them."""

    uuid: UUID


class ReportRequest(Shape):
    """A question with a name."""

    name: Title
    description: About = ""
    analysis: AnalysisName
    question: Question
    is_shared: bool = Field(default=False, description="All analysts may read it")


class ReportChange(Shape):
    """What to change; what is not named stays."""

    name: Title | None = None
    description: About | None = None
    question: Question | None = None
    is_shared: bool | None = None


class Report(BaseModel):
    """A saved report. `fault`: why its question no longer fits; empty for one that can be asked."""

    uuid: UUID
    name: str
    description: str
    analysis: str
    question: dict[str, Any]
    fault: str
    owner: str
    is_shared: bool
    may_change: bool
    created_at: datetime
    updated_at: datetime


class ReportsResponse(BaseModel):
    """By name."""

    reports: list[Report]
    next_cursor: str | None


class Deleted(BaseModel):
    """It is gone."""

    deleted: bool


class ReportAnswer(BaseModel):
    """A report and its answer, in the shape of `POST /query/<analysis>`; or why there is none."""

    report: UUID
    name: str
    analysis: str
    question: dict[str, Any] | None = Field(
        description="What was asked: the body of `POST /query/<analysis>`"
    )
    answer: dict[str, Any] | None
    fault: str


class TileRequest(Shape):
    """A report's place."""

    report: UUID
    width: WidthName = "half"


_Days = Annotated[int | None, Field(ge=1, le=366, description="All tiles show the last days")]
_Zone = Annotated[Text, Field(max_length=100, description="IANA name; empty: each report's own")]


class BoardRequest(Shape):
    """A dashboard. Without `days` and dates each report keeps its own range."""

    name: Title
    description: About = ""
    days: _Days = None
    first_on: date | None = None
    last_on: date | None = Field(default=None, description="Included")
    time_zone: _Zone = ""
    is_shared: bool = False
    tiles: list[TileRequest] = Field(default_factory=list, max_length=24)


class BoardChange(Shape):
    """What to change; what is not named stays. `tiles` replaces all."""

    name: Title | None = None
    description: About | None = None
    days: _Days = None
    first_on: date | None = None
    last_on: date | None = None
    time_zone: _Zone | None = None
    is_shared: bool | None = None
    tiles: list[TileRequest] | None = Field(default=None, max_length=24)


class Tile(BaseModel):
    """A report's place."""

    report: UUID
    name: str
    width: str


class Board(BaseModel):
    """A dashboard with its tiles in order."""

    uuid: UUID
    name: str
    description: str
    days: int | None
    first_on: date | None
    last_on: date | None
    time_zone: str
    tiles: list[Tile]
    owner: str
    is_shared: bool
    may_change: bool
    created_at: datetime
    updated_at: datetime


class BoardsResponse(BaseModel):
    """By name."""

    boards: list[Board]
    next_cursor: str | None


class BoardAnswer(BaseModel):
    """The answers of the tiles, in their order."""

    board: UUID
    name: str
    answers: list[ReportAnswer]


class AnnotationsQuery(Shape):
    """Days, both included."""

    date_from: date | None = None
    date_to: date | None = None


class AnnotationRequest(Shape):
    """What happened on a day."""

    happened_on: date
    text: Text = Field(min_length=1, max_length=300, pattern=r"\S")


class Annotation(BaseModel):
    """A note on a date."""

    uuid: UUID
    happened_on: date
    text: str
    author: str
    may_change: bool
    created_at: datetime


class AnnotationsResponse(BaseModel):
    """By day; the newest 200 where there are more."""

    annotations: list[Annotation]
