"""Whether a text is English, from its letters, its smallest words and the model's vocabulary.

Made for sentences of feedback, where the question is not "which of 100 languages" but "would a score be nonsense".
The code of another language is a best guess. Measured in `docs/guides/sentiment.md`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from analytics.ai_services.sentiment.languages import ENGLISH_WORDS, LETTERS, SCRIPTS, SMALL_WORDS

#: Another script than Latin has the text from this share of its letters on.
SCRIPT_RATIO = 0.5
#: Evidence for another language that outweighs the doubt: two small words, or one and its letters.
CLEAR_LEAD = 2.0
#: Below this share of known words, any lead of another language decides; above `FAMILIAR`, none does.
STRANGE_RATIO, FAMILIAR_RATIO = 0.6, 0.9
#: Letters of a language count as much as this many small words.
LETTER_WORTH = 1.0
#: Fewer known words than this say nothing about the words around them.
FEWEST_WORDS = 2


@dataclass(frozen=True, slots=True)
class Language:
    """The likeliest language; its code is `und` without letters.

    `known_words` are different ones that the model saw in training.
    """

    code: str
    is_supported: bool
    words: int
    known_words: int


def language_of(text: str, tokens: list[str], is_known: Callable[[str], bool]) -> Language:
    """The language of a cut text and its tokens; `is_known` says whether the model saw a word in training."""
    words = [token for token in tokens if token[0].isalpha()]
    familiar = [word for word in words if is_known(word)]
    known = len(set(familiar))
    if not words:
        return Language("und", True, 0, 0)
    script = None if text.isascii() else _script_of(text)
    if script:
        return Language(script, False, len(words), known)
    code, lead = _lead_of_others(text, words)
    known_ratio = len(familiar) / len(words)
    is_foreign = (
        lead > 0
        and known_ratio < FAMILIAR_RATIO
        and (lead >= CLEAR_LEAD or known_ratio < STRANGE_RATIO or len(words) <= FEWEST_WORDS)
    )
    return Language(code if is_foreign else "en", not is_foreign, len(words), known)


def _script_of(text: str) -> str | None:
    """Code of the script that most letters have, if it is not Latin."""
    letters = [ord(letter) for letter in text if letter.isalpha()]
    counts = Counter(code for point in letters if point >= SCRIPTS[0][0] for code in _codes_at(point))
    if not counts or sum(counts.values()) < SCRIPT_RATIO * len(letters):
        return None
    if counts["ja"]:  # Chinese characters are Japanese beside kana
        return "ja"
    return counts.most_common(1)[0][0]


def _codes_at(point: int) -> list[str]:
    return [code for start, end, code in SCRIPTS if start <= point <= end]


def _lead_of_others(text: str, words: list[str]) -> tuple[str, float]:
    """The best other language, and how much more speaks for it than for English."""
    evidence: dict[str, float] = defaultdict(float)
    english = 0.0
    for word in words:
        english += word in ENGLISH_WORDS
        for code in _LANGUAGES_OF.get(word, ()):
            evidence[code] += 1
    if not text.isascii():
        for code in {LETTERS[letter] for letter in set(text.lower()) if letter in LETTERS}:
            evidence[code] += LETTER_WORTH
    if not evidence:
        return "en", 0.0
    code, most = max(evidence.items(), key=lambda item: item[1])
    return code, most - english


_LANGUAGES_OF: dict[str, tuple[str, ...]] = {
    word: tuple(code for code, small in SMALL_WORDS.items() if word in small)
    for word in frozenset().union(*SMALL_WORDS.values())
}
