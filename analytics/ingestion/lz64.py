"""Decoder for `compression=lz64`: LZ-string's base64 variant, as old posthog-js versions send it.

Own code, because the packages for it are unmaintained and none caps its output. Source of the format: the
LZ-string description (pieroxy.net/blog/pages/lz-string), LZW over 16-bit units with 6 bits a letter.
"""

from __future__ import annotations

from analytics.errors import BodyTooLarge, MalformedBody

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_NEW_8_BIT, _NEW_16_BIT, _END = 0, 1, 2


class _Bits:
    """Reads numbers, least significant bit first, from letters of six bits each."""

    def __init__(self, text: str) -> None:
        self._values = [_VALUES[letter] for letter in text if letter != "="]
        self._position = 0

    def read(self, width: int) -> int:
        number = 0
        for power in range(width):
            index, bit = divmod(self._position, 6)
            if index >= len(self._values):
                raise MalformedBody("the lz64 body ends too early")
            number |= ((self._values[index] >> (5 - bit)) & 1) << power
            self._position += 1
        return number


def decompress_lz64(body: bytes, max_bytes: int) -> bytes:
    """The decompressed text as UTF-8.

    Errors: `MalformedBody` for letters or codes that cannot be, `BodyTooLarge` past `max_bytes`.

    Example:
        >>> decompress_lz64(b"N4IgpgbgdiBcIGcwFQQBoDqYBOwCuIAvkA==", 100)[:1]
        b'{'
    """
    try:
        bits = _Bits(body.decode("ascii").strip().replace(" ", "+"))
    except (KeyError, UnicodeDecodeError) as error:
        raise MalformedBody("the lz64 body has letters outside base64") from error
    try:
        return _decode(bits, max_bytes).encode("utf-16", "surrogatepass").decode("utf-16").encode()
    except UnicodeDecodeError as error:
        raise MalformedBody("the lz64 body is not valid text") from error


def _decode(bits: _Bits, max_bytes: int) -> str:
    words: dict[int, str] = {}
    next_code, width, room = 3, 2, 4
    out: list[str] = []
    length = 0
    previous = ""
    while True:
        code = bits.read(width)
        if code == _END:
            return "".join(out)
        if code in (_NEW_8_BIT, _NEW_16_BIT):
            words[next_code] = chr(bits.read(8 if code == _NEW_8_BIT else 16))
            code = next_code
            next_code += 1
            room -= 1
            if room == 0 and previous:
                width, room = width + 1, 1 << width
        if not previous:
            previous = words[code]
            out.append(previous)
            width, room = 3, 4
            continue
        entry = words.get(code)
        if entry is None:
            if code != next_code:
                raise MalformedBody("the lz64 body holds an impossible code")
            entry = previous + previous[0]
        out.append(entry)
        length += len(entry)
        if length > max_bytes:
            raise BodyTooLarge(f"the body decompresses to more than {max_bytes} bytes")
        words[next_code] = previous + entry[0]
        next_code += 1
        room -= 1
        previous = entry
        if room == 0:
            width, room = width + 1, 1 << width
