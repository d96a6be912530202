"""Receivers that turn what happens inside Django into events: logins, logouts and declared host models.

Model events are tracked in the transaction of the write; login events are observed beside it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.apps import apps
from django.contrib.auth import signals as auth
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.db.models.signals import post_delete, post_save, pre_save
from django.http import HttpRequest

from analytics import clock, conf, host
from analytics.ingestion.capture import LABEL, observe, track
from analytics.ingestion.event import Arrival, Event
from analytics.ingestion.orm import put_meaning, put_node
from analytics.ingestion.visitor import Visitor, cookies_of
from analytics.ingestion.wishes import may_track
from analytics.models import IngestKey, UserEvent
from analytics.models.choices import EventType, Source

logger = logging.getLogger("analytics.signals")


@dataclass(frozen=True)
class TrackedModel:
    """Which events a host model's rows cause, and what they carry.

    `properties` are field names copied into the event; `user` is the field that holds whose event it is.
    """

    created: str = ""
    updated: str = ""
    deleted: str = ""
    properties: Sequence[str] = ()
    user: str = "user"


def tracked_model(
    *,
    created: str = "",
    updated: str = "",
    deleted: str = "",
    properties: Sequence[str] = (),
    user: str = "user",
) -> Callable[[type[models.Model]], type[models.Model]]:
    """Class decorator: rows of this host model cause events.

    Example::

        @tracked_model(created="meetup_created", properties=["city"], user="host")
        class Meetup(models.Model): ...
    """
    declared = TrackedModel(created, updated, deleted, tuple(properties), user)

    def decorate(model: type[models.Model]) -> type[models.Model]:
        _watch(model, declared)
        return model

    return decorate


def connect() -> None:
    """Connect everything once the app registry is ready; called by the AppConfig."""
    auth.user_logged_in.connect(_logged_in, dispatch_uid="analytics.login")
    auth.user_logged_out.connect(_logged_out, dispatch_uid="analytics.logout")
    auth.user_login_failed.connect(_login_failed, dispatch_uid="analytics.login_failed")
    pre_save.connect(_complete_event, sender=UserEvent, dispatch_uid="analytics.complete")
    for change in (post_save, post_delete):
        change.connect(_keys_changed, sender=IngestKey, dispatch_uid=f"analytics.keys.{id(change)}")
    for label, declared in conf.get().tracked_models.items():
        _watch(apps.get_model(label), TrackedModel(**declared))


def _complete_event(sender: type[UserEvent], instance: UserEvent, **_: Any) -> None:
    """An event made through the ORM gets its distinct id and node like any other."""
    if instance._state.adding:
        put_node(instance)
        put_meaning(instance)


def _keys_changed(**_: Any) -> None:
    from analytics.ingestion.keys import ring

    ring.forget()


def _never_raises(receiver: Callable[..., None]) -> Callable[..., None]:
    """A receiver whose fault is logged and ends there: a login must not fail for its own statistics."""

    @wraps(receiver)
    def guarded(sender: Any, **given: Any) -> None:
        try:
            receiver(sender, **given)
        except Exception:
            logger.exception("%s failed", receiver.__name__)

    return guarded


@_never_raises
def _logged_in(sender: Any, request: HttpRequest | None, user: AbstractBaseUser, **_: Any) -> None:
    """A login, and the join of the browser's anonymous visits with the user."""
    if request is None or not may_track(request):
        return
    visitor = cookies_of(request)
    distinct_id = host.get().distinct_id(user)
    _observe("login", EventType.USER_ACTION, visitor, distinct_id, user.pk)
    if not visitor.is_new:
        properties = {
            "$anon_distinct_id": visitor.anonymous_id,
            "$set": host.get().person_properties(user),
        }
        _observe("$identify", EventType.SYSTEM_EVENT, visitor, distinct_id, user.pk, properties)


@_never_raises
def _logged_out(sender: Any, request: HttpRequest, user: AbstractBaseUser | None, **_: Any) -> None:
    if user is not None and may_track(request):
        visitor = cookies_of(request)
        _observe("logout", EventType.USER_ACTION, visitor, host.get().distinct_id(user), user.pk)


@_never_raises
def _login_failed(sender: Any, request: HttpRequest | None = None, **_: Any) -> None:
    """A failed login belongs to the visitor; the attempted name is nobody's business."""
    if request is not None and may_track(request):
        visitor = cookies_of(request)
        _observe("login_failed", EventType.ERROR, visitor, visitor.anonymous_id, None)


def _observe(  # noqa: PLR0913  (one call a signal, each with all of it)
    name: str,
    event_type: EventType,
    visitor: Visitor,
    distinct_id: str,
    user_id: int | None,
    properties: dict[str, Any] | None = None,
) -> None:
    settings = conf.get()
    if not settings.enabled:
        return
    observe(
        Event(
            arrival=Arrival(
                received_at=clock.now(),
                source=Source.SIGNAL.value,
                ingest_key=LABEL,
                dialect="signal",
                ip=visitor.ip,
                user_agent=visitor.user_agent,
                user_id=user_id,
                retention_days=settings.retention_days,
            ),
            given_name=name,
            given_distinct_id=distinct_id,
            properties=properties or {},
            event_type=event_type.value,
            anonymous_id=visitor.anonymous_id,
            session_id=visitor.session_id,
        )
    )


def _watch(model: type[models.Model], declared: TrackedModel) -> None:
    """Connect one host model; connecting it twice changes nothing."""

    def saved(instance: models.Model, created: bool, raw: bool = False, **_: Any) -> None:
        name = declared.created if created else declared.updated
        if name and not raw:
            _track_row(name, instance, declared)

    def deleted(instance: models.Model, **_: Any) -> None:
        if declared.deleted:
            _track_row(declared.deleted, instance, declared)

    uid = f"analytics.tracked.{model._meta.label}"
    post_save.connect(saved, sender=model, weak=False, dispatch_uid=uid)
    post_delete.connect(deleted, sender=model, weak=False, dispatch_uid=uid)


def _track_row(name: str, instance: models.Model, declared: TrackedModel) -> None:
    user = getattr(instance, declared.user, None)
    if isinstance(instance, AbstractBaseUser) and user is None:
        user = instance
    properties = {field: _plain(getattr(instance, field)) for field in declared.properties}
    properties[f"{instance._meta.model_name}_id"] = str(instance.pk)
    distinct_id = None if user is not None else f"{instance._meta.model_name}:{instance.pk}"
    track(name, user=user, distinct_id=distinct_id, metadata=properties, source=Source.SIGNAL.value)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
