"""What a visitor wishes: the browser's signals (Do Not Track, Global Privacy Control) and the host's consent hook.

Who wishes not to be tracked gets no cookie and leaves no event; a wish that cannot be read is a no.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache

from django.core.signals import setting_changed
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.module_loading import import_string

from analytics import conf

logger = logging.getLogger("analytics.ingestion")

Consent = Callable[[HttpRequest], bool]


def wants_no_tracking(headers: Mapping[str, str]) -> bool:
    """Whether a request says `DNT: 1` or `Sec-GPC: 1`, unless `ANALYTICS_RESPECT_DO_NOT_TRACK` says to ignore it.

    Header names in lower case, or a mapping that takes any. Source: W3C, "Tracking Preference Expression" and "Global
    Privacy Control".
    """
    if not conf.get().respect_do_not_track:
        return False
    return headers.get("dnt") == "1" or headers.get("sec-gpc") == "1"


def has_consent_hook() -> bool:
    """Whether the host wants to be asked: the hook may query the database, which an event loop must not do."""
    return bool(conf.get().consent)


def may_track(request: HttpRequest) -> bool:
    """Whether this visitor may be tracked: no signal against it, and the hook `ANALYTICS_CONSENT` says yes.

    Asked once a request. A hook that fails is logged and counts as no.
    """
    known: bool | None = getattr(request, "_analytics_may_track", None)
    if known is None:
        known = not wants_no_tracking(request.headers) and _has_consent(request)
        request._analytics_may_track = known  # type: ignore[attr-defined]
    return known


def _has_consent(request: HttpRequest) -> bool:
    path = conf.get().consent
    if not path:
        return True
    try:
        return bool(_hook(path)(request))
    except Exception:
        logger.exception("ANALYTICS_CONSENT failed; the request is not tracked")
        return False


@cache
def _hook(path: str) -> Consent:
    found: Consent = import_string(path)
    return found


@receiver(setting_changed)
def _forget(*, setting: str, **_: object) -> None:
    if setting == "ANALYTICS_CONSENT":
        _hook.cache_clear()
