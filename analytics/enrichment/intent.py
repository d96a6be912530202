"""Intent: what somebody wanted with an event, one of fifteen words, by the words of its name.

A name is cut into words (`addedToCart`, `added_to_cart`, `Added To Cart`), each word into its stem. Words vote for
intents by the table in `intent_words.toml`; the most votes win, and of two alike the intent that stands higher in
`Intent`. A name without a known word has none. `docs/guides/enrichment.md` explains the taxonomy.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from itertools import pairwise


class Intent(StrEnum):
    """What somebody wanted. The order decides between intents with as many votes."""

    SYSTEM = "system"
    CANCEL = "cancel"
    PURCHASE = "purchase"
    FEEDBACK = "feedback"
    SUPPORT = "support"
    REGISTER = "register"
    AUTHENTICATE = "authenticate"
    PARTICIPATE = "participate"
    COMMUNICATE = "communicate"
    CONSIDER = "consider"
    SEARCH = "search"
    CONFIGURE = "configure"
    CREATE = "create"
    LEARN = "learn"
    EXPLORE = "explore"


#: Votes of a word, by how sure it is, and of two words in a row on top.
_VOTES = {"sure": 6, "clear": 3, "weak": 1}
_VOTES_OF_A_PAIR = 6

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+[a-z]*")
_DOUBLED = re.compile(r"(bb|dd|gg|ll|mm|nn|pp|rr|tt)$")

#: Endings that say nothing of the intent, the longest first; what is left has at least three letters.
_ENDINGS = ("ions", "ion", "ings", "ing", "ied", "ies", "ed", "es", "s", "e")

_MAX_NAME_LETTERS = 200


@lru_cache(maxsize=10_000)
def classify(event_name: str, event_type: str = "") -> str:
    """The intent of an event of this name and type; "" where neither tells.

    Example:
        >>> classify("payment_succeeded"), classify("meetup_viewed"), classify("addedToCart"), classify("xyzzy")
        ('purchase', 'explore', 'purchase', '')
    """
    if event_type in ("error", "system_event"):
        return Intent.SYSTEM.value
    stems = [stem(word) for word in _WORD.findall(event_name[:_MAX_NAME_LETTERS])]
    votes: Counter[Intent] = Counter()
    for key in (*stems, *("|".join(pair) for pair in pairwise(stems))):
        for intent, weight in _votes().get(key, ()):
            votes[intent] += weight
    if not votes:
        return Intent.EXPLORE.value if event_type == "page_view" else ""
    most = max(votes.values())
    return next(intent.value for intent in Intent if votes[intent] == most)


def stem(word: str) -> str:
    """A word without its ending, so that "viewed" and "views" are one.

    Example:
        >>> [stem(word) for word in ("Viewed", "replies", "shipping", "cart", "rated")]
        ['view', 'repl', 'ship', 'cart', 'rat']
    """
    word = word.lower()
    ending = next((end for end in _ENDINGS if word.endswith(end) and len(word) - len(end) >= 3), "")
    word = word.removesuffix(ending)
    if len(word) > 3:
        word = _DOUBLED.sub(lambda twice: twice[0][0], word)
    return word[:-1] if word.endswith("y") and len(word) > 4 else word


@lru_cache(maxsize=1)
def _votes() -> dict[str, list[tuple[Intent, int]]]:
    """Intents and votes by stem, or by two stems in a row, from `intent_words.toml`."""
    text = (resources.files("analytics.enrichment") / "intent_words.toml").read_text(encoding="utf-8")
    found: dict[str, list[tuple[Intent, int]]] = {}
    for intent, columns in tomllib.loads(text).items():
        for name, words in columns.items():
            for entry in words.split():
                parts = [stem(part) for part in entry.split("|")]
                votes = _VOTES[name] + (_VOTES_OF_A_PAIR if len(parts) > 1 else 0)
                found.setdefault("|".join(parts), []).append((Intent(intent), votes))
    return found
