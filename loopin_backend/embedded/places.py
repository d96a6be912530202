"""Where the embedded servers keep their data and sockets, computed without touching the disk.

A Unix socket's path has a hard limit of 107 bytes, so a deep data directory gets its sockets in a
private directory under /tmp whose name follows from the data directory.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

# sun_path holds 108 bytes with its closing zero (man 7 unix); PostgreSQL adds "/.s.PGSQL.5432".
MAX_SOCKET_DIR_BYTES = 80
# Fixed, not $TMPDIR: two processes with different TMPDIR must compute the same address.
SHORT_ROOT = Path("/tmp")  # noqa: S108 - the directory in it is made 0700 and its owner is checked
DATABASE_NAME = "loopin"
DATABASE_USER = "loopin"


@dataclass(frozen=True)
class Places:
    """Every path of one deployment's embedded servers; build with `under`."""

    data_dir: Path
    socket_dir: Path

    @classmethod
    def under(cls, data_dir: Path) -> Places:
        """The places for an absolute data directory.

        Example:
            >>> Places.under(Path("/srv/loopin")).postgres_url
            'postgresql://loopin@/loopin?host=%2Fsrv%2Floopin%2Frun'
        """
        inside = data_dir / "run"
        if len(os.fsencode(inside)) <= MAX_SOCKET_DIR_BYTES:
            return cls(data_dir, inside)
        digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
        return cls(data_dir, SHORT_ROOT / f"loopin-{os.geteuid()}-{digest}")

    @property
    def pgdata(self) -> Path:
        """PostgreSQL's data directory."""
        return self.data_dir / "postgres" / "data"

    @property
    def postgres_log(self) -> Path:
        """What PostgreSQL writes about itself; never statements or parameters."""
        return self.data_dir / "postgres" / "server.log"

    @property
    def postgres_socket(self) -> Path:
        """The socket that PostgreSQL listens on."""
        return self.socket_dir / ".s.PGSQL.5432"

    @property
    def valkey_dir(self) -> Path:
        """Valkey's working directory: its configuration, log and process id."""
        return self.data_dir / "valkey"

    @property
    def valkey_socket(self) -> Path:
        """The socket that Valkey listens on."""
        return self.socket_dir / "valkey.sock"

    @property
    def postgres_url(self) -> str:
        """The `DATABASE_URL` of the embedded PostgreSQL."""
        return f"postgresql://{DATABASE_USER}@/{DATABASE_NAME}?host={quote(str(self.socket_dir), safe='')}"

    @property
    def valkey_url(self) -> str:
        """The `REDIS_URL` of the embedded Valkey."""
        return f"unix://{quote(str(self.valkey_socket))}?db=0"
