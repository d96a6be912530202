"""Cells of CSV files that a spreadsheet must not run: the one place through which every text in a CSV file goes.

Source: OWASP, "CSV Injection". A spreadsheet takes a cell for a formula that begins with = + - @, in full width too,
some of them also behind blanks, or with a tab or a line break. Such a cell gets an apostrophe in front, which shows it
as text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

#: RE2: blanks, control and format characters are what a program may drop before it looks.
_FORMULA = r"^[\s\p{Z}\p{Cc}\p{Cf}]*[=+\-@" "\uff1d\uff0b\uff0d\uff20" r"]|^[\t\r\n]"


def put_out_of_action(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The texts, those that look like formulas with an apostrophe in front; null stays null.

    Example:
        >>> import pyarrow as pa
        >>> put_out_of_action(pa.chunked_array([["=1+1", "a=b", None, " @sum"]])).to_pylist()
        ["'=1+1", 'a=b', None, "' @sum"]
    """
    import pyarrow.compute as pc

    is_formula = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)
