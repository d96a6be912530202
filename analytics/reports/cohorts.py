"""Who is in a cohort now, as the engine takes it: root persons, ascending.

Behavioural cohorts are asked of the lake each time and kept with the other results; a filter inside one may name other
cohorts, but never, over however many of them, itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models.functions import Coalesce

from analytics import clock, host
from analytics.errors import BadInput
from analytics.models import Cohort, CohortMember, Person, PersonDistinctId
from analytics.models.choices import CohortKind
from analytics.reports.filters import parse_filter

if TYPE_CHECKING:
    import pyarrow as pa

    from eventlake.analyses.cohort import CohortQuestion

_MAX_DAYS = 3650
_PARTS = {
    CohortKind.BEHAVIOURAL: {"event", "filters", "within_days", "at_least", "at_most"},
    CohortKind.HOST: {"name"},
    CohortKind.STATIC: set[str](),
}


@dataclass(frozen=True)
class Needs:
    """What a question asks of persons: cohorts by number, and properties of persons by name."""

    cohorts: frozenset[int] = frozenset()
    properties: frozenset[str] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.cohorts | other.cohorts, self.properties | other.properties)


def needs_of(question: Any) -> Needs:
    """The needs of a question or filter, however deep in it they are."""
    from eventlake.analyses.filters import InCohort
    from eventlake.analyses.properties import Property, Scope

    if isinstance(question, InCohort):
        return Needs(cohorts=frozenset({question.cohort}))
    if isinstance(question, Property):
        return Needs(properties=frozenset({question.name})) if question.scope is Scope.PERSON else Needs()
    parts: Iterable[Any] = ()
    if isinstance(question, tuple):
        parts = question
    elif is_dataclass(question):
        parts = (getattr(question, field.name) for field in fields(question))
    found = Needs()
    for part in parts:
        found |= needs_of(part)
    return found


def members(numbers: Iterable[int], path: tuple[int, ...] = ()) -> dict[int, pa.Table]:
    """Column member_id by cohort. `path` are the cohorts that are being worked out.

    **Errors**: `BadInput` for a cohort that does not exist, cannot be asked, or contains itself.
    """
    found = {}
    for number in sorted(numbers):
        if number in path:
            raise BadInput(f"cohort {number} contains itself", code="cohort_cycle")
        cohort = Cohort.objects.filter(pk=number).first()
        if cohort is None:
            raise BadInput(f"there is no cohort {number}", code="unknown_cohort")
        found[number] = _members_of(cohort, (*path, number))
    return found


def check(cohort: Cohort) -> None:
    """Try a cohort before it is saved. **Errors**: `BadInput` naming what is wrong."""
    kind = CohortKind(cohort.kind)
    unknown = set(cohort.definition) - _PARTS[kind]
    if unknown:
        raise BadInput(f"a {kind} cohort has no {', '.join(sorted(unknown))}", code="bad_cohort")
    _members_of(cohort, (cohort.pk,) if cohort.pk is not None else ())


def add_members(cohort: Cohort, distinct_ids: Iterable[str]) -> list[str]:
    """Put the persons of these ids into a static cohort; returns the ids that nobody goes by.

    **Errors**: `BadInput` for members of a cohort of another kind.
    """
    wanted = list(dict.fromkeys(distinct_ids))
    if wanted and cohort.kind != CohortKind.STATIC:
        raise BadInput("only a static cohort takes members by hand", code="bad_cohort")
    known = dict(
        PersonDistinctId.objects.filter(distinct_id__in=wanted).values_list("distinct_id", "person_id")
    )
    CohortMember.objects.bulk_create(
        [CohortMember(cohort=cohort, person_id=person) for person in known.values()], ignore_conflicts=True
    )
    return [text for text in wanted if text not in known]


def fingerprint(tables: Mapping[int, pa.Table]) -> str:
    """A text that is the same for the same members of the same cohorts."""
    digest = hashlib.blake2b(digest_size=16)
    for number, table in sorted(tables.items()):
        digest.update(f"{number}:{table.num_rows};".encode())
        digest.update(table.column("member_id").to_numpy().tobytes())
    return digest.hexdigest()


def _members_of(cohort: Cohort, path: tuple[int, ...]) -> pa.Table:
    if cohort.kind == CohortKind.BEHAVIOURAL:
        from analytics.reports.analyses import ask_within
        from eventlake.analyses.cohort import cohort as analysis

        return ask_within(analysis, _question(cohort), path).members
    people = Person.objects.annotate(root_id=Coalesce("merged_into_id", "id"))
    if cohort.kind == CohortKind.HOST:
        people = people.filter(user_id__in=_users(str(cohort.definition.get("name", ""))))
    else:
        people = people.filter(cohorts__cohort_id=cohort.pk)
    return _as_table(people.order_by("root_id").values_list("root_id", flat=True).distinct())


def _users(name: str) -> list[int]:
    offered = host.get().cohorts() if hasattr(host.get(), "cohorts") else {}
    if name not in offered:
        known = ", ".join(sorted(offered)) or "none"
        raise BadInput(f"the host offers no cohort {name!r}; it offers: {known}", code="unknown_host_cohort")
    return list(offered[name]())


def _question(cohort: Cohort) -> CohortQuestion:
    from eventlake.analyses.cohort import CohortQuestion
    from eventlake.errors import QuestionError

    given = cohort.definition
    days = _number(given, "within_days", None)
    if days is None or not 1 <= days <= _MAX_DAYS:
        raise BadInput(f"within_days is a whole number from 1 to {_MAX_DAYS}", code="bad_cohort")
    event = given.get("event")
    if event is not None and not isinstance(event, str):
        raise BadInput("event is the name of an event", code="bad_cohort")
    now = clock.next_minute()
    bounds = {
        name: value for name in ("at_least", "at_most") if (value := _number(given, name, None)) is not None
    }
    try:
        return CohortQuestion(
            now - timedelta(days=days), now, event, parse_filter(given.get("filters")), **bounds
        )
    except QuestionError as error:
        raise BadInput(str(error), code="bad_cohort") from error


def _number(given: Mapping[str, Any], name: str, default: int | None) -> int | None:
    value = given.get(name, default)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
        raise BadInput(f"{name} is a whole number", code="bad_cohort")
    return value


def _as_table(ids: Iterable[int]) -> pa.Table:
    import pyarrow as pa

    from eventlake.source import MEMBERS_SCHEMA

    return pa.table([pa.array(ids, pa.int64())], schema=MEMBERS_SCHEMA)
