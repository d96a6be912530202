"""Personal data out of a text before it leaves the house: each find becomes a tag such as `<email>`.

Too much is taken rather than too little: a date or a price of seven digits may become `<phone>`, which costs a
judgement of tone nothing. Every pattern is linear: its repeats are possessive or bounded, and it starts only
where a run starts. What a machine cannot know to be personal (a nickname in plain words) the caller names.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from ipaddress import IPv6Address
from itertools import islice

#: More letters than a person's name has; longer ones are no names and would only slow the search.
MAX_NAME_LENGTH = 100
#: A text is about few people; a host that passes its whole user table gets the first of them.
MAX_NAMES = 200
#: "Al" and "Bo" are names, single letters are words of many languages.
MIN_NAME_LENGTH = 2
IBAN_LENGTHS = range(15, 35)  # ISO 13616: from Norway's 15 characters to the format's end at 34

_LOCAL = r"[\w.+%&'=~-]"
_BRACKETED = r"\s?[(\[{{]\s?(?:{0})\s?[)\]}}]\s?"
_AT = _BRACKETED.format("at|@")
_DOT = _BRACKETED.format(r"dot|\.")

_URL = re.compile(r"(?<![\w+.-])([a-z][a-z0-9+.-]{0,20}://)([^\s<>\"]++)", re.IGNORECASE)
_BARE_URL = re.compile(r"(?<![\w.-])((?:[\w-]++\.)++[a-z]{2,24}/)[^\s<>\"]++", re.IGNORECASE)
_QUERY = re.compile(r"(?<=\S)\?(?=[^\s?=]{0,100}=)\S++")
_EMAILS = (
    re.compile(rf"(?:\"[^\"\n]{{1,64}}\"|(?<!{_LOCAL}){_LOCAL}++)@[\w-]++(?:\.[\w-]++)*+"),
    re.compile(
        rf"(?<!{_LOCAL}){_LOCAL}++(?:{_AT}|\s?@\s)[\w-]++(?:(?:\.|{_DOT}|\sdot\s)[\w-]++)++", re.IGNORECASE
    ),
    re.compile(rf"(?<!{_LOCAL}){_LOCAL}++\sat\s[\w-]++(?:(?:{_DOT}|\sdot\s)[\w-]++)++", re.IGNORECASE),
)
_IBAN = re.compile(r"(?<![^\W_])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_TOKEN = re.compile(r"(?<![\w-])[A-Za-z0-9_-]{20,}+")
_CARD = re.compile(r"(?<!\d)\d(?:[ .-]?\d){12,18}(?!\d)")
_IPV6 = re.compile(r"(?<![0-9A-Fa-f:.])[0-9A-Fa-f:][0-9A-Fa-f:.]{1,44}+(?![\w:])")
_IPV4 = re.compile(r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)")
_PHONE = re.compile(r"(?<!\d)[+(]{0,2}\d(?:[\s().\-/\u00b7\u2010-\u2015]{0,3}\d){6,}")
_HANDLE = re.compile(r"(?<![\w@])@\w++(?:[.-]\w++)*+")
_NUMBER = re.compile(r"\d{6,}+")
_TAG = re.compile(r"<(?:email|url|path|query|iban|token|card|ip|phone|handle|number|name)>")


def clean_text(text: str) -> str:
    r"""`text` in one spelling (NFKC) and without invisible characters, which would only hide something.

    Example:
        >>> clean_text("j\u200bane\uff20example.org")
        'jane@example.org'
    """
    composed = unicodedata.normalize("NFKC", text)
    if composed.isascii() and composed.isprintable():
        return composed
    return "".join(filter(None, map(_visible, composed)))


def mask(text: str, names: Iterable[str] = ()) -> str:
    """`text` cleaned, with tags in the place of personal data and of `names`.

    Masked: e-mail addresses, phone numbers, IBANs, card numbers, IP addresses, what follows the host in a URL,
    @handles, keys and ids of 20 characters or more, runs of six digits or more, and each of `names`, whole and
    by its parts, in any case.

    Example:
        >>> mask("Ask Jane Doe (jane@example.org, +49 170 1234567) or see https://a.example/u/7?k=1", ["Jane Doe"])
        'Ask <name> (<email>, <phone>) or see https://a.example/<path>'
    """
    masked = clean_text(text)
    for pattern, replacement in _STEPS:
        masked = pattern.sub(replacement, masked)
    pattern_of_names = _name_pattern(tuple(islice(names, MAX_NAMES)))
    return pattern_of_names.sub("<name>", masked) if pattern_of_names else masked


def has_words(masked: str) -> bool:
    """True when something is left to judge: a letter or a symbol such as an emoji outside of the tags."""
    return any(
        unicodedata.category(character)[0] == "L" or unicodedata.category(character) == "So"
        for character in _TAG.sub("", masked)
    )


def _visible(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return character if character in "\n\t" else " "
    is_hidden = category in {"Cf", "Cs", "Cn", "Co"} or 0xE0100 <= ord(character) <= 0xE01EF
    return "" if is_hidden else character


def _mask_url(found: re.Match[str]) -> str:
    scheme, rest = found.groups()
    host = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    tail = rest[len(host) :]
    path = "/<path>" if len(tail) > 1 else tail
    return f"{scheme}{host.rpartition('@')[2]}{path}"


def _mask_iban(found: re.Match[str]) -> str:
    """The longest beginning that holds as an IBAN is masked: a word after it may look like its next group."""
    text = found[0]
    characters = [place for place, character in enumerate(text) if character.isalnum()]
    compact = "".join(text[place] for place in characters).upper()
    for length in reversed(IBAN_LENGTHS):
        if length <= len(compact) and _is_iban(compact[:length]):
            return "<iban>" + text[characters[length - 1] + 1 :]
    return text


def _is_iban(compact: str) -> bool:
    """ISO 7064 MOD 97-10. Source: ISO 13616-1, the check digits of an IBAN."""
    turned = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def _mask_card(found: re.Match[str]) -> str:
    digits = [int(character) for character in found[0] if character.isdigit()]
    doubled = (sum(divmod(digit * 2, 10)) for digit in digits[-2::-2])
    is_card = (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0  # Luhn, ISO/IEC 7812-1 annex B
    return "<card>" if is_card else found[0]


def _mask_token(found: re.Match[str]) -> str:
    """A key or an id mixes letters with digits; a long word, or a long number, is something else."""
    has_both = any(c.isdigit() for c in found[0]) and any(c.isalpha() for c in found[0])
    return "<token>" if has_both else found[0]


def _mask_ipv6(found: re.Match[str]) -> str:
    text = found[0]
    if text.count(":") < 2:  # no IPv6 address has fewer
        return text
    for candidate in (text, text.rstrip("."), text.strip(":."), text.rstrip(".").removeprefix(":")):
        try:
            IPv6Address(candidate)
        except ValueError:
            continue
        return text.replace(candidate, "<ip>", 1)
    return text


@lru_cache(
    maxsize=8
)  # a batch of texts comes with one list of names, and compiling it takes longer than masking
def _name_pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    wanted: set[str] = set()
    for name in names:
        whole = " ".join(clean_text(name).split())[:MAX_NAME_LENGTH]
        wanted.update(part for part in (whole, *whole.split()) if len(part) >= MIN_NAME_LENGTH)
    if not wanted:
        return None
    longest_first = sorted(wanted, key=lambda name: (-len(name), name))
    return re.compile("|".join(map(_one_name, longest_first)), re.IGNORECASE)


def _one_name(name: str) -> str:
    """Scripts with two cases put spaces between words; in the others a name may stand inside of a run."""
    spelled = r"\s".join(map(re.escape, name.split(" ")))
    has_case = name[0].lower() != name[0].upper()
    return rf"(?<!\w){spelled}(?!\w)" if has_case else spelled


#: The order matters: what contains another comes first, and plain digits come last.
_STEPS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_URL, _mask_url),
    (_BARE_URL, r"\1<path>"),
    (_QUERY, "?<query>"),
    *((pattern, "<email>") for pattern in _EMAILS),
    (_IBAN, _mask_iban),
    (_TOKEN, _mask_token),
    (_CARD, _mask_card),
    (_IPV6, _mask_ipv6),
    (_IPV4, "<ip>"),
    (_PHONE, "<phone>"),
    (_HANDLE, "<handle>"),
    (_NUMBER, "<number>"),
)
