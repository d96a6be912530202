"""The machine's own Chromium, for pictures and browser tests; nothing is downloaded."""

from __future__ import annotations

import shutil

HINT = "install it, for instance with apt-get install chromium"
# Nothing but what the page itself asks for may leave the browser.
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip


def find_chromium() -> str | None:
    """The path of Chromium; None where there is none."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
