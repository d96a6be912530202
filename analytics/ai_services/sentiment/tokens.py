"""Words, emoticons and marks of a text, as every part of the sentiment model sees them.

Knows nothing of scores. The same functions cut the texts of training and the texts that are scored, so a change
here needs a new `model.npz` (`python -m bench.ai.fit_sentiment`).
"""

from __future__ import annotations

import html
import re

#: An opinion is short. VADER's time grows with the square of the words: 10,000 emoji took it 94 s.
MAX_CHARACTERS = 2_000

#: VADER writes each emoji out as several words, so they are counted on their own.
MAX_SYMBOLS = 60

#: Words up to this length may have double letters of their own; longer stretches are emphasis.
SHORT_WORD = 3

_TOKEN = re.compile(
    r"""
    (?P<link>https?://\S+|www\.\S+)
    | (?P<mention>@\w+)
    | (?P<emoticon>[<>]?[:;=8xX][-o*']?[)\](\[dDpP/}{|\\@3]+(?![A-Za-z0-9])
        | [)\](\[}{]+[-o*']?[:;=](?![A-Za-z0-9]) | <3+ | \^_+\^ | -_+-)
    | (?P<word>[^\W\d_]+(?:['*][^\W\d_*]+)*)
    | (?P<number>\d+(?:[.,:]\d+)*)
    | (?P<mark>[!?]+|\.{2,}|[#$%&"“”():;,.])
    | (?P<symbol>[^\w\s])
    """,
    re.VERBOSE,
)
_STRETCH = re.compile(r"(\w)\1{2,}")
_SYMBOL = re.compile(r"[^\w\s\x00-\u1fff]")
_QUOTES = str.maketrans({"\u2019": "'", "\u2018": "'", "`": "'"})
_PLACEHOLDERS = {"link": "<link>", "mention": "<mention>", "number": "<number>"}


def cut(text: str) -> str:
    """The text itself, or the first and last half of MAX_CHARACTERS of it; no lone surrogates, few symbols."""
    if len(text) > MAX_CHARACTERS:
        half = MAX_CHARACTERS // 2
        text = f"{text[:half]} {text[-half:]}"
    if text.isascii():
        return text
    text = text.encode("utf-8", "replace").decode("utf-8")
    symbols = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal symbols
        symbols += 1
        return match.group() if symbols <= MAX_SYMBOLS else ""

    return _SYMBOL.sub(keep, text)


def tokens_of(text: str) -> list[str]:
    """Tokens of a cut text in order: words lower-case, thrice repeated letters twice, links and such by kind."""
    if not text.isascii():
        text = text.translate(_QUOTES)
    if "&" in text:
        text = html.unescape(text)
    return [_token(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(text)]


def _token(kind: str, found: str) -> str:
    if kind == "word":
        word = found.lower()
        return _STRETCH.sub(r"\1\1", word) if len(word) > SHORT_WORD else word
    if kind == "emoticon":
        return found.lower()
    if kind == "mark" and len(found) > 1:
        return _run_of_marks(found)
    return _PLACEHOLDERS.get(kind, found)


def _run_of_marks(run: str) -> str:
    if "!" in run and "?" in run:
        return "!?"
    return "..." if run[0] == "." else run[0] * 2
