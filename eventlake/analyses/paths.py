"""Paths: which event follows which, step by step.

Source: API.md, "paths". Events of a sequence are in the order of their time; of those at the same instant the name
decides, so that the order never depends on where rows lie. Events of the same name in a row are one step: products
do so (PostHog's paths keep an item only where it differs from its neighbour) because a page that reloads itself
would fill the picture otherwise. A session that several persons share counts for the one with the lowest id.

How: every event becomes one whole number, its place, that sorts by time and then by name, and holds the name. To find
the first places of every sequence costs half as much as to sort all of them, and is nearly always enough.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from eventlake.analyses.buckets import epoch_us
from eventlake.analyses.filters import filter_sql
from eventlake.analyses.path_steps import Steps, concat, largest_links
from eventlake.analyses.paths_question import Link, PathsAnswer, PathsQuestion, Within
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.parameters import Parameters
from eventlake.periods import find_zone
from eventlake.relations import Events
from eventlake.rollups.daily import EventNames
from eventlake.rollups.kinds import SILENCE_US

#: Changes whenever the meaning of a figure does.
DEFINITION = "paths/1"

#: More first rows than this are not asked for: each takes 8 bytes of memory a sequence, whether it has them or not.
_MAX_HEAD_ROWS = 24

#: Events times first rows that are asked for at a time: a gigabyte holds the sequences of some ten million events.
_PART_CELLS = 192_000_000

#: More sequences than this are not named one by one: to read all of them whole costs less.
_MAX_NAMED = 20_000

_BIGINT_END = 2**63

#: The smallest type that holds the codes keeps the columns small.
_CODE_TYPES = (("utinyint", 2**8), ("usmallint", 2**16), ("uinteger", 2**32))


#: The files of the rows that make sequences. Two statements cost less than one of both: a relation that is named
#: twice in a statement is kept in memory whole, which for all events of a range is too much.
_ROWS = {Within.SESSION: ("paths_of_sessions", "paths_of_runs"), Within.PERSON: ("paths_of_persons",)}


@dataclass(frozen=True, slots=True)
class _Sequences:
    """Sequences of one kind, or a part of them.

    `names` are those of all events of the range in order: a name's index is its code.
    """

    run: Run
    question: PathsQuestion
    names: Sequence[str]
    rows: str
    part: int = 0
    parts: int = 1

    def read(
        self, name: str, parameters: Parameters, only_persons: Sequence[int] | None = None, **slots: str
    ) -> pa.Table:
        """Sequences by one of the statements; runs are formed of all events, or of these persons' only."""
        span = self.question.span
        parameters.name("names", list(self.names))
        parameters.name("name_count", len(self.names))
        parameters.name("from_us", epoch_us(span.from_at))
        kept = {"filter": filter_sql(self.question.filter, parameters), "part": self._part_sql(parameters)}
        if self.rows == "paths_of_runs":
            parameters.name("silence_us", SILENCE_US)
            kept["persons"] = "true"
            if only_persons is not None:
                bound = parameters.bind(list(only_persons), f"{len(only_persons)} persons")
                kept["persons"] = f"person_id in (select unnest({bound}))"
        places_end = (epoch_us(span.to_at) - epoch_us(span.from_at)) * len(self.names)
        places = statement(
            "paths_places",
            rows=statement(self.rows, **kept),
            place_type="bigint" if places_end <= _BIGINT_END else "hugeint",
        )
        slots["code_type"] = next(name for name, end in _CODE_TYPES if len(self.names) <= end)
        return self.run.columns(statement(name, places=places, **slots), parameters, events=Events(span))

    def _part_sql(self, parameters: Parameters) -> str:
        """The condition that a row is of a sequence of this part."""
        if self.parts == 1:
            return "true"
        key = "session_id" if self.rows == "paths_of_sessions" else "person_id"
        return f"hash({key}) % {parameters.bind(self.parts)} = {parameters.bind(self.part)}"

    def read_whole(
        self,
        parameters: Parameters,
        where: str = "true",
        having: str = "true",
        only_persons: Sequence[int] | None = None,
    ) -> Steps:
        """All steps of some sequences."""
        return Steps.read(self.read("paths_whole", parameters, only_persons, where=where, having=having))


def paths(reader: Reader, question: PathsQuestion) -> PathsAnswer:
    """The largest links. Errors: QuestionError for a range or filter that cannot be asked."""
    run = reader.run(DEFINITION)
    happened = EventNames(question.span, find_zone(run.source.snapshot.zone))
    names = [row[0] for row in run.rows(statement("paths_names"), Parameters(), happened=happened)]
    if not names or not {*_anchors(question)} <= {*names}:
        return PathsAnswer((), run.proof())
    find = _find_anchored if _anchors(question) else _find_beginnings
    parts = _parts(run, question)
    found = [
        find(_Sequences(run, question, names, rows, part, parts))
        for rows in _ROWS[question.within]
        for part in range(parts)
    ]
    links = tuple(
        Link(step, names[source], names[target], persons, count)
        for step, source, target, persons, count in largest_links(concat(found), len(names), question.limit)
    )
    return PathsAnswer(links, run.proof())


def _parts(run: Run, question: PathsQuestion) -> int:
    """In how many parts sequences are read, so that each fits into the memory of a question."""
    span = question.span
    files = run.source.snapshot.files_between(span.from_at, span.to_at)
    rows: int = sum(file.rows for file in files) + run.source.hot.num_rows
    # Whole sequences take about as much as so many first rows of each.
    width = _MAX_HEAD_ROWS if _anchors(question) else _head_rows(question)
    return max(-(-rows * width // _PART_CELLS), 1)


def _head_rows(question: PathsQuestion) -> int:
    return min(2 * question.max_steps + 6, _MAX_HEAD_ROWS)


def _anchors(question: PathsQuestion) -> list[str]:
    return [name for name in (question.start_event, question.end_event) if name is not None]


def _find_beginnings(sequences: _Sequences) -> Steps:
    """The first steps of every sequence: from its first rows, or from all of them where those are too few steps."""
    wanted = sequences.question.max_steps
    parameters = Parameters()
    parameters.name("head_rows", _head_rows(sequences.question))
    heads = sequences.read("paths_heads", parameters)
    steps = Steps.read(heads)
    unfinished = (steps.lengths < wanted) & heads.column("sequence").is_valid().to_numpy()
    left = heads.column("sequence").filter(pa.array(unfinished)).to_pylist()
    if len(left) > _MAX_NAMED:
        return sequences.read_whole(Parameters()).keep_first(wanted)
    if left:
        parameters = Parameters()
        bound = parameters.bind(left, f"{len(left)} sequences")
        people = steps.persons.filter(pa.array(unfinished)).unique().to_pylist()
        rest = sequences.read_whole(
            parameters, where=f"sequence in (select unnest({bound}))", only_persons=people
        )
        steps = concat([steps.choose(~unfinished), rest])
    return steps.keep_first(wanted)


def _find_anchored(sequences: _Sequences) -> Steps:
    """The shown steps of the sequences that have the events where they are to begin and to end."""
    question, parameters = sequences.question, Parameters()
    codes = {name: sequences.names.index(name) for name in _anchors(question)}
    has_all = " and ".join(f"bool_or(code = {parameters.bind(code)})" for code in codes.values())
    steps = sequences.read_whole(parameters, having=has_all)
    if question.start_event is not None:
        steps = steps.start_at(codes[question.start_event])
    if question.end_event is None:
        return steps.keep_first(question.max_steps)
    after = 0 if question.start_event is None else 1
    return steps.end_at(codes[question.end_event], after).keep_last(question.max_steps)
