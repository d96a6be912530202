"""Memory of this process. Source: specification, Performance Monitoring, "Memory Usage"."""

from __future__ import annotations

import os

import psutil

_MEGABYTE = 1024 * 1024


def get_memory_usage() -> dict[str, float]:
    """Resident and virtual memory in megabytes, and the share of the machine's in percent.

    Example:
        >>> usage = get_memory_usage()
        >>> sorted(usage), usage["rss"] > 1
        (['percent', 'rss', 'vms'], True)
    """
    process = psutil.Process(os.getpid())
    memory = process.memory_info()
    return {
        "rss": memory.rss / _MEGABYTE,
        "vms": memory.vms / _MEGABYTE,
        "percent": float(process.memory_percent()),
    }
