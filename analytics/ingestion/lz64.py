"""Decoder for `compression=lz64`: LZ-string's base64 variant, as old posthog-js versions send it.

Own code, because the packages for it are unmaintained and none caps its output. Source of the format: the
LZ-string description (pieroxy.net/blog/pages/lz-string), LZW over 16-bit units with 6 bits a letter.
"""

from __future__ import annotations

import base64
import binascii

from analytics.errors import BodyTooLarge, MalformedBody

# Those old SDKs sent a few kilobytes at once. Python decodes some 2 MB/s here, so a body at this limit costs half
# a second of one core.
MAX_COMPRESSED_BYTES = 1024 * 1024
_LETTER_BITS = {0: 8, 1: 16}  # codes that announce a new letter, and its width
_END = 2


class _Bits:
    """Reads numbers, least significant bit first, from the stream of bits that base64 carries."""

    def __init__(self, text: str) -> None:
        letters = text.rstrip("=")
        # The padding is not what base64 asks for ("Q==="), so it is made anew, of zero bits.
        packed = base64.b64decode(letters + "A" * (-len(letters) % 4), validate=True)
        self._bits = f"{int.from_bytes(packed, 'big'):0{8 * len(packed)}b}" if packed else ""
        self._position = 0

    def read(self, width: int) -> int:
        end = self._position + width
        if end > len(self._bits):
            raise MalformedBody("the lz64 body ends too early")
        number = int(self._bits[self._position : end][::-1], 2)
        self._position = end
        return number


def decompress_lz64(body: bytes, max_bytes: int) -> bytes:
    """The decompressed text as UTF-8; an empty body gives an empty text.

    Errors: `MalformedBody` for letters or codes that cannot be, `BodyTooLarge` past `max_bytes` or for a body over
    `MAX_COMPRESSED_BYTES`.

    Example:
        >>> decompress_lz64(b"N4XyA===", 100)
        b'{}'
    """
    if len(body) > MAX_COMPRESSED_BYTES:
        raise BodyTooLarge(
            f"an lz64 body may have {MAX_COMPRESSED_BYTES} bytes; send less at once, or use gzip"
        )
    try:
        bits = _Bits(body.decode("ascii").strip().replace(" ", "+"))
    except (binascii.Error, UnicodeDecodeError) as error:
        raise MalformedBody("the lz64 body has letters outside base64") from error
    try:
        text = _decode(bits, max_bytes).encode("utf-16", "surrogatepass").decode("utf-16").encode()
    except UnicodeDecodeError as error:
        raise MalformedBody("the lz64 body is not valid text") from error
    if len(text) > max_bytes:
        raise _too_large(max_bytes)
    return text


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body decompresses to more than {max_bytes} bytes; send less at once")


def _decode(bits: _Bits, max_bytes: int) -> str:
    code = bits.read(2)
    if code == _END:
        return ""
    if code not in _LETTER_BITS:
        raise MalformedBody("the lz64 body begins with an impossible code")
    previous = chr(bits.read(_LETTER_BITS[code]))
    words, next_code, width, room = {3: previous}, 4, 3, 4
    out = [previous]
    length = 1
    while (code := bits.read(width)) != _END:
        if code in _LETTER_BITS:
            words[next_code] = chr(bits.read(_LETTER_BITS[code]))
            code = next_code
            next_code += 1
            room -= 1
            if room == 0:
                width, room = width + 1, 1 << width
        entry = words.get(code)
        if entry is None:
            if code != next_code:
                raise MalformedBody("the lz64 body holds an impossible code")
            entry = previous + previous[0]
        out.append(entry)
        length += len(entry)
        if length > max_bytes:
            raise _too_large(max_bytes)
        words[next_code] = previous + entry[0]
        next_code += 1
        room -= 1
        previous = entry
        if room == 0:
            width, room = width + 1, 1 << width
    return "".join(out)
