"""The day's allowance of requests to the outside model, over all processes.

It counts requests, not tokens: how many tokens a request took is known too late, and how many it can take at
most is known before (the text and the answer are both cut), so a number of requests is a bound on the bill.
Retries and second forms of a request count as well.
"""

from __future__ import annotations

from analytics import conf
from analytics.ai_services.language_model.daily import add_one
from analytics.ai_services.language_model.outcomes import SENT, count

_ASKED_FOR = "allowance"


def spend_one() -> bool:
    """True when one more request may be sent today; it is then counted as sent.

    **Errors**: `CacheAway`, and then nothing may be sent: what nobody counts nobody stops.
    """
    limit = conf.get().ai_daily_budget
    if limit <= 0 or add_one(_ASKED_FOR) > limit:
        return False
    count(SENT)
    return True
