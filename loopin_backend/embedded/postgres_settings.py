"""PostgreSQL's three configuration files, written afresh at every start so that upgrades reach them."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

# Durability is never traded: fsync, full_page_writes and synchronous_commit stay on, because a 200
# means "committed". The sizes suit a machine of two cores and a few GB.
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "128MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "wal_compression": "on",
    "checkpoint_completion_target": "0.9",
    "random_page_cost": "1.1",
    "effective_cache_size": "1GB",
    # One process fewer for each of these; on two cores they bring nothing.
    "io_method": "sync",
    "max_worker_processes": "4",
    "max_parallel_workers": "2",
    "max_parallel_workers_per_gather": "1",
    "autovacuum_max_workers": "2",
    "jit": "off",
    "track_io_timing": "off",
    # A statement that fails may hold personal data; the log says that it failed, never what it was.
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
    "default_text_search_config": "pg_catalog.simple",
}


def render_settings(socket_dir: Path) -> str:
    """The text of `postgresql.conf`.

    Example:
        >>> render_settings(Path("/srv/it's")).splitlines()[0]
        "unix_socket_directories = '/srv/it''s'"
    """
    settings = {"unix_socket_directories": str(socket_dir), **_SETTINGS}
    return "".join(f"{name} = {_quote(value)}\n" for name, value in settings.items())


def render_access_rules() -> str:
    """The text of `pg_hba.conf`: local sockets only, and only for accounts in the user map."""
    return "local all all peer map=loopin\nlocal replication all peer map=loopin\n"


def render_user_map(server_account: str) -> str:
    """The text of `pg_ident.conf`: who runs the server, who started it, and root, and nobody else.

    The kernel vouches for the account at the other end of a socket, so no password is needed.
    """
    names = dict.fromkeys(["root", pwd.getpwuid(os.geteuid()).pw_name, server_account])
    return "".join(f'loopin "{name}" all\n' for name in names)


def _quote(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"
