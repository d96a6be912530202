"""Request bodies: every wrapping that clients use comes out as it went in, and no layer outgrows its cap."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any
from unittest import TestCase
from unittest.mock import patch
from urllib.parse import quote

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import BodyTooLarge, MalformedBody, UnsupportedMedia
from analytics.ingestion import body as bodies
from analytics.ingestion import lz64
from analytics.ingestion.body import parse
from analytics.ingestion.lz64 import decompress_lz64

CAP = 100_000
EVENT = {"event": "clicked", "distinct_id": "u1"}

_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text(max_size=30)
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_bodies = st.dictionaries(st.text(max_size=8), _values, max_size=5) | st.lists(_values, max_size=5)
# Made with lz-string 1.5.0, `compressToBase64`.
_LZ_STRING = [
    ("", "Q==="),
    ("a", "IZA="),
    ("{}", "N4XyA==="),
    (
        '{"event":"clicked","distinct_id":"u1"}',
        "N4IgpgbmB2AuIC4QGMA2BLZBrMATEANCLugM6zrTKwD66+SArgIwgC+QA===",
    ),
    ("a" * 40, "IY18ZVkA"),
    ("ab" * 30, "IYI17SOrZ+6IkA=="),
    ("Grüße aus 日本 😀", "OIJwPw+wpgBAhgVwM40KemgacxoXg3AAe0A="),
    ("\x00\xff\u0100\uffff", "AAf8AICP//Q="),
]


def read(body: bytes, *, encoding: str = "", compression: str = "", cap: int = CAP) -> Any:
    headers = {"content-encoding": encoding} if encoding else {}
    query = {"compression": compression} if compression else {}
    return parse(body, headers, query, cap).data


def pack(data: bytes, codec: str) -> bytes:
    """The data as Arrow's codec of this name compresses it."""
    return bytes(pa.Codec(codec).compress(data, asbytes=True))


class RoundTripTest(TestCase):
    """Whatever JSON goes in, in whatever wrapping, comes out the same."""

    @given(_bodies)
    def test_gzip_by_header_and_by_first_bytes(self, data: Any) -> None:
        packed = gzip.compress(json.dumps(data).encode())
        self.assertEqual(read(packed, encoding="gzip"), data)
        self.assertEqual(read(packed), data)
        self.assertEqual(read(packed, compression="gzip-js"), data)

    @given(_bodies)
    def test_deflate_with_and_without_its_header(self, data: Any) -> None:
        text = json.dumps(data).encode()
        self.assertEqual(read(zlib.compress(text), encoding="deflate"), data)
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self.assertEqual(read(packer.compress(text) + packer.flush(), encoding="deflate"), data)

    @given(_bodies)
    def test_brotli_and_zstd(self, data: Any) -> None:
        for encoding, name in (("br", "brotli"), ("zstd", "zstd")):
            self.assertEqual(read(pack(json.dumps(data).encode(), name), encoding=encoding), data)

    @given(_bodies)
    def test_base64_with_and_without_its_padding(self, data: Any) -> None:
        packed = base64.b64encode(json.dumps(data).encode())
        self.assertEqual(read(packed, compression="base64"), data)
        self.assertEqual(read(packed.rstrip(b"=")), data)

    @given(_bodies)
    def test_a_form_field_whose_plus_signs_became_spaces_or_not(self, data: Any) -> None:
        packed = base64.b64encode(json.dumps(data).encode()).decode()
        for field in (quote(packed, safe=""), packed, packed.replace("+", " ")):
            self.assertEqual(read(f"data={field}&compression=base64".encode()), data)

    @given(_bodies)
    def test_plain_json_in_a_form_field(self, data: Any) -> None:
        text = json.dumps(data, separators=(",", ":"))
        self.assertEqual(read(f"ver=1&data={quote(text, safe='')}".encode()), data)

    @given(_bodies)
    def test_gzip_in_base64_in_a_form_in_gzip(self, data: Any) -> None:
        inner = base64.b64encode(gzip.compress(json.dumps(data).encode())).decode()
        self.assertEqual(read(gzip.compress(f"data={quote(inner, safe='')}".encode())), data)

    def test_lz_string(self) -> None:
        for text, packed in _LZ_STRING:
            self.assertEqual(decompress_lz64(packed.encode(), CAP).decode(), text)
        self.assertEqual(read(_LZ_STRING[3][1].encode(), compression="lz64"), EVENT)
        self.assertEqual(read(f"data={quote(_LZ_STRING[3][1])}".encode(), compression="lz64"), EVENT)

    def test_what_python_and_browsers_write_beyond_json(self) -> None:
        self.assertEqual(read(b'\xef\xbb\xbf{"a":1}'), {"a": 1})
        self.assertEqual(read(b'{"a":Infinity}'), {"a": float("inf")})
        self.assertEqual(read(rb'{"a":"\ud800"}'), {"a": "\ud800"})


