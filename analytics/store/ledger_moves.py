"""Taking one event out of the ledger's count of an outcome, so that another outcome can take its place.

Every received event has one outcome. One that was refused and is stored later keeps its hour of arrival and changes its
outcome: what was received stays the same, and the ledger still adds up.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db.models import F

from analytics.models import LedgerEntry
from analytics.store.ledger import LedgerKey

logger = logging.getLogger("analytics.ledger")

_HOUR = timedelta(hours=1)
#: Folding may take an entry away while it is waited for; the folded one is there at the next look.
_LOOKS = 3


def take_back(key: LedgerKey, received_at: datetime) -> bool:
    """Take one event back from an entry of its hour of arrival, in the caller's transaction; False where none is left.

    A commit of several requests counts them all in the hour of its first, so the hours beside are looked at, too.
    """
    hour = received_at.replace(minute=0, second=0, microsecond=0)
    ingest_key, outcome, reason = key
    for _ in range(_LOOKS):
        for at in (hour, hour - _HOUR, hour + _HOUR):
            entries = LedgerEntry.objects.filter(
                hour=at, ingest_key=ingest_key, outcome=outcome, reason=reason, count__gt=0
            )
            entry = entries.select_for_update().order_by("-count", "pk").first()
            if entry is None:
                continue
            if entry.count == 1:
                entry.delete()
            else:
                LedgerEntry.objects.filter(pk=entry.pk).update(count=F("count") - 1)
            return True
    logger.warning("the ledger counts no event of %s %s in the hour of %s", outcome, reason, hour.isoformat())
    return False
