"""A file's bytes as they were before a program packed them, or wrote two bytes for each letter."""

import codecs
import zlib

from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.workbook import HARMLESS_BYTES, MOST_UNPACKED_TIMES

MOST_PLAIN_BYTES = 400_000_000
GZIP = b"\x1f\x8b"
_WITH_HEADER = 31
"""How zlib is told that gzip's own header and check sum stand around what it unpacks."""


def plain(data: bytes) -> bytes:
    """Unpack gzip, and give UTF-16 as UTF-8. Raises UnreadableFileError where it is damaged or grows too large."""
    if data.startswith(GZIP):
        data = _unpacked(data)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _utf_8(data)
    return data


def _unpacked(data: bytes) -> bytes:
    most = min(MOST_PLAIN_BYTES, max(HARMLESS_BYTES, MOST_UNPACKED_TIMES * len(data)))
    pieces: list[bytes] = []
    rest = data
    # Files that were put one behind the other are unpacked as one.
    while rest.startswith(GZIP):
        one = zlib.decompressobj(_WITH_HEADER)
        try:
            pieces.append(one.decompress(rest, most + 1))
        except zlib.error as error:
            raise UnreadableFileError("the file is packed with gzip, and damaged; fetch it anew") from error
        if len(pieces[-1]) > most:
            raise UnreadableFileError(f"the file would take over {most:,} bytes once it is unpacked; divide it")
        if not one.eof:
            raise UnreadableFileError("the file is packed with gzip, and cut; fetch it anew")
        most -= len(pieces[-1])
        rest = one.unused_data
    return b"".join(pieces)


def _utf_8(data: bytes) -> bytes:
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise UnreadableFileError("the file is UTF-16, and damaged; save it as CSV in UTF-8") from error
    # Its own mark counts before the encoding that the profile says.
    return codecs.BOM_UTF8 + text.encode("utf-8")
