"""Where a lake can live: a folder, or an S3-compatible store. Turns an address into an Arrow file system.

The options are those that deltalake takes (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, ...), so that one
setting serves the log and the data files. Arrow's own S3 client writes and reads the data files: it is
native code, which deltalake's Python file handler is not.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pyarrow.fs as pafs

from eventlake.errors import TableError


def local_path(uri: str) -> Path | None:
    """The folder that an address means, or None when it lies in an object store."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if "://" in uri else Path(uri).absolute()


def open_filesystem(uri: str, storage_options: dict[str, str] | None) -> pafs.SubTreeFileSystem:
    """A file system whose root is the table. Errors: TableError for an address of an unknown kind."""
    folder = local_path(uri)
    if folder is not None:
        return pafs.SubTreeFileSystem(str(folder), pafs.LocalFileSystem())
    parts = urlsplit(uri)
    if parts.scheme not in ("s3", "s3a"):
        raise TableError(f"a lake lives in a folder or at s3://, not at {parts.scheme}://")
    return pafs.SubTreeFileSystem(f"{parts.netloc}{parts.path}".rstrip("/"), _s3(storage_options or {}))


def make_folder(filesystem: pafs.SubTreeFileSystem, folder: str) -> None:
    """Make a folder where folders exist; in an object store it would only be an empty object."""
    if isinstance(filesystem.base_fs, pafs.LocalFileSystem):
        filesystem.create_dir(folder, recursive=True)


def _s3(storage_options: dict[str, str]) -> pafs.FileSystem:
    options = {key.lower().removeprefix("aws_"): value for key, value in storage_options.items()}
    endpoint = urlsplit(options.get("endpoint_url") or options.get("endpoint") or "")
    return pafs.S3FileSystem(
        access_key=options.get("access_key_id"),
        secret_key=options.get("secret_access_key"),
        session_token=options.get("session_token"),
        region=options.get("region") or options.get("default_region"),
        scheme=endpoint.scheme or "https",
        endpoint_override=endpoint.netloc or None,
        force_virtual_addressing=options.get("virtual_hosted_style_request", "false").lower() == "true",
    )
