"""From the bytes of a request to a JSON value, with a cap on what comes out of every layer.

Order of attempts, as clients really send: gzip by its first bytes whatever the headers say,
`Content-Encoding`, the query parameter `compression`, a form field `data`, and base64 once more.
Source: PostHog capture service and SDKs, Segment HTTP API; RFC 9110, 8.4.1 for the content codings.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import orjson

from analytics.errors import BodyTooLarge, MalformedBody, UnsupportedMedia
from analytics.ingestion.lz64 import decompress_lz64

GZIP_MAGIC = b"\x1f\x8b\x08"
ENCODINGS = ("gzip", "deflate", "br", "zstd")
_CODECS = {"br": "brotli", "zstd": "zstd"}  # as Arrow calls them, which decodes them on every Python
_PIECE_BYTES = 256 * 1024  # how much is decoded before the cap is looked at again
_RAW_DEFLATE = -zlib.MAX_WBITS
MAX_LAYERS = 3  # base64 around gzip inside a gzip request body is the most that clients do


class Parsed:
    """A JSON value, and whether every text in it is known to be storable as it stands."""

    __slots__ = ("data", "is_clean", "raw")

    def __init__(self, data: Any, raw: bytes, *, is_clean: bool) -> None:
        self.data = data
        self.raw = raw
        self.is_clean = is_clean


def inflate(data: bytes, max_bytes: int, *, wbits: int = zlib.MAX_WBITS | 32) -> bytes:
    """The decompressed bytes (gzip or zlib by header), never more than `max_bytes`.

    Errors: `BodyTooLarge` as soon as the cap is passed; `MalformedBody` for a broken or cut stream.

    Example:
        >>> import gzip
        >>> inflate(gzip.compress(b"{}"), 10)
        b'{}'
    """
    inflater = zlib.decompressobj(wbits)
    try:
        out = inflater.decompress(data, max_bytes + 1)
    except zlib.error as error:
        raise MalformedBody(f"the compressed body is broken: {error}") from error
    if len(out) > max_bytes:
        raise _outgrown(max_bytes)
    if not inflater.eof:
        raise MalformedBody("the compressed body ends too early; send the whole stream")
    if inflater.unused_data.strip(b"\0"):
        raise MalformedBody("more bytes follow the compressed body; send one stream")
    return out


def decode(data: bytes, codec: str, max_bytes: int) -> bytes:
    """The decompressed bytes of a brotli or zstd stream, never more than `max_bytes`.

    Errors: `BodyTooLarge` as soon as the cap is passed; `MalformedBody` for a broken or cut stream.
    """
    import pyarrow as pa  # a tenth of a second, which only those pay who meet such a body

    pieces, size = [], 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(data), codec) as stream:
            while piece := stream.read(_PIECE_BYTES):
                size += len(piece)
                if size > max_bytes:
                    raise _outgrown(max_bytes)
                pieces.append(piece)
    except OSError as error:
        raise MalformedBody(f"the compressed body is broken: {error}") from error
    return b"".join(pieces)


def _outgrown(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body decompresses to more than {max_bytes} bytes; send less at once")


def _is_zlib(data: bytes) -> bool:
    """Whether the two bytes of a zlib header stand first (RFC 1950, 2.2); some clients leave them out."""
    return len(data) > 1 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0


def decompress(body: bytes, *, encoding: str, compression: str, max_bytes: int) -> bytes:
    """The plain bytes of a body, by magic bytes, `Content-Encoding` and `compression`.

    Errors: `BodyTooLarge`, `MalformedBody`, `UnsupportedMedia`.
    """
    if body.startswith(GZIP_MAGIC) or encoding in ("gzip", "x-gzip"):
        return inflate(body, max_bytes)
    if encoding == "deflate":
        return inflate(body, max_bytes) if _is_zlib(body) else inflate(body, max_bytes, wbits=_RAW_DEFLATE)
    if encoding in _CODECS:
        return decode(body, _CODECS[encoding], max_bytes)
    if encoding not in ("", "identity"):
        raise UnsupportedMedia(
            f"Content-Encoding {encoding!r} is not read; use one of {', '.join(ENCODINGS)}, or none",
            code="unsupported_encoding",
        )
    if compression in ("lz64", "lz"):
        return decompress_lz64(_form_data(body) or body, max_bytes)
    if len(body) > max_bytes:
        raise BodyTooLarge(f"the body is over {max_bytes} bytes; send less at once")
    return body


def parse(body: bytes, headers: Mapping[str, str], query: Mapping[str, str], max_bytes: int) -> Parsed:
    """The JSON value of a request body.

    Errors: `MalformedBody` naming what is wrong, `BodyTooLarge`, `UnsupportedMedia`.
    """
    compression = query.get("compression", "")
    plain = decompress(
        body,
        encoding=headers.get("content-encoding", "").strip().lower(),
        compression=compression,
        max_bytes=max_bytes,
    )
    for _ in range(MAX_LAYERS):
        parsed = _json(plain)
        if parsed is not None and not isinstance(parsed.data, str):
            return parsed
        unwrapped = _unwrap(plain, max_bytes)
        if unwrapped is None:
            break
        plain = unwrapped
    raise MalformedBody(
        "the body is not JSON (plain, gzip, base64 or form field `data`); send a JSON object or array"
    )


def _json(plain: bytes) -> Parsed | None:
    """The parsed value, or None where this is not JSON at all."""
    plain = plain.removeprefix(b"\xef\xbb\xbf")
    try:
        data = orjson.loads(plain)
        return Parsed(data, plain, is_clean=b"\\u0000" not in plain)
    except orjson.JSONDecodeError:
        pass
    # NaN, Infinity and lone surrogates: Python's parser takes them, a later step mends them.
    try:
        data = json.loads(plain.decode("utf-8", "surrogatepass"))
        return Parsed(data, plain, is_clean=False)
    except (ValueError, RecursionError):
        return None


def _unwrap(plain: bytes, max_bytes: int) -> bytes | None:
    """One layer less: a form field, base64, or gzip inside; None where there is no layer."""
    field = _form_data(plain)
    candidate = field if field is not None else plain
    decoded = _base64(candidate)
    if decoded is None:
        return field
    if decoded.startswith(GZIP_MAGIC):
        return inflate(decoded, max_bytes)
    return decoded


def _form_data(plain: bytes) -> bytes | None:
    """The field `data` of a form-encoded body."""
    if not (plain.startswith(b"data=") or b"&data=" in plain[:4096]):
        return None
    fields = parse_qs(plain.decode("utf-8", "replace"), max_num_fields=16)
    values = fields.get("data")
    return values[0].encode() if values else None


def _base64(text: bytes) -> bytes | None:
    """The decoded bytes, or None; a `+` that came through a form or query as a space is put back."""
    stripped = text.strip().replace(b" ", b"+")
    try:
        return base64.b64decode(stripped + b"=" * (-len(stripped) % 4), validate=True) or None
    except (binascii.Error, ValueError):
        return None
