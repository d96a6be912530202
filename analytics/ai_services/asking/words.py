"""Words of English questions and of names: stems, so that "views", "viewed" and `meetup_viewed` meet.

It is no linguistics: a handful of endings, the irregular words of product analytics, and words that carry nothing.
A negation is never among those: "not" has to be understood, or the question is not.
"""

from __future__ import annotations

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")

#: Endings, the longest first, and what stands in their place.
_ENDINGS = (
    ("ations", ""), ("ation", ""), ("ances", ""), ("ance", ""), ("ments", ""), ("ment", ""), ("ions", ""),
    ("ion", ""), ("ings", ""), ("ing", ""), ("ied", "y"), ("ies", "y"), ("ed", ""), ("sses", "ss"), ("s", ""),
)  # fmt: skip
#: What is left of a word has as many letters at least: "red" and "bus" keep theirs.
_SHORTEST = 3
_DOUBLED = re.compile(r"([bdgklmnprt])\1$")
_IRREGULAR = {
    "paid": "pay", "pays": "pay", "given": "give", "gave": "give", "seen": "see", "saw": "see", "sold": "sell",
    "bought": "buy", "sent": "send", "success": "succeed", "successful": "succeed", "successfully": "succeed",
    "failure": "fail", "failures": "fail", "verification": "verify", "verifications": "verify", "verified": "verify",
    "users": "user", "people": "person", "persons": "person", "news": "news", "logs": "log", "goes": "go",
    "went": "go", "came": "come", "ups": "up", "ins": "in", "this": "this", "status": "status",
    "address": "address", "class": "class", "os": "os",
}  # fmt: skip
#: Two stems that are one word, in names and in questions alike.
_COMPOUNDS = {
    ("log", "in"): "login", ("sign", "in"): "login", ("sign", "up"): "signup", ("log", "out"): "logout",
    ("sign", "out"): "logout", ("pag", "view"): "pageview", ("view", "pag"): "pageview",
    ("check", "out"): "checkout", ("check", "in"): "checkin", ("user", "agent"): "useragent",
}  # fmt: skip
#: What else a word may be called in a name; tried where the word itself is in none.
SYNONYMS: dict[str, tuple[str, ...]] = {
    "register": ("signup",), "registr": ("signup",), "join": ("signup",), "signin": ("login",),
    "buy": ("purchas", "pay", "order"), "purchas": ("pay", "order", "buy"), "order": ("purchas", "pay"),
    "pay": ("purchas", "order", "checkout"), "see": ("view",), "look": ("view",), "watch": ("view",),
    "open": ("view",), "visit": ("pageview", "view"), "go": ("attend",), "com": ("attend",), "book": ("request",
    "rsvp"),
    "reject": ("declin",), "approv": ("accept",), "complain": ("feedback",), "countr": ("countri",),
    "error": ("exception",), "app": ("application",), "phone": ("device",),
}  # fmt: skip
#: Words that carry nothing where an event or a property is named.
_NOISE_TEXT = """
a an the of in on at for to from over during by with and or our ours we us i me my you your it its they their them
he she his her that this these those who whom which what whats how many much number count total amount were was is
are be been there here do does did have has had get got show give tell list plot chart graph trend trends draw
please can could would will let lets see times time event events happen happened happening happens occur occurred
occurs did so far just then than as also per each every someone somebody anyone anybody people person user users
visitor visitors customer customers member members individuals all any some made make look like up figure figures
"""
_NOISE = frozenset(_NOISE_TEXT.split())


def stem(word: str) -> str:
    """The word without its ending, in small letters.

    Example:
        >>> [stem(word) for word in ("Views", "viewed", "cancelled", "cancellations", "cities", "declined", "paying")]
        ['view', 'view', 'cancel', 'cancel', 'city', 'declin', 'pay']
    """
    small = word.lower()
    if small in _IRREGULAR:
        return _bare(_IRREGULAR[small])
    for ending, instead in _ENDINGS:
        if small.endswith(ending) and len(small) - len(ending) + len(instead) >= _SHORTEST:
            if ending == "s" and small.endswith("ss"):
                continue
            small = _DOUBLED.sub(r"\1", small.removesuffix(ending) + instead) if ending != "s" else small[:-1]
            break
    return _bare(small)


def _bare(small: str) -> str:
    return small.removesuffix("e") if len(small) > _SHORTEST else small


def stems_of(text: str) -> tuple[str, ...]:
    """The stems of a name or a phrase, in order, noise and all.

    Example:
        >>> stems_of("meetup_request_accepted"), stems_of("$pageview"), stems_of("signedUp"), stems_of("page views")
        (('meetup', 'request', 'accept'), ('pageview',), ('signup',), ('pageview',))
    """
    stems = [stem(word) for word in _WORD.findall(_CAMEL.sub(" ", text))]
    found: list[str] = []
    for one in stems:
        joined = _COMPOUNDS.get((found[-1], one)) if found else None
        if joined is None:
            found.append(one)
        else:
            found[-1] = joined
    return tuple(found)


def content_of(phrase: str) -> tuple[str, ...]:
    """The stems of a phrase that carry something, each once.

    Example:
        >>> content_of("how many people viewed the meetup"), content_of("logged in"), content_of("did we have")
        (('view', 'meetup'), ('login',), ())
    """
    kept = [one for one in stems_of(essence_of(phrase)) if one not in _NOISE_STEMS]
    # Noise between two words may have kept them apart: "viewed a page" is "page view".
    return tuple(dict.fromkeys(stems_of(" ".join(kept))))


def essence_of(phrase: str) -> str:
    """The words of a phrase, as they were written, that carry something.

    Example:
        >>> essence_of("How many of our Unicorns were there")
        'Unicorns'
    """
    return " ".join(word for word in phrase.split() if word.lower().strip(",.") not in _NOISE - _PARTS)


#: Second halves of compounds, which are noise only where they stand alone.
_PARTS = frozenset({"in", "up"})
_NOISE_STEMS = frozenset(stem(word) for word in _NOISE)
