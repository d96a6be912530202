"""The lines that send a first event, ready to be pasted: this deployment's address and key are in them."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENT_NAME = "first_event"


@dataclass(frozen=True)
class Snippet:
    """Code to paste, and where."""

    key: str
    title: str | Promise
    where: str | Promise
    code: str


def snippets(address: str, token: str) -> list[Snippet]:
    """One snippet a way in. `address` has no slash at its end."""
    body = json.dumps({"api_key": token, "event": EVENT_NAME, "distinct_id": "me"})
    # JSON strings are strings of Python and JavaScript too, whatever the key holds.
    key, host, name = json.dumps(token), json.dumps(address), json.dumps(EVENT_NAME)
    return [
        Snippet(
            "curl", _("curl"), _("In a terminal"),
            f"curl {shlex.quote(f'{address}/capture/')} \\\n"
            f"  -H 'Content-Type: application/json' \\\n  -d {shlex.quote(body)}",
        ),
        Snippet(
            "python", _("PostHog for Python"), _("After pip install posthog"),
            f"from posthog import Posthog\n\nclient = Posthog({key}, host={host})\n"
            f'client.capture({name}, distinct_id="me")\nclient.shutdown()',
        ),
        Snippet(
            "django", _("Django"), _("In a view of this project"),
            f"from analytics import track\n\ntrack({name}, user=request.user)",
        ),
        Snippet(
            "posthog-js", _("PostHog for JavaScript"), _("After npm install posthog-js"),
            f"import posthog from 'posthog-js'\n\nposthog.init({key}, {{ api_host: {host} }})\n"
            f"posthog.capture({name})",
        ),
        Snippet(
            "segment-python", _("Segment for Python"), _("After pip install segment-analytics-python"),
            f"import segment.analytics as analytics\n\nanalytics.write_key = {key}\nanalytics.host = {host}\n"
            f'analytics.track("me", {name})\nanalytics.shutdown()',
        ),
        Snippet(
            "segment-js", _("Segment for JavaScript"), _("After npm install @segment/analytics-next"),
            "import { AnalyticsBrowser } from '@segment/analytics-next'\n\n"
            f"const analytics = AnalyticsBrowser.load({{ writeKey: {key}, cdnURL: {host} }})\n"
            f"analytics.track({name})",
        ),
    ]  # fmt: skip
