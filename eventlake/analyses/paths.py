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
import pyarrow.compute as pc

from eventlake.analyses.buckets import epoch_us
from eventlake.analyses.filters import filter_sql
from eventlake.analyses.path_steps import Steps, largest_links
from eventlake.analyses.paths_question import Link, PathsAnswer, PathsQuestion, Within
from eventlake.analyses.sessions import sessioned_sql
from eventlake.analyses.statements import statement
from eventlake.engine import Reader, Run
from eventlake.parameters import Parameters
from eventlake.relations import Events

#: Changes whenever the meaning of a figure does.
DEFINITION = "paths/1"

#: More first rows than this are not asked for: each takes 8 bytes of memory a sequence, whether it has them or not.
_MAX_HEAD_ROWS = 24

#: More sequences than this are not named one by one: to read all of them whole costs less.
_MAX_NAMED = 20_000

_BIGINT_END = 2**63


@dataclass(frozen=True, slots=True)
class _Work:
    """A question, and the names of all events of its range in order: a name's index is its code."""

    run: Run
    question: PathsQuestion
    names: Sequence[str]

    def read(self, name: str, parameters: Parameters, **slots: str) -> pa.Table:
        """Sequences by one of the statements."""
        span = self.question.span
        parameters.name("names", list(self.names))
        parameters.name("name_count", len(self.names))
        parameters.name("from_us", epoch_us(span.from_at))
        places_end = (epoch_us(span.to_at) - epoch_us(span.from_at)) * len(self.names)
        slots["places"] = statement(
            "paths_places",
            rows=self._rows(parameters),
            place_type="bigint" if places_end <= _BIGINT_END else "hugeint",
        )
        return self.run.columns(statement(name, **slots), parameters, events=Events(span))

    def _rows(self, parameters: Parameters) -> str:
        kept = filter_sql(self.question.filter, parameters)
        if self.question.within is Within.PERSON:
            return statement("paths_of_persons", filter=kept)
        return statement("paths_of_sessions", filter=kept, sessioned=sessioned_sql(parameters))


def paths(reader: Reader, question: PathsQuestion) -> PathsAnswer:
    """The largest links. Errors: QuestionError for a range or filter that cannot be asked."""
    run = reader.run(DEFINITION)
    names = [row[0] for row in run.rows(statement("paths_names"), Parameters(), events=Events(question.span))]
    anchors = {question.start_event, question.end_event} - {None}
    links: list[Link] = []
    if names and anchors <= set(names):
        work = _Work(run, question, names)
        steps = _anchored(work) if anchors else _from_the_beginning(work)
        links = [
            Link(step, names[source], names[target], persons, count)
            for step, source, target, persons, count in largest_links(steps, len(names), question.limit)
        ]
    return PathsAnswer(tuple(links), run.proof())


def _from_the_beginning(work: _Work) -> Steps:
    """The first steps of every sequence: from its first rows, or from all of them where those are too few steps."""
    wanted = work.question.max_steps
    parameters = Parameters()
    parameters.name("head_rows", min(2 * wanted + 6, _MAX_HEAD_ROWS))
    heads = work.read("paths_heads", parameters)
    steps = Steps.read(heads)
    unfinished = (steps.lengths < wanted) & pc.is_valid(heads.column("sequence")).to_numpy()
    left = heads.column("sequence").filter(pa.array(unfinished))
    if not len(left):
        return steps.keep_first(wanted)
    if len(left) > _MAX_NAMED:
        return Steps.read(work.read("paths_whole", Parameters(), chosen="true")).keep_first(wanted)
    parameters = Parameters()
    chosen = f"sequence in (select unnest({parameters.bind(left.to_pylist(), f'{len(left)} sequences')}))"
    rest = Steps.read(work.read("paths_whole", parameters, chosen=chosen))
    return steps.choose(~unfinished).and_also(rest).keep_first(wanted)


def _anchored(work: _Work) -> Steps:
    """The shown steps of the sequences that have the events where they are to begin and to end."""
    question, parameters = work.question, Parameters()
    codes = {name: code for code, name in enumerate(work.names)}
    anchors = [codes[name] for name in (question.start_event, question.end_event) if name is not None]
    chosen = " and ".join(statement("paths_having", code=parameters.bind(code)) for code in anchors)
    steps = Steps.read(work.read("paths_whole", parameters, chosen=chosen))
    if question.start_event is not None:
        steps = steps.start_at(codes[question.start_event])
    if question.end_event is None:
        return steps.keep_first(question.max_steps)
    after = 0 if question.start_event is None else 1
    return steps.end_at(codes[question.end_event], after).keep_last(question.max_steps)
