"""Paths worked out one sequence at a time."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import Any as Value

from eventlake.analyses.paths_question import PathsQuestion, Within
from eventlake.tests.factory import Row
from eventlake.tests.oracle import matches, person_of, sessions_of, within

Found = list[tuple[int, str, str, int, int]]


def path_links(question: PathsQuestion, events: list[Row], merges: dict[int, int]) -> Found:
    """(step, source, target, persons, count) of the largest links."""
    here = within(events, question.from_at, question.to_at)
    sessions = sessions_of(here, merges)
    sequences: defaultdict[Value, list[Row]] = defaultdict(list)
    for event in here:
        by_person = question.within is Within.PERSON
        key = person_of(event, merges) if by_person else sessions.get(event["uuid"])
        if key is not None and matches(event, question.filter):
            sequences[key].append(event)
    persons: defaultdict[Value, set[int]] = defaultdict(set)
    counts: Counter[Value] = Counter()
    for rows in sequences.values():
        people = [p for row in rows if (p := person_of(row, merges)) is not None]
        steps = shown(question, steps_of(rows))
        for number, link in enumerate(itertools.pairwise(steps), start=1):
            counts[(number, *link)] += 1
            persons[(number, *link)] |= {min(people)} if people else set()
    ranked = sorted(counts, key=lambda key: (-counts[key], key[0], key[1].encode(), key[2].encode()))
    return [(*key, len(persons[key]), counts[key]) for key in ranked[: question.limit]]


def steps_of(rows: list[Row]) -> list[str]:
    steps: list[str] = []
    for row in sorted(rows, key=lambda row: (row["timestamp"], row["event_name"].encode())):
        if not steps or steps[-1] != row["event_name"]:
            steps.append(row["event_name"])
    return steps


def shown(question: PathsQuestion, steps: list[str]) -> list[str]:
    if question.start_event is not None:
        if question.start_event not in steps:
            return []
        steps = steps[steps.index(question.start_event) :]
    if question.end_event is None:
        return steps[: question.max_steps]
    after = 0 if question.start_event is None else 1
    if question.end_event not in steps[after:]:
        return []
    return steps[: steps.index(question.end_event, after) + 1][-question.max_steps :]
