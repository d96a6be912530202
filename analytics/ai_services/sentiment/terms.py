"""Words, pairs of words and pieces of words as 32-bit keys.

Keys stand in for a list of strings: the model file needs no vocabulary in clear text, and an unknown term is
unknown but for one in 30,000 or so (keys in the model over 2^32).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

#: Pieces of this many characters, inside a word and at its ends.
SHORTEST_PIECE, LONGEST_PIECE = 2, 5
#: Longer words are mostly noise, and would cost time.
MAX_WORD = 20
_MASK = 0xFFFFFFFF
#: Odd constants that tell kinds of terms apart (Knuth's multiplicative hashing, and its neighbours).
_FIRST, _SECOND, _NEGATED = 2_654_435_761, 2_246_822_519, 3_266_489_917


@dataclass(frozen=True, slots=True)
class Terms:
    """Distinct keys of one text: of words (single, negated, pairs), and of pieces of words."""

    words: set[int]
    pieces: set[int]


def terms_of(tokens: list[str], negated: list[str]) -> Terms:
    """Keys of all terms of a text. `negated` are its words within reach of a negation."""
    keys = [word_key(token) for token in tokens]
    words = set(keys)
    words.update((one * _FIRST + other * _SECOND) & _MASK for one, other in pairwise(keys))
    words.update((word_key(token) * _NEGATED) & _MASK for token in negated)
    pieces: set[int] = set()
    for token in set(tokens):
        pieces |= _pieces(token)
    return Terms(words, pieces)


@lru_cache(maxsize=50_000)
def word_key(token: str) -> int:
    """Key of a single token."""
    return crc32(token.encode())


@lru_cache(maxsize=50_000)
def _pieces(token: str) -> frozenset[int]:
    if token.startswith("<"):
        return frozenset()
    word = f"_{token[:MAX_WORD]}_"
    lengths = range(SHORTEST_PIECE, min(LONGEST_PIECE, len(word)) + 1)
    return frozenset(
        crc32(word[start : start + length].encode())
        for length in lengths
        for start in range(len(word) - length + 1)
    )
