"""The JSON of an event: a few properties that most events have, numbers, and a long tail of seldom ones.

Fragments are written once for each combination of values and then picked, because joining texts is what takes time.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from eventlake.tests.synthetic.journeys import NAMES, Integers
from eventlake.tests.synthetic.texts import join, number, pick, scatter, zipf

PLANS = ("free", "pro", "team", "enterprise")
LANGUAGES = ("en-US", "de-DE", "en-GB", "fr-FR", "es-ES", "it-IT", "pt-BR", "nl-NL", "pl-PL", "ja-JP")
CATEGORIES = ("hiking", "board games", "language", "food", "music", "code", "art", "running", "film", "books")
CITIES = tuple(f"City {place}" for place in range(1, 301))

#: Where a visit came from; most come by themselves.
_CAMPAIGNS = (
    "",
    *(f"{source}|{medium}" for source, medium in product(("mail", "ads", "social"), ("a", "b"))),
)
_CAMPAIGN_WEIGHTS = (0.62, 0.14, 0.06, 0.08, 0.03, 0.05, 0.02)

#: Seldom properties: names by a power law, five values each, of three types.
_SELDOM_NAMES = 200

#: Prices in cents that meetups ask.
PRICES_CENTS = np.array([500, 800, 900, 1200, 1500, 1900, 2500, 2900, 3900, 4900, 7900, 12900])

_AMOUNT_NAMES = ("checkout_started", "payment_succeeded", "payment_failed")
_MEETUP_NAMES = ("meetup_viewed", "meetup_requested", *_AMOUNT_NAMES)


def person_plan(person: Integers) -> npt.NDArray[np.int64]:
    """The plan of each person, as a place in PLANS: 68, 22, 8 and 2 of a hundred."""
    return np.searchsorted([68, 90, 98], (scatter(person, 1) % np.uint64(100)).astype(np.int64), side="right")


def meetup_price(meetup: Integers) -> Integers:
    """The price of each meetup in cents."""
    return PRICES_CENTS[(scatter(meetup, 2) % np.uint64(len(PRICES_CENTS))).astype(np.int64)]


def metadata(
    rng: np.random.Generator, code: npt.NDArray[np.int8], person: Integers, visit: Integers, meetup: Integers
) -> pa.Array:
    """One JSON object as text for each event; `meetup` is the one that it is about, where it is about one."""
    count = len(code)
    seldom = [
        pick(values, _some(rng, count, 0.35, lambda size: zipf(rng, size, _SELDOM_NAMES * 5, 1.1) + 1))
        for values in _SELDOM
    ]
    return join(
        pick(_OF_PERSON, person_plan(person) * len(LANGUAGES) + _share(person, 3, len(LANGUAGES), 1.2)),
        pick(_OF_CITY, np.where(_unit(person, 4) < 0.9, _share(person, 5, len(CITIES), 1.0) + 1, 0)),
        pick(_OF_VISIT, np.searchsorted(np.cumsum(_CAMPAIGN_WEIGHTS), _unit(visit, 6)).clip(0, 6)),
        pick(_OF_VERSION, _share(visit, 7, len(_OF_VERSION), 1.5)),
        *_of_meetup(code, meetup),
        *_of_search(rng, code),
        ', "duration_ms": ',
        number(rng.gamma(1.3, 4200, count).astype(np.int64)),
        pick(_OF_EXPERIMENT, _some(rng, count, 0.2, lambda size: 1 + rng.integers(0, 4, size))),
        *seldom,
        "}",
    )


def _of_meetup(code: npt.NDArray[np.int8], meetup: Integers) -> tuple[pa.Array, pa.Array]:
    is_about = _IS_MEETUP[code]
    cents = meetup_price(meetup)
    price = np.searchsorted(PRICES_CENTS, cents)
    category = (scatter(meetup, 8) % np.uint64(len(CATEGORIES))).astype(np.int64)
    of_meetup = np.where(is_about, 1 + price * len(CATEGORIES) + category, 0)
    return pick(_OF_MEETUP, of_meetup), pick(_OF_PAYMENT, np.where(_IS_AMOUNT[code], 1 + price, 0))


def _of_search(rng: np.random.Generator, code: npt.NDArray[np.int8]) -> tuple[pa.Array, ...]:
    found = np.minimum(rng.geometric(0.05, len(code)) - 1, len(_OF_SEARCH) - 2)
    return (pick(_OF_SEARCH, np.where(code == NAMES.index("search"), found + 1, 0)),)


def _some(rng: np.random.Generator, count: int, ratio: float, draw: Callable[[int], Integers]) -> Integers:
    """A drawn index for this share of the rows, 0 for the others."""
    chosen = rng.random(count) < ratio
    index = np.zeros(count, np.int64)
    index[chosen] = draw(int(chosen.sum()))
    return index


def _unit(values: Integers, salt: int) -> npt.NDArray[np.float64]:
    return scatter(values, salt).astype(np.float64) / 2**64


def _share(values: Integers, salt: int, kinds: int, exponent: float) -> Integers:
    """A number below `kinds` that belongs to each value, by a power law over the values."""
    weights = 1 / np.arange(1, kinds + 1) ** exponent
    place = np.searchsorted(np.cumsum(weights) / weights.sum(), _unit(values, salt))
    return np.minimum(place, kinds - 1).astype(np.int64)


def _campaign(name: str) -> str:
    if not name:
        return ""
    source, medium = name.split("|")
    return f', "utm_source": "{source}", "utm_medium": "{source}-{medium}", "utm_campaign": "autumn-{medium}"'


_OF_PERSON = [
    f'{{"plan": "{plan}", "$browser_language": "{language}", "$lib": "web"'
    for plan, language in product(PLANS, LANGUAGES)
]
_OF_CITY = ["", *(f', "city": "{city}"' for city in CITIES)]
_OF_VISIT = [_campaign(name) for name in _CAMPAIGNS]
_OF_VERSION = [f', "app_version": "4.{minor}.{patch}"' for minor in (7, 6, 5) for patch in (2, 1, 0)]
_OF_MEETUP = [
    "",
    *(
        f', "price": {cents / 100:g}, "category": "{category}", "spots": {1 + cents % 13}'
        for cents, category in product(PRICES_CENTS.tolist(), CATEGORIES)
    ),
]
_OF_PAYMENT = [
    "",
    *(f', "amount": {cents / 100:g}, "currency": "EUR", "method": "card"' for cents in PRICES_CENTS.tolist()),
]
_OF_SEARCH = ["", *(f', "results": {found}, "query_length": {3 + found % 17}' for found in range(120))]
_OF_EXPERIMENT = [
    "",
    *(
        f', "$feature/{name}": "{arm}"'
        for name in ("new-checkout", "map-first")
        for arm in ("control", "test")
    ),
]
_SELDOM = [
    [
        "",
        *(
            f', "{prefix}_{place}": {value}'
            for place in range(_SELDOM_NAMES)
            for value in ('"on"', '"off"', "true", "7", "0.25")
        ),
    ]
    for prefix in ("flag", "extra")
]
_IS_MEETUP = np.isin(NAMES, _MEETUP_NAMES)
_IS_AMOUNT = np.isin(NAMES, _AMOUNT_NAMES)
