"""What people do in one visit: a Markov chain over the names of events.

The way to a payment narrows as it does in real products: of ten visits that look at a meetup one asks for a place,
and of ten that ask some four pay.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int8]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: its name and class, its `action`, and the mean time until the next event of the visit."""

    name: str
    event_type: str
    action: str
    pause_s: float


KINDS = (
    Kind("page_view", "page_view", "view", 42),
    Kind("meetup_viewed", "page_view", "view", 55),
    Kind("search", "user_action", "submit", 18),
    Kind("filter_applied", "user_action", "click", 12),
    Kind("meetup_requested", "user_action", "submit", 35),
    Kind("checkout_started", "user_action", "click", 60),
    Kind("payment_succeeded", "conversion", "submit", 25),
    Kind("payment_failed", "error", "submit", 30),
    Kind("login", "system_event", "submit", 8),
    Kind("login_failed", "error", "submit", 9),
    Kind("signup", "conversion", "submit", 20),
    Kind("user_verified", "system_event", "", 15),
    Kind("meetup_created", "user_action", "submit", 90),
    Kind("message_sent", "user_action", "submit", 70),
    Kind("notification_opened", "user_action", "click", 10),
    Kind("meetup_attended", "system_event", "", 30),
    Kind("review_written", "user_action", "submit", 60),
    Kind("logout", "system_event", "click", 5),
)
NAMES = tuple(kind.name for kind in KINDS)

#: Where a visit begins.
_STARTS = {"page_view": 62, "meetup_viewed": 15, "notification_opened": 9, "search": 8, "login": 6}

#: What follows, in percent; the rest of the hundred ends the visit.
_NEXT: dict[str, dict[str, float]] = {
    "page_view": {
        "page_view": 47,
        "meetup_viewed": 17,
        "search": 12,
        "login": 4.5,
        "signup": 0.6,
        "meetup_created": 0.5,
        "message_sent": 1.5,
        "logout": 1.2,
    },
    "meetup_viewed": {
        "meetup_viewed": 26,
        "page_view": 34,
        "search": 9,
        "meetup_requested": 7,
        "message_sent": 2,
        "login": 2,
    },
    "search": {"meetup_viewed": 38, "filter_applied": 22, "search": 15, "page_view": 12},
    "filter_applied": {"meetup_viewed": 42, "filter_applied": 25, "search": 14, "page_view": 8},
    "meetup_requested": {"checkout_started": 46, "page_view": 26, "meetup_viewed": 12, "message_sent": 4},
    "checkout_started": {"payment_succeeded": 58, "payment_failed": 9, "page_view": 14, "meetup_viewed": 7},
    "payment_succeeded": {"page_view": 52, "meetup_viewed": 10, "message_sent": 4},
    "payment_failed": {"checkout_started": 44, "page_view": 18},
    "login": {"page_view": 72, "meetup_viewed": 14, "message_sent": 4, "meetup_attended": 2},
    "login_failed": {"login": 62, "login_failed": 18},
    "signup": {"user_verified": 61, "page_view": 29},
    "user_verified": {"page_view": 68, "meetup_viewed": 18},
    "meetup_created": {"page_view": 55, "meetup_viewed": 15, "message_sent": 6},
    "message_sent": {"message_sent": 34, "page_view": 33, "meetup_viewed": 10},
    "notification_opened": {"meetup_viewed": 48, "page_view": 28, "login": 8},
    "meetup_attended": {"review_written": 18, "page_view": 40},
    "review_written": {"page_view": 40, "logout": 5},
    "logout": {"login": 3},
}
#: Of the logins that follow something else, so many fail at first.
_LOGIN_FAILS_RATIO = 0.08

_END = len(KINDS)
_SLOTS = 4096  # a step is one look into a table of this width: chances are rounded to 0.02 %
MAX_LENGTH = 200


def walk(rng: np.random.Generator, bounces: npt.NDArray[np.bool_]) -> tuple[Codes, Integers]:
    """The events of so many visits, one after another, and the length of each. Those that bounce have one event.

    Shape: codes are places in KINDS.
    """
    count = len(bounces)
    state = _START_TABLE[rng.integers(0, _SLOTS, count)]
    alive = np.arange(count)
    lengths = np.ones(count, np.int64)
    steps = [(alive, state)]
    alive, state = alive[~bounces], state[~bounces]
    for _ in range(MAX_LENGTH - 1):
        state = _NEXT_TABLE[state, rng.integers(0, _SLOTS, len(state))]
        goes_on = state != _END
        alive, state = alive[goes_on], state[goes_on]
        if not len(alive):
            break
        lengths[alive] += 1
        steps.append((alive, state))
    offsets = np.cumsum(lengths) - lengths
    codes = np.empty(int(lengths.sum()), np.int8)
    for number, (visits, states) in enumerate(steps):
        codes[offsets[visits] + number] = states
    return codes, lengths


def _table(chances: dict[str, float]) -> Codes:
    """One row of `_SLOTS` codes, each as often as its chance."""
    weights = np.array([chances.get(name, 0.0) for name in NAMES])
    ends = np.round(np.cumsum(weights) / 100 * _SLOTS).astype(np.int64)
    return np.searchsorted(ends, np.arange(_SLOTS), side="right").astype(np.int8)


def _with_failed_logins(chances: dict[str, float]) -> dict[str, float]:
    login = chances.get("login", 0.0)
    return {
        **chances,
        "login": login * (1 - _LOGIN_FAILS_RATIO),
        "login_failed": chances.get("login_failed", 0.0) + login * _LOGIN_FAILS_RATIO,
    }


_START_TABLE = _table(_STARTS)
_NEXT_TABLE = np.stack([_table(_with_failed_logins(_NEXT[name])) for name in NAMES])
