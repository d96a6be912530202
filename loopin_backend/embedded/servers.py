"""Start, share and stop the two servers of one data directory."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable

from loopin_backend.data_dir import make_data_dir
from loopin_backend.embedded import postgres, valkey
from loopin_backend.embedded.account import Account, find_account
from loopin_backend.embedded.errors import EmbeddedServerError
from loopin_backend.embedded.locks import SharedUse, alone
from loopin_backend.embedded.places import Places


class Servers:
    """The embedded servers of one deployment, as one process sees them."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._use = SharedUse(places.data_dir / "users.lock")

    def ensure_postgres(self) -> None:
        """Return once PostgreSQL accepts connections, starting it if need be."""
        self._ensure(postgres.is_ready, postgres.start)

    def ensure_valkey(self) -> None:
        """Return once Valkey answers, starting it if need be."""
        self._ensure(valkey.is_ready, valkey.start)

    def _ensure(self, is_ready: Callable[[Places], bool], start: Callable[[Places, Account], None]) -> None:
        self._hold()
        if is_ready(self.places):
            return
        with alone(self.places.data_dir / "start.lock"):
            if not is_ready(self.places):
                account = find_account()
                account.own(self.places.socket_dir)
                start(self.places, account)

    def release(self) -> bool:
        """Stop using the servers; True when nobody else did and they have been stopped.

        Errors: `EmbeddedServerError` when a server does not stop.
        """
        atexit.unregister(self.release)
        with self._use.letting_go() as is_last:
            if is_last:
                valkey.stop(self.places)
                postgres.stop(self.places)
        return is_last

    def _hold(self) -> None:
        if self._use.is_held:
            return
        try:
            make_data_dir(self.places.data_dir)
            self._use.hold()
        except PermissionError as error:
            raise EmbeddedServerError(
                f"{self.places.data_dir} cannot be written by uid {os.geteuid()}: run as its owner, "
                "or set LOOPIN_DATA_DIR to a directory of your own"
            ) from error
        atexit.register(self.release)
