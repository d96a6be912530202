"""`python -m loopin_backend.screenshots`: the pictures of the README and the guides, made anew.

By default a deployment of its own is made in a temporary directory, with demo data, and thrown away afterwards; with
`--here` the pictures show the deployment of the present environment. Needs Chromium and the development packages.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import uvicorn

from loopin_backend import chromium, embedded, env

FOLDER = env.PROJECT_ROOT / "docs" / "images"
#: A README with pictures should still open quickly.
MAX_BYTES = 300_000
#: Without a password, for nobody logs in.
ADMIN = ("--username", "admin", "--email", "admin@example.org")
#: An afternoon of a working day, always the same: a picture changes only when the product does.
PICTURED_AT = "2026-11-18T16:00:00+00:00"
DEMO = ("--users", "3000", "--days", "90", "--seed", "7", "--now", PICTURED_AT)


@dataclass(frozen=True)
class Picture:
    """One picture: a page, on a screen of a width, in a colour scheme."""

    name: str
    path: str
    scheme: Literal["light", "dark"]
    width_px: int


_TREND = "days=30&series.1.event=meetup_viewed&series.2.event=meetup_requested&compare=previous_period"
_FUNNEL = (
    "days=30&steps.1.event=$pageview&steps.2.event=meetup_viewed&steps.3.event=meetup_requested"
    "&steps.4.event=payment_succeeded&window_seconds=604800&breakdown.property=device_type&breakdown.scope=column"
)

PICTURES = (
    Picture("overview", "/dashboard/overview/?days=30", "light", 1280),
    Picture("overview-dark", "/dashboard/overview/?days=30", "dark", 1280),
    Picture("overview-phone", "/dashboard/overview/?days=7", "light", 390),
    Picture("trends", f"/dashboard/trends/?{_TREND}", "light", 1280),
    Picture("trends-phone", f"/dashboard/trends/?{_TREND}", "dark", 390),
    Picture("funnel-dark", f"/dashboard/funnel/?{_FUNNEL}", "dark", 1280),
    Picture("retention", "/dashboard/retention/?days=90&interval=week&periods=8", "light", 1280),
    Picture("paths", "/dashboard/paths/?days=30&limit=20", "light", 1280),
)


def main(arguments: list[str]) -> None:
    """Make all pictures.

    **Errors**: `SystemExit` with the reason: no Chromium, no administrator, a picture that grew too large.
    """
    parser = argparse.ArgumentParser(prog="python -m loopin_backend.screenshots", description=__doc__)
    parser.add_argument("--here", action="store_true", help="of the present deployment, as it is")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument(
        "--at", type=datetime.fromisoformat, help="with --here: the time that the pages take it to be"
    )
    given = parser.parse_args(arguments)
    if given.here:
        take_here(given.folder.resolve(), given.at)
    else:
        take_of_demo(given.folder.resolve())


def take_of_demo(folder: Path) -> None:
    """Pictures of a deployment made for them."""
    with tempfile.TemporaryDirectory(prefix="loopin-pictures-") as home:
        # Empty addresses mean the embedded servers: a real deployment's are never touched.
        environment = env.child_environment(
            LOOPIN_DATA_DIR=home, LOOPIN_ENV="development", DATABASE_URL="", REDIS_URL="",
        )  # fmt: skip
        for command in (
            ("manage.py", "migrate", "-v0"),
            ("manage.py", "createsuperuser", "--noinput", *ADMIN),
            ("manage.py", "demo", *DEMO),
            ("manage.py", "seal"),
            ("-m", "loopin_backend.screenshots", "--here", "--folder", str(folder), "--at", PICTURED_AT),
        ):
            subprocess.run([sys.executable, *command], cwd=env.PROJECT_ROOT, env=environment, check=True)


def take_here(folder: Path, at: datetime | None = None) -> None:
    """Pictures of the deployment of this environment, seen by its first administrator."""
    executable = chromium.find_chromium()
    if executable is None:
        raise SystemExit(f"Chromium is not there: {chromium.HINT}")
    env.use_settings()
    embedded.ensure()
    from analytics import clock
    from loopin_backend.asgi import application

    folder.mkdir(parents=True, exist_ok=True)
    with _session() as cookie, clock.frozen(at or clock.now()), _served(application) as address:
        for picture in PICTURES:
            _take(picture, address, cookie, executable, folder)


@contextmanager
def _session() -> Iterator[tuple[str, str]]:
    """The cookie (name and value) of a session of the first administrator, ended at the end; no password is needed."""
    from django.conf import settings
    from django.contrib.auth import (
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
        get_user_model,
        load_backend,
    )
    from django.contrib.sessions.backends.db import SessionStore

    admin = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if admin is None:
        raise SystemExit("there is no administrator: make one with manage.py createsuperuser")
    session = SessionStore()
    session[SESSION_KEY] = str(admin.pk)
    # Not every backend knows users: one that only locks logins does not.
    backends = settings.AUTHENTICATION_BACKENDS
    session[BACKEND_SESSION_KEY] = next(path for path in backends if hasattr(load_backend(path), "get_user"))
    session[HASH_SESSION_KEY] = admin.get_session_auth_hash()
    session.create()
    assert session.session_key is not None
    try:
        yield settings.SESSION_COOKIE_NAME, session.session_key
    finally:
        session.delete()


@contextmanager
def _served(application: Any) -> Iterator[str]:
    """The address of the application, served by this process on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", access_log=False))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _take(picture: Picture, address: str, cookie: tuple[str, str], executable: str, folder: Path) -> None:
    from playwright.sync_api import sync_playwright

    target = folder / f"{picture.name}.png"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
        context = browser.new_context(
            viewport={"width": picture.width_px, "height": 900},
            color_scheme=picture.scheme,
        )
        name, value = cookie
        context.add_cookies([{"name": name, "value": value, "url": address}])
        page = context.new_page()
        page.goto(f"{address}{picture.path}")
        page.locator("#data[aria-busy=false]").wait_for()
        page.evaluate("document.fonts.ready")
        # A window as high as the page, so that what sticks to the window's edges stands where it belongs.
        height_px = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": picture.width_px, "height": height_px})
        page.screenshot(path=target)
        browser.close()
    size_bytes = target.stat().st_size
    if size_bytes > MAX_BYTES:
        raise SystemExit(f"{target.name} has {size_bytes} bytes, more than {MAX_BYTES}")
    sys.stdout.write(f"{target.name}: {size_bytes // 1024} KB\n")


if __name__ == "__main__":
    main(sys.argv[1:])
