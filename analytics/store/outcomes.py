"""Whether users were there in a range: what predictions about them are judged by."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F
from django.db.models.functions import Coalesce

from analytics.models import Person
from analytics.store.asking import ask

_AT_ONCE = 1000


def users_seen(user_ids: Iterable[int], from_at: datetime, to_at: datetime) -> set[int]:
    """Those of the users who have an event in [from_at, to_at)."""
    from eventlake.analyses.person_summaries import PersonSummariesQuestion, person_summaries

    root = Coalesce(F("merged_into_id"), F("id"))
    pairs = Person.objects.filter(user_id__in=set(user_ids)).values_list(root, "user_id").distinct()
    users_of: dict[int, set[int]] = {}
    for person, user in pairs:
        users_of.setdefault(person, set()).add(user)
    seen: set[int] = set()
    persons = sorted(users_of)
    for start in range(0, len(persons), _AT_ONCE):
        question = PersonSummariesQuestion(from_at, to_at, tuple(persons[start : start + _AT_ONCE]))
        for person in ask(person_summaries, question).persons:
            seen |= users_of[person]
    return seen
