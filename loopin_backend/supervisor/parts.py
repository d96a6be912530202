"""Which processes make up a running deployment, each as the command that an operator could type."""

from __future__ import annotations

import sys

from loopin_backend.queues import QUEUES
from loopin_backend.supervisor.children import Part


def build_web(socket_fds: list[int]) -> Part:
    """The ASGI server on sockets that stay open while it restarts, so that clients wait, not fail."""
    command = (sys.executable, "-m", "loopin_backend.supervisor.web", *map(str, socket_fds))
    return Part("web", command, pass_fds=tuple(socket_fds))


def build_worker() -> Part:
    """One Celery worker for every queue; of two processes, so that a long task keeps no event from being sealed."""
    return Part(
        "worker",
        (
            *_celery("worker", "--loglevel=WARNING", "--concurrency=2", f"--queues={','.join(QUEUES)}"),
            *("--without-gossip", "--without-mingle"),
        ),
    )


def build_beat() -> Part:
    """The schedule."""
    return Part("beat", (sys.executable, "-m", "loopin_backend.supervisor.beat"))


def build_demo() -> Part:
    """Demo data, once, in the background."""
    return Part("demo", (sys.executable, "manage.py", "demo"), is_service=False)


def _celery(*arguments: str) -> tuple[str, ...]:
    # Celery warns root on every start; whoever runs this as root has been told by the README.
    quiet = ("-W", "ignore:You're running the worker with superuser privileges")
    return (sys.executable, *quiet, "-m", "celery", "-A", "loopin_backend", "--quiet", *arguments)
