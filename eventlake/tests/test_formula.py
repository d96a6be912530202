"""Formulas: arithmetic and nothing else."""

from __future__ import annotations

import pytest

from eventlake.analyses.formula import parse_formula
from eventlake.errors import QuestionError


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("A / B * 100", [1, 4], 25),
        ("A + B * 2", [1, 4], 9),
        ("(A + B) * 2", [1, 4], 10),
        ("A - B - 1", [1, 4], -4),
        ("-A + --B", [1, 4], 3),
        ("8 / B / 2", [1, 4], 1),
        ("0.5*A", [3, 0], 1.5),
        ("A / B", [1, 0], None),
        ("A / (B - 4)", [1, 4], None),
        ("A + B", [None, 4], None),
        ("A * 0 + 7", [1, None], 7),
        ("A * B", [1e200, 1e200], None),
    ],
)
def test_it_works_out(text: str, values: list[float | None], expected: float | None) -> None:
    assert parse_formula(text, 2).evaluate(values) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A +",
        "A B",
        "A ** B",
        "(A",
        "A)",
        "a",
        "C",
        "A; B",
        "__import__('os')",
        "A.real",
        "1e5",
        "A[0]",
        "²",
    ],
)
def test_what_is_not_a_formula_is_refused(text: str) -> None:
    with pytest.raises(QuestionError):
        parse_formula(text, 2)


def test_depth_cannot_exhaust_the_stack() -> None:
    assert parse_formula("(" * 200 + "A" + ")" * 200, 1).evaluate([3]) == 3
    with pytest.raises(QuestionError, match="characters"):
        parse_formula("(" * 5000, 1)
