"""The SDK's client for the endpoint of the settings; without a key there is none, so nothing can leave.

Making one opens no connection. Redirects are not followed and proxies of the environment are not used: texts
go to the address that the settings name, or nowhere.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING

from analytics.ai_services.language_model.settings import ModelSettings

if TYPE_CHECKING:
    from openai import OpenAI

_one_at_a_time = threading.Lock()  # threads that ask for the first time together shall share one


def find_client(settings: ModelSettings) -> OpenAI | None:
    """The client, one for each address and key in a process; None when there is no key or AI is off.

    **Errors**: what the SDK raises for an address that is no URL.
    """
    if not settings.is_enabled or not settings.api_key:
        return None
    with _one_at_a_time:
        return _make_client(settings.base_url, settings.api_key)


@lru_cache(maxsize=4)
def _make_client(base_url: str, api_key: str) -> OpenAI:
    from openai import DefaultHttpxClient, OpenAI

    return OpenAI(
        api_key=api_key,
        base_url=base_url,
        max_retries=0,  # the one retry is `ask`'s, which counts it against the budget and the timeout
        # An answer is small; no compression means that no small answer unpacks into a large one. Connections are
        # rare and not kept, so that a worker which forks hands none of them on.
        default_headers={"Accept-Encoding": "identity", "Connection": "close"},
        http_client=DefaultHttpxClient(follow_redirects=False, trust_env=False),
    )
