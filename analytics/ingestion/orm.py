"""Events made through the ORM: they belong to somebody like any other event."""

from __future__ import annotations

from django.db import transaction

from analytics import host
from analytics.models import UserEvent
from analytics.store import persons


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
