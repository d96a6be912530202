"""Links to one report or dashboard for readers without a login: made, found again by their token, revoked.

The token is 32 random bytes and is told once; only its digest is kept, so that who reads the database has no link.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db.models import Q

from analytics import clock
from analytics.errors import BadInput, NotFound
from analytics.models import Dashboard, SavedReport, ShareLink

_TOKEN_BYTES = 32
#: How exactly the last use is known: a page of many tiles writes once.
_USE_NOTED_EVERY = timedelta(minutes=1)
MAX_DAYS = 3_650

Subject = SavedReport | Dashboard


def make_link(user: AbstractBaseUser, subject: Subject, days: int | None) -> tuple[ShareLink, str]:
    """A link that holds for so many days, or until it is revoked, and its token. **Errors**: `BadInput`."""
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise BadInput(f"a link holds for 1 to {MAX_DAYS} days", code="bad_days")
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link = ShareLink.objects.create(
        digest=digest_of(token),
        made_by_id=user.pk,
        expires_at=None if days is None else clock.now() + timedelta(days=days),
        source="manual",
        **of_subject(subject),
    )
    return link, token


def find_link(token: str) -> ShareLink:
    """The link of a token, which holds now; its use is noted. **Errors**: `NotFound` for every other token alike."""
    now = clock.now()
    holds = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    link = (
        ShareLink.objects.filter(holds, digest=digest_of(token)).select_related("report", "dashboard").first()
    )
    if link is None:
        raise NotFound("this link leads nowhere: it was revoked, it has run out, or it is not whole")
    _note_use(link, now)
    return link


def revoke(uuid: UUID) -> ShareLink:
    """End a link at once; one that has ended stays as it is. **Errors**: `NotFound`."""
    link = ShareLink.objects.filter(uuid=uuid).select_related("report", "dashboard").first()
    if link is None:
        raise NotFound("there is no such link")
    if link.revoked_at is None:
        link.revoked_at = clock.now()
        link.save(update_fields=["revoked_at", "updated_at"])
    return link


def list_links(subject: Subject) -> list[ShareLink]:
    """The links of a subject that still hold, the newest first."""
    now = clock.now()
    found = ShareLink.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None, **of_subject(subject)
    )
    return list(found.select_related("made_by").order_by("-pk"))


def of_subject(subject: Subject) -> dict[str, Subject]:
    """The field that points at a subject."""
    return {"report" if isinstance(subject, SavedReport) else "dashboard": subject}


def digest_of(token: str) -> str:
    """What is kept of a token. It is random itself, so a plain hash gives nothing away."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _note_use(link: ShareLink, now: datetime) -> None:
    if link.last_used_at is None or now - link.last_used_at >= _USE_NOTED_EVERY:
        ShareLink.objects.filter(pk=link.pk).update(last_used_at=now)
