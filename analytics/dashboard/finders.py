"""The scripts and fonts of others that our pages use, for projects that do not install those apps.

    STATICFILES_FINDERS = [
        "django.contrib.staticfiles.finders.FileSystemFinder",
        "django.contrib.staticfiles.finders.AppDirectoriesFinder",
        "analytics.dashboard.finders.LibraryFilesFinder",
    ]

With `unfold` and `drf_spectacular_sidecar` in INSTALLED_APPS nobody needs this; `unfold` then dresses the admin, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

#: Packages whose `static` folder has one folder of their own name.
LIBRARIES = ("unfold", "drf_spectacular_sidecar")


class LibraryFilesFinder(BaseFinder):
    """Finds the static files of `LIBRARIES`."""

    def __init__(self, *args: Any, **given: Any) -> None:
        folders = {name: folder for name in LIBRARIES if (folder := _folder_of(name)) is not None}
        self._storages = {name: _storage(name, folder) for name, folder in folders.items()}

    def find(self, path: str, find_all: bool = False, **given: Any) -> Any:
        """The file's path, all of them in a list for `find_all`; an empty list for none."""
        name, _, inside = path.partition("/")
        storage = self._storages.get(name)
        if storage is None or not storage.exists(inside):
            return []
        return [storage.path(inside)] if find_all else storage.path(inside)

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """Every file with its storage, for `collectstatic`."""
        from django.contrib.staticfiles import utils

        for storage in self._storages.values():
            for path in utils.get_files(storage, list(ignore_patterns or ())):
                yield path, storage


def _folder_of(package: str) -> Path | None:
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    folder = Path(places[0]) / "static" / package if places else None
    return folder if folder is not None and folder.is_dir() else None


def _storage(name: str, folder: Path) -> FileSystemStorage:
    storage = FileSystemStorage(location=folder)
    storage.prefix = name  # type: ignore[attr-defined]  # as collectstatic asks for it
    return storage
