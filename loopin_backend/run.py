"""`python -m loopin_backend.run`: the whole deployment in this terminal. `make run` calls it."""

from __future__ import annotations

import sys

from django.core.exceptions import ImproperlyConfigured

from loopin_backend import embedded
from loopin_backend.supervisor.leftovers import AlreadyRunning
from loopin_backend.supervisor.listening import PortInUse
from loopin_backend.supervisor.main import PreparationFailed, Supervisor
from loopin_backend.supervisor.output import say


def main(arguments: list[str]) -> int:
    """Run until told to stop; the exit status says whether it could start."""
    try:
        Supervisor(ends_with_parent="--end-with-parent" in arguments).run()
    except AlreadyRunning as error:
        say(f"This deployment already runs ({error}).")
        say("Stop it first, or set PORT and LOOPIN_DATA_DIR for another one.")
    except (PortInUse, PreparationFailed, ImproperlyConfigured, embedded.EmbeddedServerError) as error:
        say(f"Cannot start: {error}")
    except PermissionError as error:
        place = error.filename or "this port needs privileges; set PORT above 1023"
        say(f"Cannot start: {error.strerror}: {place}")
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
