"""The columns of an event in the lake, in one place.

Owns the Arrow schema that the Delta table, the sealed files, the hot rows and the analyses share.
Refuses to know where rows come from: a caller gives any Arrow table that has these column names, and
`conform` makes it exact or says why it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from eventlake.errors import SchemaError

#: An instant with microseconds, which is what PostgreSQL keeps.
INSTANT = pa.timestamp("us", tz="UTC")

#: Ten digits are the specification's; eighteen fit the same eight bytes, so that a wider column in
#: the database can never stop the sealing.
MONEY = pa.decimal128(18, 2)


@dataclass(frozen=True)
class Column:
    """One column of the lake: its name, Arrow type, whether it is always there, and what it holds."""

    name: str
    type: pa.DataType
    required: bool
    about: str


#: Text that is absent is '' or null, as the database has it; the analyses read both as missing.
COLUMNS: tuple[Column, ...] = (
    Column("id", pa.int64(), True, "row id in the database"),
    Column("uuid", pa.string(), True, "the event's own id, unique"),
    Column("timestamp", INSTANT, True, "when it happened (corrected event time)"),
    Column("day", pa.date32(), True, "UTC day of timestamp; the partition"),
    Column("event_name", pa.string(), True, "what happened"),
    Column("event_type", pa.string(), False, "class of event: user_action, page_view, conversion, ..."),
    Column("action", pa.string(), False, "what was done, where the name is not enough"),
    Column("person_id", pa.int64(), False, "person at the time of ingestion; merges are applied when read"),
    Column("user_id", pa.int64(), False, "the host's user"),
    Column("distinct_id", pa.string(), False, "id that the client gave"),
    Column("anonymous_id", pa.string(), False, "id of a client that had no user yet"),
    Column("session_id", pa.string(), False, "session that the client gave"),
    Column("ingest_key", pa.string(), False, "label of the key that brought the event"),
    Column("source", pa.string(), False, "api, middleware, signal, import, ..."),
    Column("page_url", pa.string(), False, "full address of the page"),
    Column("page_path", pa.string(), False, "path of the page, without query"),
    Column("referrer", pa.string(), False, "where the visitor came from"),
    Column("device_type", pa.string(), False, "desktop, mobile, tablet, bot"),
    Column("browser", pa.string(), False, "browser family"),
    Column("os", pa.string(), False, "operating system family"),
    Column("user_agent", pa.string(), False, "raw user agent; the network address is never sealed"),
    Column("response_time_ms", pa.int32(), False, "time that the server took"),
    Column("status_code", pa.int32(), False, "HTTP status"),
    Column("revenue_impact", MONEY, False, "money that the event brought"),
    Column("conversion_value", MONEY, False, "worth of a conversion"),
    Column("sentiment_score", pa.float64(), False, "-1 to 1, once analysed"),
    Column("intent_classification", pa.string(), False, "intent, once analysed"),
    Column("engagement_level", pa.string(), False, "low, medium, high, once analysed"),
    Column("metadata", pa.string(), False, "all other properties, one JSON object as text"),
    Column("retention_days", pa.int32(), False, "days after which the event ends everywhere"),
    Column("created_at", INSTANT, True, "when it was stored"),
    Column("updated_at", INSTANT, False, "when the row was last changed, if it ever was"),
    Column("insert_xid", pa.int64(), True, "the transaction that stored it; what watermarks compare"),
    Column(
        "merged_person_id", pa.int64(), False, "whom person_id counted as when its file was last rewritten"
    ),
)

SCHEMA = pa.schema([pa.field(c.name, c.type, nullable=not c.required) for c in COLUMNS])
NAMES: tuple[str, ...] = tuple(c.name for c in COLUMNS)

#: The Delta table is partitioned by this column, so a data file does not repeat it.
PARTITION = "day"
FILE_SCHEMA = pa.schema([field for field in SCHEMA if field.name != PARTITION])

#: Columns that the lake works out itself; the database has none of them.
DERIVED = frozenset({PARTITION, "merged_person_id"})

#: A hot property of the event is repeated in a column of this prefix and its name, as text (see `hot_properties`).
PROPERTY_PREFIX = "metadata_"

#: Order of the rows inside a file: a filter on the name, then on a person, skips row groups.
SORT_KEYS: tuple[str, ...] = ("event_name", "person_id", "timestamp")

#: Columns that a filter of column scope may name. Bookkeeping stays out.
QUERYABLE: frozenset[str] = frozenset(NAMES) - DERIVED - {"metadata", "insert_xid"}


def empty() -> pa.Table:
    """A table with the lake's columns and no row."""
    return SCHEMA.empty_table()


def conform(rows: pa.Table) -> pa.Table:
    """The same rows with exactly the lake's columns, order and types.

    Columns that are not required may be left out and become null, as does an `updated_at` that is the row's
    `created_at`; `day` is always worked out from
    `timestamp`, so that a row can never lie in the wrong partition. Extra columns are refused, because
    dropping them would lose data without a word.

    Errors: SchemaError for an unknown or missing column, a null in a required one, or a value that
    does not fit the type.
    """
    unknown = set(rows.column_names) - set(NAMES)
    if unknown:
        raise SchemaError(f"columns that the lake does not have: {', '.join(sorted(unknown))}")
    arrays = {column.name: _column(rows, column) for column in COLUMNS}
    # A second copy of created_at would be a tenth of the file.
    unchanged = pc.equal(arrays["updated_at"], arrays["created_at"])
    arrays["updated_at"] = pc.if_else(unchanged, pa.scalar(None, INSTANT), arrays["updated_at"])
    return pa.Table.from_arrays(list(arrays.values()), schema=SCHEMA)


def _column(rows: pa.Table, column: Column) -> pa.ChunkedArray:
    if column.name == PARTITION:
        return pc.cast(_column(rows, COLUMNS[NAMES.index("timestamp")]), pa.date32(), safe=False)
    if column.name not in rows.column_names:
        if column.required:
            raise SchemaError(f"the column {column.name} is required")
        return pa.chunked_array([pa.nulls(rows.num_rows, column.type)])
    try:
        values = rows.column(column.name).cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SchemaError(f"the column {column.name} does not fit {column.type}: {error}") from error
    if column.required and values.null_count:
        raise SchemaError(f"the column {column.name} is required and {values.null_count} rows have none")
    return values
