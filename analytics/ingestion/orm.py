"""Events made through the ORM: they belong to somebody like any other event."""

from __future__ import annotations

from django.db import transaction

from analytics import host
from analytics.enrichment import engagement_level, intent
from analytics.models import UserEvent
from analytics.store import persons


def put_meaning(event: UserEvent) -> None:
    """Fill in intent and engagement level where the host gave none."""
    name, kind = event.event_name, event.event_type
    event.intent_classification = event.intent_classification or intent.classify(name, kind)
    event.engagement_level = event.engagement_level or engagement_level.level_of(name, kind)


def put_node(event: UserEvent) -> None:
    """Fill in the distinct id from the user or the anonymous id, and the node that it owns."""
    if not event.distinct_id:
        user = event.user
        event.distinct_id = host.get().distinct_id(user) if user is not None else event.anonymous_id
    if not event.distinct_id or event.person_id is not None:
        return
    with transaction.atomic():
        nodes = persons.find_nodes([event.distinct_id])
        if not nodes:
            persons.add_nodes([persons.NewNode(event.distinct_id, True, event.timestamp)])
            nodes = persons.find_nodes([event.distinct_id])
    event.person_id = nodes[event.distinct_id].id
