"""The words of a question that are not understood yet: who understands some of them takes them out."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BLANKS = re.compile(r"\s+")
_GREETING = re.compile(
    r"^(?:(?:hi|hello|hey|please|ok|okay)\b[\s,]*|(?:can|could|would) you (?:please )?"
    r"|i(?:'d| would)? (?:want|like) to (?:know|see)\b)+",
    re.IGNORECASE,
)
_CONTRACTED = re.compile(r"\b(what|how|who|where|when|which|that|there|it|here)'(?:s|re)\b", re.IGNORECASE)


@dataclass
class Wording:
    """`whole` is the question in one line without its question mark; `rest` what is left of it, in the same letters."""

    whole: str
    rest: str

    @classmethod
    def of(cls, question: str) -> Wording:
        """The wording of a question."""
        plain = _BLANKS.sub(" ", question.replace("\u2019", "'")).strip(" ?!.")
        plain = _CONTRACTED.sub(r"\1 is", _GREETING.sub("", plain)).strip()
        return cls(plain, plain)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """The first place that fits, which is then gone."""
        found = pattern.search(self.rest)
        if found is not None:
            self.rest = _BLANKS.sub(" ", f"{self.rest[: found.start()]} {self.rest[found.end() :]}").strip(
                " ,"
            )
        return found

    def has(self, pattern: re.Pattern[str]) -> bool:
        """Whether it fits anywhere in the whole question."""
        return pattern.search(self.whole) is not None


def phrase(pattern: str) -> re.Pattern[str]:
    """Whole words in any letters.

    Example:
        >>> bool(phrase("by day").search("logins By Day")), bool(phrase("by day").search("by daylight"))
        (True, False)
    """
    return re.compile(rf"(?<![\w$])(?:{pattern})(?!\w)", re.IGNORECASE)
