"""`analytics` as a library: the wheel holds all that it needs, and a project of somebody else can use it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg import sql

from loopin_backend import embedded, env

SITE = Path(__file__).parent / "library_site"
PACKAGES = ("analytics", "eventlake")


@pytest.fixture(scope="module")
def wheel() -> Iterator[Path]:
    """The wheel, built from this tree without any network."""
    with tempfile.TemporaryDirectory() as folder:
        uv = Path(sys.executable).parent / "uv"
        command = [str(uv), "build", "--wheel", "--offline", "--out-dir", folder, str(env.PROJECT_ROOT)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        yield next(Path(folder).glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel is unpacked in, as an installer would."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.mark.slow
def test_the_wheel_holds_every_file_but_the_tests(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if not name.endswith("/") and ".dist-info/" not in name}
    here = {
        str(path.relative_to(env.PROJECT_ROOT))
        for package in PACKAGES
        for path in (env.PROJECT_ROOT / package).rglob("*")
        if path.is_file() and not {"__pycache__", "tests"} & set(path.relative_to(env.PROJECT_ROOT).parts)
    }
    assert inside == here
    assert {".sql", ".html", ".css", ".js", ".json", ".npz", ".toml", ".py"} <= {
        Path(name).suffix for name in inside
    }


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("vendor", ["sqlite", "postgresql"])
def test_a_project_of_somebody_else_can_use_it(vendor: str, installed: Path, tmp_path: Path) -> None:
    with _database(vendor, tmp_path) as database:
        (tmp_path / "databases.json").write_text(json.dumps({"default": database}))
        for name in ("site_settings", "site_urls", "use"):
            (tmp_path / f"{name}.py").write_text((SITE / f"{name}.py").read_text())
        check = _run(installed, tmp_path, "-m", "django", "check")
        assert "no issues" not in check.stdout + check.stderr
        assert {"analytics.W103", "analytics.W104"} == _ids(check.stdout + check.stderr), check.stderr
        _run(installed, tmp_path, "-m", "django", "migrate", "-v", "0")
        printed = _run(installed, tmp_path, "use.py").stdout
    told = dict(line.split(": ", 1) for line in printed.splitlines() if ": " in line)
    found = {name: json.loads(value) for name, value in told.items() if name in _EXPECTED or name == "pages"}
    pages = found.pop("pages")
    assert found == _EXPECTED, printed
    assert (pages["odd"], pages["lacking"]) == ([], [])
    assert pages["looked_at"] > 40
    assert "tasks done" in printed
    assert "failed" not in printed


_EXPECTED: dict[str, Any] = {
    "captured": ["$pageview", "$pageview", "login", "order_paid"],
    "sent": 200,
    "overview": 200,
    "counted": [True, 20.0],
    "persons": 200,
    "health": 200,
    "insights": 200,
    "refresh": 200,
    "loopin_backend": False,
}


def _ids(text: str) -> set[str]:
    return {word.strip("(:)") for word in text.split() if word.startswith("(analytics.")}


def _run(installed: Path, site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in the project's folder, with the wheel and without this repository."""
    environment = {
        "PYTHONPATH": f"{site}:{installed}",
        "DJANGO_SETTINGS_MODULE": "site_settings",
        "PATH": "/usr/bin:/bin",
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=site,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    return done


class _database:  # noqa: N801  (reads as the function that it is)
    """The `DATABASES` entry of a fresh database, gone afterwards."""

    def __init__(self, vendor: str, folder: Path) -> None:
        self._vendor, self._folder = vendor, folder
        self._name = f"library_{uuid.uuid4().hex[:12]}"

    def __enter__(self) -> dict[str, Any]:
        if self._vendor == "sqlite":
            options = {"transaction_mode": "IMMEDIATE", "timeout": 20}
            return {
                "ENGINE": "django.db.backends.sqlite3", "NAME": str(self._folder / "db.sqlite3"), "OPTIONS": options,
            }  # fmt: skip
        self._url = env.load().database_url.get_secret_value() or embedded.ensure_postgres()
        self._execute("CREATE DATABASE {}")
        parts = urlsplit(self._url)
        host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
        return {
            "ENGINE": "django.db.backends.postgresql", "NAME": self._name, "USER": parts.username or "",
            "PASSWORD": parts.password or "", "HOST": host, "PORT": str(parts.port or ""),
        }  # fmt: skip

    def __exit__(self, *_: object) -> None:
        if self._vendor != "sqlite":
            self._execute("DROP DATABASE {} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self._name)))
