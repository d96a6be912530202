"""Rows of a SELECT as an Arrow table without a Python object per row: PostgreSQL's COPY, parsed by Arrow."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv as csv
from django.db import connection


def copy_rows(select: str, values: Sequence[Any], types: dict[str, pa.DataType]) -> pa.Table:
    """Columns `types`, in the order of the SELECT, on PostgreSQL. NULL and '' are told apart."""
    with (
        connection.cursor() as cursor,
        connection.wrap_database_errors,
        cursor.cursor.copy(f"COPY ({select}) TO STDOUT (FORMAT csv)", values) as copy,
        # Django's debugging wrapper takes no parameters here, hence the cursor inside
    ):
        text = b"".join(bytes(part) for part in copy)
    if not text:
        return pa.table({name: pa.array([], type_) for name, type_ in types.items()})
    return csv.read_csv(
        io.BytesIO(text),
        read_options=csv.ReadOptions(column_names=list(types)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
