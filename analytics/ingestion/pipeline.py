"""What every event passes, whatever its source: one visible list of small steps.

A step takes the event and refines it in place; `validate_*` may reject, `put_*` adds, `drop_*` takes away or
refuses, `limit_*` cuts. The first rejection ends that event's way and touches no other event; nor does an event that
breaks a step in a way that nobody foresaw: it goes to the quarantine.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace

import orjson

from analytics.ingestion.event import Arrival, Batch, Event, Reason, Refusal, Rejected
from analytics.ingestion.steps.clean import clean_text
from analytics.ingestion.steps.device import put_device
from analytics.ingestion.steps.identify import drop_personless_identity, put_person_change
from analytics.ingestion.steps.kind import put_event_type
from analytics.ingestion.steps.limits import limit_lengths, limit_size
from analytics.ingestion.steps.meaning import put_meaning
from analytics.ingestion.steps.money import put_money
from analytics.ingestion.steps.pages import put_page
from analytics.ingestion.steps.privacy import (
    cleaned_body,
    drop_denied_properties,
    drop_unlisted_properties,
    put_address,
)
from analytics.ingestion.steps.times import put_timestamp
from analytics.ingestion.steps.validate import (
    put_uuid,
    validate_distinct_id,
    validate_name,
    validate_properties,
)

logger = logging.getLogger("analytics.ingestion")

Step = Callable[[Event], None]

PIPELINE: tuple[Step, ...] = (
    drop_denied_properties,
    put_uuid,
    validate_properties,
    validate_name,
    validate_distinct_id,
    clean_text,
    put_timestamp,
    put_person_change,
    drop_personless_identity,
    put_page,
    put_address,
    put_device,
    put_money,
    put_event_type,
    put_meaning,
    drop_unlisted_properties,
    limit_lengths,
    limit_size,
)

MAX_KEPT_BODY_BYTES = 64 * 1024  # of a refused event; enough to see what is wrong with it


def run(arrival: Arrival, candidates: Iterable[Event | Refusal]) -> Batch:
    """The batch of what passed and what was refused, in the order received."""
    batch = Batch(arrival)
    for candidate in candidates:
        if isinstance(candidate, Refusal):
            batch.refusals.append(replace(candidate, body=cleaned_body(candidate.body)))
            continue
        try:
            for step in PIPELINE:
                step(candidate)
        except Rejected as rejected:
            batch.refusals.append(refusal(candidate, rejected))
        except Exception:
            batch.refusals.append(refusal(candidate, failure()))
        else:
            batch.events.append(candidate)
    return batch


def failure() -> Rejected:
    """The rejection of the event whose handling has just raised something unforeseen; call it while that is handled."""
    logger.exception("an event broke a step; it is kept in quarantine")
    return Rejected(Reason.STEP_FAILED, "this event could not be understood; it is kept in quarantine")


def refusal(event: Event, rejected: Rejected) -> Refusal:
    """The kept form of an event that a step refused."""
    return Refusal(
        uuid=event.uuid or uuid.uuid4(),
        reason=rejected.reason,
        detail=rejected.detail,
        body=body_of(event),
        index=event.index,
    )


def body_of(event: Event) -> bytes:
    """The event as its sender gave it, as JSON, in the shape that a replay reads."""
    return to_bytes(
        {
            "event": event.given_name,
            "distinct_id": event.given_distinct_id,
            "uuid": str(event.uuid or event.given_uuid or ""),
            "timestamp": event.given_timestamp,
            "properties": event.properties,
        }
    )


def to_bytes(value: object) -> bytes:
    """JSON of anything a client can send, cut to what the quarantine keeps."""
    try:
        text = orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS)
    except (TypeError, ValueError):  # lone surrogates, integers over 64 bits, endless nesting
        try:
            text = repr(value).encode("utf-8", "backslashreplace")
        except RecursionError:
            text = b"(nested too deeply)"
    return text[:MAX_KEPT_BODY_BYTES]
