"""Every error that the lake raises on purpose.

    LakeError
    ├── SchemaError           rows that do not fit the lake's columns
    ├── TableError            a folder that is not a lake, or a lake that cannot be read
    ├── StaleWatermarkError   somebody else sealed meanwhile: nothing was written
    ├── ClusterMismatchError  the watermark counts transactions of another database cluster
    ├── QuestionError         a question that cannot be asked (bad range, property, formula, pattern)
    ├── QueryTimeoutError     the time limit passed
    ├── QueryCancelledError   the caller gave up
    └── QueryFailedError      the engine could not answer (memory limit, missing file, ...)

A surface turns these into statuses; nothing here knows HTTP.
"""

from __future__ import annotations


class LakeError(Exception):
    """Root of the tree: catch it to catch everything below."""


class SchemaError(LakeError):
    """Rows do not fit the lake's columns; nothing was written."""


class TableError(LakeError):
    """The place holds no lake of ours, or one that cannot be read."""


class StaleWatermarkError(LakeError):
    """The lake's watermark is not the one the rows were taken from; nothing was written.

    `found` is the watermark that the lake has now. Take the rows above it and seal again.
    """

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"rows start at watermark {expected}, but the lake stands at {found}")
        self.expected = expected
        self.found = found


class ClusterMismatchError(LakeError):
    """The lake's watermark belongs to another database cluster, so the two cannot be compared.

    This is what a dump restored into a new cluster looks like: transaction ids have started again.
    """

    def __init__(self, expected: int, found: int) -> None:
        super().__init__(f"the database is cluster {expected}, but the lake was sealed from {found}")
        self.expected = expected
        self.found = found


class QuestionError(LakeError):
    """The question cannot be asked as it stands; the message is safe to show to who asked."""


class QueryTimeoutError(LakeError):
    """The query was stopped at its time limit."""


class QueryCancelledError(LakeError):
    """The query was stopped by its caller."""


class QueryFailedError(LakeError):
    """The engine could not answer. The message may hold paths: log it, do not show it."""
