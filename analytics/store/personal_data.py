"""Which tables hold something about a person, and which rows those are: one list that erasure and export walk.

A table of `analytics` is in `PERSONAL` or, with the reason, in `NOT_PERSONAL`; a test refuses one that is in neither.
What lies outside of tables (the lake's files, kept answers) is `analytics.store.erasure`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, models
from django.db.models import Q, QuerySet

from analytics.models import (
    AIInsight,
    ArchivedEvent,
    CohortMember,
    DeliveryAttempt,
    MergeLog,
    OutboxMessage,
    Person,
    PersonDistinctId,
    Receipt,
    RejectedEvent,
    UserBehaviorProfile,
    UserEvent,
)
from analytics.store import persons, refused_bodies
from analytics.store.forwarded import PUT_ASIDE


@dataclass(frozen=True)
class Identity:
    """All by which one person is known: its root, its nodes, their distinct ids, and the users that it is."""

    root_uuid: UUID
    nodes: list[int]
    distinct_ids: list[str]
    users: list[int]


@dataclass(frozen=True)
class PersonalTable:
    """A table with rows about persons. `rows` are those that an erasure of one person takes.

    `told`: the rows that a person may be handed, where an erasure takes more to be on the safe side.
    """

    model: type[models.Model]
    rows: Callable[[Identity], QuerySet[Any]]
    told: Callable[[Identity], QuerySet[Any]] | None = None

    def rows_to_tell(self, whose: Identity) -> QuerySet[Any]:
        """What an export hands out."""
        return (self.told or self.rows)(whose)


def identity_of(root: Person) -> Identity:
    """What belongs to the person whose root this is."""
    nodes = persons.nodes_under(root.pk)
    ids = PersonDistinctId.objects.filter(person_id__in=nodes)
    users = Person.objects.filter(pk__in=nodes).exclude(user=None).values_list("user_id", flat=True)
    return Identity(
        root_uuid=root.uuid,
        nodes=nodes,
        distinct_ids=list(ids.order_by("pk").values_list("distinct_id", flat=True)),
        users=sorted({user for user in users if user is not None}),
    )


def events_of(whose: Identity) -> QuerySet[UserEvent]:
    """Events of the person's nodes, and of its users where they were stored without a node."""
    return UserEvent.objects.filter(Q(person_id__in=whose.nodes) | Q(user_id__in=whose.users, person_id=None))


def archived_of(whose: Identity) -> QuerySet[ArchivedEvent]:
    """The marks of events that are in the lake alone."""
    return ArchivedEvent.objects.filter(
        Q(person_id__in=whose.nodes) | Q(user_id__in=whose.users, person_id=None)
    )


def receipts_of(whose: Identity) -> QuerySet[Receipt]:
    """Receipts of the person's events."""
    return Receipt.objects.filter(
        Q(uuid__in=events_of(whose).values("uuid")) | Q(uuid__in=archived_of(whose).values("uuid"))
    )


def messages_of(whose: Identity) -> QuerySet[OutboxMessage]:
    """Events that a sink refused: what it answered may quote them."""
    uuids = (
        events_of(whose)
        .values_list("uuid", flat=True)
        .union(archived_of(whose).values_list("uuid", flat=True))
    )
    put_aside = OutboxMessage.objects.filter(kind=PUT_ASIDE)
    if not put_aside.exists():
        return put_aside.none()
    return put_aside.filter(ordering_key__in=[str(uuid) for uuid in uuids])


#: In the order in which rows go: what is found by a table comes before that table.
PERSONAL: tuple[PersonalTable, ...] = (
    PersonalTable(Receipt, receipts_of),
    PersonalTable(
        DeliveryAttempt, lambda whose: DeliveryAttempt.objects.filter(message__in=messages_of(whose))
    ),
    PersonalTable(OutboxMessage, messages_of),
    PersonalTable(
        RejectedEvent,
        lambda whose: refused_bodies.rows_with(whose.distinct_ids),
        told=lambda whose: refused_bodies.rows_naming(whose.distinct_ids),
    ),
    PersonalTable(ArchivedEvent, archived_of),
    PersonalTable(UserEvent, events_of),
    PersonalTable(
        AIInsight, lambda whose: AIInsight.objects.filter(target_type="user", target_id__in=_keys(whose))
    ),
    PersonalTable(
        UserBehaviorProfile, lambda whose: UserBehaviorProfile.objects.filter(user_id__in=whose.users)
    ),
    PersonalTable(CohortMember, lambda whose: CohortMember.objects.filter(person_id__in=whose.nodes)),
    PersonalTable(
        MergeLog,
        lambda whose: MergeLog.objects.filter(Q(source_id__in=whose.nodes) | Q(target_id__in=whose.nodes)),
    ),
    PersonalTable(PersonDistinctId, lambda whose: PersonDistinctId.objects.filter(person_id__in=whose.nodes)),
    PersonalTable(Person, lambda whose: Person.objects.filter(pk__in=whose.nodes)),
)

#: Why the other tables are not in the list, by model name.
NOT_PERSONAL: dict[str, str] = {
    "Alert": "about a metric",
    "AlertTarget": "addresses of those who run the product, theirs to change",
    "Annotation": "a note of staff on a day",
    "BusinessMetric": "figures over many persons",
    "Cohort": "a rule that staff wrote; its members are CohortMember",
    "Dashboard": "what staff arranged",
    "DashboardTile": "what staff arranged",
    "Dataset": "the name and the progress of a file",
    "ErasedId": "digests of erased ids, which keep late events out",
    "Erasure": "the record of an erasure, which names nobody",
    "EventChange": "numbers of rows, until the lake has them",
    "ForwardedDay": "counts",
    "ForwardedMinute": "counts",
    "IngestKey": "keys of clients",
    "LedgerEntry": "counts",
    "MetricSetting": "what staff decided about a metric",
    "PersonGroup": "companies and teams: what is kept of them outlives their members",
    "PredictionModel": "coefficients learned from many persons",
    "SavedReport": "a question that staff asked, without its answer",
    "ShareLink": "the digest of an address that staff made",
    "SinkState": "positions and counts",
    "Subscription": "addresses of those who asked for a letter, theirs to end",
    "UserPersona": "what a kind of user has in common",
    "WorkCursor": "positions",
}


def _keys(whose: Identity) -> list[str]:
    return [str(user) for user in whose.users]


def delete_rows(table: PersonalTable, whose: Identity) -> int:
    """Delete one person's rows of a table; how many they were."""
    rows = table.rows(whose)
    if table.model is UserEvent and connection.vendor == "postgresql":
        return int(rows._raw_delete(rows.db))
    return int(rows.delete()[0])