class CapTest(TestCase):
    """No layer may outgrow the cap, and a little more than the cap is already too much."""

    def assert_too_large(self, body: bytes, **how: Any) -> None:
        with self.assertRaises(BodyTooLarge):
            read(body, **how)

    def test_exactly_the_cap_is_still_read(self) -> None:
        text = b'"' + b"x" * 8 + b'"'
        inside = b"[" + text + b"]"
        self.assertEqual(read(gzip.compress(inside), cap=len(inside)), ["x" * 8])
        self.assert_too_large(gzip.compress(inside), cap=len(inside) - 1)
        self.assertEqual(read(inside, cap=len(inside)), ["x" * 8])
        self.assert_too_large(inside, cap=len(inside) - 1)

    def test_a_bomb_is_given_up_at_the_cap(self) -> None:
        bomb = gzip.compress(b"0" * 50_000_000)
        self.assertLess(len(bomb), CAP)
        made = bodies.zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(bomb, CAP + 1)
        self.assertEqual(len(made), CAP + 1)
        self.assert_too_large(bomb)
        self.assert_too_large(bomb, encoding="gzip")

    def test_brotli_and_zstd_are_given_up_at_the_cap_and_not_before(self) -> None:
        inside = b'["' + b"x" * 600_000 + b'"]'  # more than one piece
        for encoding, name in (("br", "brotli"), ("zstd", "zstd")):
            packed = pack(inside, name)
            self.assertEqual(read(packed, encoding=encoding, cap=len(inside)), json.loads(inside))
            self.assert_too_large(packed, encoding=encoding, cap=len(inside) - 1)
            self.assert_too_large(pack(b"0" * 50_000_000, name), encoding=encoding)

    def test_a_bomb_inside_base64_inside_a_form_inside_gzip_is_given_up_too(self) -> None:
        bomb = base64.b64encode(gzip.compress(b"0" * 50_000_000))
        self.assert_too_large(bomb)
        self.assert_too_large(b"data=" + quote(bomb).encode())
        self.assert_too_large(gzip.compress(b"data=" + quote(bomb).encode()))

    def test_an_lz_string_bomb_is_given_up(self) -> None:
        self.assert_too_large(_LZ_STRING[4][1].encode(), compression="lz64", cap=39)
        # 15 letters of which one takes four bytes: the cap counts bytes.
        self.assert_too_large(_LZ_STRING[6][1].encode(), compression="lz64", cap=20)

    def test_a_long_lz_string_body_is_not_even_tried(self) -> None:
        with patch.object(lz64, "MAX_COMPRESSED_BYTES", 7), self.assertRaises(BodyTooLarge):
            decompress_lz64(b"N4XyA===", CAP)

    def test_more_wrappings_than_clients_use_are_refused(self) -> None:
        body = json.dumps(EVENT).encode()
        for _ in range(bodies.MAX_LAYERS):
            body = base64.b64encode(body)
        with self.assertRaises(MalformedBody):
            read(body)


class BrokenTest(TestCase):
    """What cannot be read is refused in words; nothing else ever escapes."""

    def assert_malformed(self, body: bytes, words: str, **how: Any) -> None:
        with self.assertRaises(MalformedBody) as caught:
            read(body, **how)
        self.assertIn(words, caught.exception.detail)

    def test_a_cut_stream(self) -> None:
        packed = gzip.compress(json.dumps([EVENT] * 50).encode())
        for end in (4, len(packed) // 2, len(packed) - 1):
            self.assert_malformed(packed[:end], "too early")

    def test_a_damaged_stream(self) -> None:
        packed = bytearray(gzip.compress(json.dumps(EVENT).encode()))
        packed[-5] ^= 0xFF  # the checksum
        self.assert_malformed(bytes(packed), "broken")

    def test_a_second_stream_after_the_first(self) -> None:
        packed = gzip.compress(b"[1]")
        self.assert_malformed(packed + gzip.compress(b"[2]"), "one stream")
        self.assertEqual(read(packed + b"\0\0"), [1])

    def test_brotli_and_zstd_that_are_cut_damaged_or_followed_by_more(self) -> None:
        for encoding, name in (("br", "brotli"), ("zstd", "zstd")):
            packed = pack(json.dumps([EVENT] * 50).encode(), name)
            for body in (packed[:-1], packed[: len(packed) // 2], packed + b"more", b"no such stream"):
                self.assert_malformed(body, "broken", encoding=encoding)

    def test_an_encoding_that_is_not_read_is_told_which_are(self) -> None:
        for encoding in ("lz4", "gzip, br", "compress"):
            with self.assertRaises(UnsupportedMedia) as caught:
                read(b"whatever", encoding=encoding)
            self.assertIn("gzip, deflate, br, zstd", caught.exception.detail)

    def test_no_json_at_all(self) -> None:
        for body in (b"", b"hello", b"{", b"data=", b"data=hello", b"\xff\xfe", b'"text"', b"[" * 100_000):
            self.assert_malformed(body, "not JSON")

    @given(st.binary(max_size=200), st.sampled_from(["", *bodies.ENCODINGS]), st.sampled_from(["", "lz64"]))
    def test_any_bytes_are_read_or_refused(self, body: bytes, encoding: str, compression: str) -> None:
        try:
            read(body, encoding=encoding, compression=compression)
        except (MalformedBody, BodyTooLarge):
            return

    @given(st.binary(max_size=60))
    def test_any_lz_string_letters_are_read_or_refused(self, packed: bytes) -> None:
        try:
            decompress_lz64(base64.b64encode(packed), 1000)
        except (MalformedBody, BodyTooLarge):
            return
