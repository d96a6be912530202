"""`python -m loopin_backend.health_check web|worker|beat|flower`: what a container asks itself; exit status 0 is well.

Loads no Django, since it runs every few seconds. The web server must answer that its database does; worker and beat
must have left a sign of life; flower must be there.
"""

from __future__ import annotations

import sys
import time
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from loopin_backend import alive, env

_TIMEOUT_S = 4
_FLOWER_PORT = 5555


def find_fault(role: str, port: int | None = None) -> str:
    """What is wrong with this container's process; "" when nothing is."""
    if role == "web":
        return _ask(f"http://127.0.0.1:{port or env.load().uvicorn_port}/readyz")
    if role == "flower":
        return _ask(f"http://127.0.0.1:{port or _FLOWER_PORT}/healthcheck")
    return _look_for_sign(role)


def _ask(url: str) -> str:
    """Under a name that the deployment answers to: Django refuses others."""
    names = [name.lstrip(".") for name in env.load().allowed_hosts]
    request = Request(url, headers={"Host": names[0] if names else "localhost"})  # noqa: S310 - our own address
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:  # noqa: S310
            return "" if answer.status == 200 else f"answers with status {answer.status}"
    except HTTPError as error:
        return f"answers with status {error.code}"
    except OSError as error:
        return f"does not answer: {error}"


def _look_for_sign(role: str) -> str:
    path = alive.find_sign(role)
    if path is None:
        return "leaves no signs of life; set LOOPIN_ALIVE_DIR"
    try:
        age_s = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return "has not begun yet"
    return "" if age_s <= alive.MAX_AGE_S else f"has shown nothing for {age_s:.0f} s"


def main(arguments: list[str]) -> int:
    """The exit status; what is wrong goes to standard error."""
    if len(arguments) != 1 or arguments[0] not in ("web", "worker", "beat", "flower"):
        sys.stderr.write("name one of: web, worker, beat, flower\n")
        return 2
    fault = find_fault(arguments[0])
    if fault:
        sys.stderr.write(f"{arguments[0]} {fault}\n")
    return 1 if fault else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
