"""Names under which processes keep their counters, so that one scrape can add them all up.

The library's own name is the process number. That is not enough here: containers that share a folder all have a
process 1, and a pool replaces its children every thousand tasks, so that files would pile up for ever.
"""

from __future__ import annotations

import os
import socket
from functools import lru_cache

from celery.utils.log import current_process_index  # type: ignore[attr-defined]  # its stubs lack it
from prometheus_client import values


def process_name() -> str:
    """Unique among processes that run at the same time; a child that takes another's place in a pool takes its name."""
    return _name_of(os.getpid())


@lru_cache(maxsize=1)
def _name_of(pid: int) -> str:
    """Asked at every count, worked out once; underscores part the names of the files, and so become hyphens."""
    host = socket.gethostname().replace("_", "-")
    place = current_process_index()
    return f"{host}-{pid}" if place is None else f"{host}-{os.getppid()}-{place}"


def use_process_names() -> None:
    """Before the first series is declared. Changes nothing where each process counts for itself.

    The environment is looked at again: Celery's commands load the library, for flower, before anybody can say where
    its files go, and then each worker would count for itself.
    """
    if getattr(values.get_value_class(), "_multiprocess", False):  # type: ignore[no-untyped-call]  # has no types
        values.ValueClass = values.MultiProcessValue(process_name)  # type: ignore[no-untyped-call]
