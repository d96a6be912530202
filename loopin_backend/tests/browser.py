"""A shop's page on an origin of its own, and the Chromium that visits it."""

from __future__ import annotations

import functools
import http.server
import shutil
import tempfile
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from loopin_backend import chromium
from loopin_backend.tests.sdk_case import lack

PAGES = Path(__file__).parent / "shop"


def need_chromium() -> str:
    """The path of Chromium; skips loudly where there is none."""
    return chromium.find_chromium() or lack(f"chromium not found: {chromium.HINT}")


def launch(executable: str) -> tuple[Playwright, Browser]:
    """A running Chromium and its driver; end it with `quit_browser`."""
    driver = sync_playwright().start()
    try:
        return driver, driver.chromium.launch(executable_path=executable, args=list(chromium.FLAGS))
    except BaseException:
        driver.stop()
        raise


def quit_browser(driver: Playwright, browser: Browser) -> None:
    """End the browser and its driver."""
    browser.close()
    driver.stop()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Shop:
    """The page's own web server; `files` are copied beside the page under the names given."""

    def __init__(self, files: dict[str, Path]) -> None:
        self._home = tempfile.mkdtemp(prefix="loopin-shop-")
        shutil.copytree(PAGES, self._home, dirs_exist_ok=True)
        for name, source in files.items():
            shutil.copy(source, Path(self._home) / name)
        handler = functools.partial(_QuietHandler, directory=self._home)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop serving and remove the files."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        shutil.rmtree(self._home)


class Visit:
    """One visitor with an empty profile on the shop's page, and all that the page asked for and complained of."""

    def __init__(self, browser: Browser, shop: Shop) -> None:
        self.context: BrowserContext = browser.new_context()
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        self.sent: list[tuple[str, str, dict[str, str]]] = []
        self.page.on("console", lambda message: self._hear(message.type, message.text))
        self.page.on("pageerror", lambda error: self._hear("error", str(error)))
        self.context.on("request", lambda request: self._see(request.method, request.url, request.headers))
        self.page.goto(f"{shop.origin}/index.html")
        self.page.wait_for_function("window.isReady")

    def call(self, function: str, *arguments: Any) -> Any:
        """The result of one of the page's functions, such as `shop.capture`."""
        return self.page.evaluate(f"(given) => {function}(...given)", list(arguments))

    def settle(self) -> None:
        """Hear what the browser has told its driver until now; it is listened to only while a call runs."""
        if not self.page.is_closed():
            self.page.evaluate("0")

    def leave(self) -> None:
        """Close the page as a person does, with its unload handlers."""
        self.page.close(run_before_unload=True)
        self.context.close()

    def _hear(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def _see(self, method: str, url: str, headers: dict[str, str]) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss"):
            self.hosts.add(parts.netloc)
            self.sent.append((method, parts.path, headers))
