"""Formulas over series: "A / B * 100", read by a small parser and worked out bucket by bucket.

Numbers, the letters of the series, + - * /, parentheses and a sign; nothing else exists, so a formula can do
nothing but arithmetic. What has no value stays without one: a missing operand or a division by zero gives
None, never an error and never infinity.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eventlake.errors import QuestionError

#: Far beyond any real formula, far below any recursion limit.
MAX_CHARACTERS = 500

Number = int | float | None
_Node = Callable[[Sequence[Number]], Number]

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<letter>[A-Z])|(?P<sign>[-+*/()]))")


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that has been read.

    Example:
        >>> parse_formula("A / B * 100", 2).evaluate([1, 4])
        25.0
        >>> parse_formula("A / B", 2).evaluate([1, 0]) is None
        True
    """

    text: str
    _node: _Node

    def evaluate(self, values: Sequence[Number]) -> Number:
        """The result for one value of each series; None when it has none."""
        return self._node(values)


def parse_formula(text: str, series_count: int) -> Formula:
    """Read a formula whose letters A, B, ... mean the first, second, ... of `series_count` series.

    Errors: QuestionError for anything that is not such a formula, with the place where reading stopped.
    """
    if len(text) > MAX_CHARACTERS:
        raise QuestionError(f"a formula has at most {MAX_CHARACTERS} characters")
    parser = _Parser(text, series_count)
    node = parser.sum()
    parser.expect_end()
    return Formula(text, node)


class _Parser:
    """Recursive descent: sum = product {(+|-) product}, product = factor {(*|/) factor}."""

    def __init__(self, text: str, series_count: int) -> None:
        self._text = text
        self._series_count = series_count
        self._position = 0

    def sum(self) -> _Node:
        left = self._product()
        while sign := self._take("+-"):
            left = _operation(sign, left, self._product())
        return left

    def expect_end(self) -> None:
        if self._text[self._position :].strip():
            raise self._error()

    def _product(self) -> _Node:
        left = self._factor()
        while sign := self._take("*/"):
            left = _operation(sign, left, self._factor())
        return left

    def _factor(self) -> _Node:
        if self._take("-"):
            return _operation("-", lambda _: 0, self._factor())
        if self._take("("):
            inner = self.sum()
            if not self._take(")"):
                raise self._error()
            return inner
        match = _TOKEN.match(self._text, self._position)
        if match is None or match["sign"]:
            raise self._error()
        self._position = match.end()
        return self._letter(match["letter"]) if match["letter"] else _constant(match["number"])

    def _letter(self, letter: str) -> _Node:
        index = ord(letter) - ord("A")
        if index >= self._series_count:
            raise QuestionError(f"the formula names series {letter}, but there are {self._series_count}")
        return lambda values: values[index]

    def _take(self, signs: str) -> str:
        match = _TOKEN.match(self._text, self._position)
        if match is None or not match["sign"] or match["sign"] not in signs:
            return ""
        self._position = match.end()
        return match["sign"]

    def _error(self) -> QuestionError:
        return QuestionError(f"the formula cannot be read from character {self._position + 1} on")


def _constant(text: str) -> _Node:
    value = float(text) if "." in text else int(text)
    return lambda _: value


def _operation(sign: str, left: _Node, right: _Node) -> _Node:
    def work_out(values: Sequence[Number]) -> Number:
        a, b = left(values), right(values)
        if a is None or b is None or (sign == "/" and b == 0):
            return None
        try:
            result = a + b if sign == "+" else a - b if sign == "-" else a * b if sign == "*" else a / b
        except OverflowError:
            return None
        return result if math.isfinite(result) else None

    return work_out
