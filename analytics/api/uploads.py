"""Bodies that may carry a file: parsed by Django's own multipart parser on both servers, straight to the disk.

The file goes to a folder of its own below the import folder, so that nothing of it is ever in memory and the worker
that imports it finds it there.
"""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path, PurePath
from typing import IO, Any, Protocol

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from analytics import conf
from analytics.api.operation import Posted, Upload
from analytics.api.shapes import Shape
from analytics.errors import BadInput, BodyTooLarge, MalformedBody

#: A disk is not for one file: what is left of it stays free for the database and the lake.
_FREE_BYTES = 1024**3

_NAME_CHARACTERS = 150


class Stream(Protocol):
    """A body that is read piece by piece."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes; none at the end."""


def import_folder() -> Path:
    """Where files to import lie."""
    return Path(conf.get().import_dir or Path(settings.BASE_DIR) / ".loopin" / "imports")


def read_posted(shape: type[Shape], content_type: str, content_length: str, stream: Stream) -> Posted:
    """The fields, and the file, of a body. JSON in fields of a form is read as JSON.

    **Errors**: `BadInput`, `MalformedBody`, `BodyTooLarge`; pydantic's `ValidationError` for fields that do not fit.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return Posted(shape.model_validate(_json(stream)), None)
    if kind != "multipart/form-data":
        raise BadInput("send application/json or multipart/form-data", code="unsupported_media_type")
    _check_room(int(content_length) if content_length.isdigit() else 0)
    handler = _IntoFolder()
    try:
        fields = _parse(content_type, content_length, stream, handler)
        return Posted(shape.model_validate(fields), handler.upload)
    except BaseException:
        handler.discard()
        raise


def discard(upload: Upload) -> None:
    """Forget a file that nobody will import."""
    shutil.rmtree(upload.path.parent, ignore_errors=True)


def _json(stream: Stream) -> Any:
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    parts, size = [], 0
    while chunk := stream.read(64 * 1024):
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge("the body is too large; send a file as multipart/form-data")
        parts.append(chunk)
    try:
        return json.loads(b"".join(parts))
    except ValueError as error:
        raise MalformedBody("the body is no JSON") from error


def _check_room(size_bytes: int) -> None:
    folder = import_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free - size_bytes < _FREE_BYTES:
        raise BodyTooLarge("there is no room for this file on the server's disk", code="no_room")


def _parse(content_type: str, content_length: str, stream: Stream, handler: _IntoFolder) -> dict[str, Any]:
    # Without a length (a chunked body) the parser reads to the end; it only takes 0 for "there is nothing".
    meta = {"CONTENT_TYPE": content_type, "CONTENT_LENGTH": content_length or "1"}
    try:
        fields, _ = MultiPartParser(meta, stream, [handler], "utf-8").parse()  # type: ignore[arg-type]
    except RequestDataTooBig as error:
        raise BodyTooLarge("the fields of the form are too large; only the file may be") from error
    except (MultiPartParserError, SuspiciousOperation) as error:
        raise MalformedBody(f"the form cannot be read: {error}") from error
    return {name: _plain(value) for name, value in fields.dict().items() if value != ""}


def _plain(value: Any) -> Any:
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


class _IntoFolder(FileUploadHandler):
    """Writes the file of the field `file` below the import folder, chunk by chunk."""

    def __init__(self) -> None:
        super().__init__()
        self.upload: Upload | None = None
        self._file: IO[bytes] | None = None
        self._unchecked_bytes = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Open it. Errors: `BadInput` for a second one, or one in another field."""
        super().new_file(*args, **kwargs)
        if self.field_name != "file" or self.upload is not None:
            raise BadInput("send one file, in the field 'file'")
        name = PurePath(self.file_name or "file").name
        folder = import_folder() / "uploads" / uuid.uuid4().hex
        folder.mkdir(parents=True)
        self.upload = Upload(folder / name[-_NAME_CHARACTERS:].lstrip("."), name)
        self._file = self.upload.path.open("wb")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write it. Errors: `BodyTooLarge` when the disk is nearly full."""
        assert self._file is not None
        self._unchecked_bytes += len(raw_data)
        if self._unchecked_bytes > _FREE_BYTES // 16:
            _check_room(self._unchecked_bytes)
            self._unchecked_bytes = 0
        self._file.write(raw_data)

    def file_complete(self, file_size: int) -> UploadedFile[bytes]:
        """Close it."""
        assert self._file is not None
        self._file.close()
        return UploadedFile(self._file, self.file_name, size=file_size)

    def discard(self) -> None:
        """Take back what was written."""
        if self._file is not None:
            self._file.close()
        if self.upload is not None:
            discard(self.upload)
