"""Which event or property a phrase means: by its exact name, or by the words that name and phrase share.

A phrase means what has all of its words and the fewest others. Where several are as near, or none is, the phrase is
not understood: a wrong answer would look like a right one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import TypeVar

from analytics.ai_services.asking.understood import NotUnderstood
from analytics.ai_services.asking.vocabulary import EVENT_NAME, PAGE, REVENUE, Property, Vocabulary
from analytics.ai_services.asking.words import SYNONYMS, content_of, essence_of, stems_of
from analytics.event_names import Known

Thing = TypeVar("Thing")

_QUOTED = re.compile(r"[\"'`\u201c\u201d\u2018\u2019]([^\"'`\u201c\u201d]+)[\"'`\u201c\u201d\u2018\u2019]")
_LIKELY = 0.5  # of difflib's ratio: below it, names only share letters
_SHOWN = 5

#: What one word of a question means in most products, where several events have the word in their names.
_USUAL = {
    "pay": Known.PAID, "signup": Known.SIGNED_UP, "view": Known.VIEWED, "request": Known.REQUESTED,
    "login": Known.LOGIN, "attend": Known.ATTENDED, "creat": Known.CREATED, "cancel": Known.CANCELLED,
    "accept": Known.ACCEPTED, "declin": Known.DECLINED, "verify": Known.VERIFIED, "refund": Known.PAYMENT_REFUNDED,
}  # fmt: skip
#: Properties that people call otherwise, where none has the name itself.
_CALLED = {
    "event": EVENT_NAME, "pag": PAGE, "page": PAGE, "path": PAGE, "url": PAGE, "revenu": REVENUE, "turnov": REVENUE,
    "incom": REVENUE, "money": REVENUE, "sal": REVENUE,
}  # fmt: skip


def event_of(phrase: str, vocabulary: Vocabulary) -> str | None:
    """The event that a phrase means; None for one that names none ("how many events").

    **Errors**: `NotUnderstood` where the phrase has words that no event has, or that several have.
    """
    exact = _exact(phrase, vocabulary.event_of)
    words = set(content_of(_without(phrase, exact[0] if exact else None)))
    if exact is not None:
        _refuse_rest(words - set(stems_of(exact[0])), _without(phrase, exact[0]), vocabulary)
        return exact[1]
    if not words:
        return None
    best = _nearest(words, vocabulary.event_words)
    if len(best) > 1:
        usual = {vocabulary.usual.get(_USUAL[word], "") for word in words if word in _USUAL}
        best = [name for name in best if name in usual] or best
    if len(best) > 1:
        raise NotUnderstood(f"{_shown(phrase)} may be one of several events", best[:_SHOWN])
    if not best:
        raise NotUnderstood(f"no event is called {_shown(phrase)}", nearest_events(phrase, vocabulary))
    return best[0]


def property_of(phrase: str, vocabulary: Vocabulary) -> Property | None:
    """The property that a phrase means; None where no property has its words, or several have them."""
    exact = _exact(phrase, vocabulary.property_of)
    if exact is not None and not set(content_of(_without(phrase, exact[0]))) - set(stems_of(exact[0])):
        return exact[1]
    words = set(content_of(phrase)) or set(stems_of(phrase))
    if not words:
        return None
    if len(words) == 1 and (called := _CALLED.get(next(iter(words)))) is not None:
        return called
    best = _nearest(words, vocabulary.property_words)
    by_scope = [one for one in best if one.scope == best[0].scope] if best else []
    return by_scope[0] if len(by_scope) == 1 else None


def needed_property(phrase: str, vocabulary: Vocabulary) -> Property:
    """The same where there has to be one. **Errors**: `NotUnderstood` that names the nearest ones."""
    found = property_of(phrase, vocabulary)
    if found is not None:
        return found
    words = set(content_of(phrase))
    sharing = [one.name for one, of_name in vocabulary.property_words.items() if words & of_name]
    alike = difflib.get_close_matches(phrase.strip().lower(), vocabulary.property_of, _SHOWN, _LIKELY)
    near = list(dict.fromkeys([*sharing, *alike]) or vocabulary.property_of)[:_SHOWN]
    said = "several properties may be" if len(sharing) > 1 else "no property is"
    raise NotUnderstood(f"{said} called {_shown(phrase)}; there are {', '.join(near)}")


def nearest_events(phrase: str, vocabulary: Vocabulary) -> list[str]:
    """Names of events that resemble a phrase, the nearest first; the most frequent ones where none does."""
    words = set(content_of(phrase))
    sharing = [name for name, of_name in vocabulary.event_words.items() if words & of_name]
    alike = difflib.get_close_matches("_".join(words), vocabulary.event_of, _SHOWN, _LIKELY)
    for word in words:
        alike += difflib.get_close_matches(word, vocabulary.event_of, _SHOWN, _LIKELY)
    found = dict.fromkeys([*sharing, *(vocabulary.event_of[name] for name in alike)])
    return list(found or vocabulary.events)[:_SHOWN]


def _nearest(words: set[str], known: Mapping[Thing, frozenset[str]]) -> list[Thing]:
    """What has every word, or another word for it, and the fewest words beside."""
    best: list[Thing] = []
    fewest = None
    for thing, of_thing in known.items():
        if not all(_has(word, of_thing) for word in words):
            continue
        others = len(of_thing) - len(words)
        if fewest is None or others < fewest:
            best, fewest = [], others
        if others == fewest:
            best.append(thing)
    return best


def _has(word: str, of_thing: frozenset[str]) -> bool:
    return word in of_thing or any(other in of_thing for other in SYNONYMS.get(word, ()))


def _exact(phrase: str, known: Mapping[str, Thing]) -> tuple[str, Thing] | None:
    """What stands in a phrase by its whole name: in quotes, alone, or as a word with signs in it."""
    plain = phrase.strip(" ,.;:").lower()
    quoted = [found.lower() for found in _QUOTED.findall(phrase)]
    for candidate in (*quoted, plain, *_tokens(plain)):
        if candidate in known:
            return candidate, known[candidate]
    return None


def _tokens(plain: str) -> Iterable[str]:
    """Words with signs, such as `sign_up` and `$pageview`, which nobody writes by chance; the longest first."""
    tokens = [token.strip(",;:\"'`()") for token in plain.split()]
    return sorted((token for token in tokens if not token.isalpha()), key=len, reverse=True)


def _without(phrase: str, name: str | None) -> str:
    return re.sub(re.escape(name), " ", phrase, flags=re.IGNORECASE) if name else phrase


def _refuse_rest(words: set[str], rest: str, vocabulary: Vocabulary) -> None:
    if words:
        raise NotUnderstood(f"{_shown(rest)} is not understood", nearest_events(rest, vocabulary))


def _shown(phrase: str) -> str:
    return repr((essence_of(phrase) or " ".join(phrase.split()))[:80])
