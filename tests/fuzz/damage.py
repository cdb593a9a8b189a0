"""Damage to what is good: bytes that mean something, pieces cut out and strung out, and other words in a text."""

import json
import re
from collections.abc import Sequence

from hypothesis import strategies as st

MOST_EDITS, MOST_WORDS = 8, 4
WORD = re.compile(rb'"[^"]*"|[^\s",;:={}\[\]]+')

TELLING = [bytes([byte]) for byte in bytes.fromhex("000F1F2F7F0D8D7CFCFDFBFF80848C3B3C6D6C78796EC3E4F5")]
"""Bytes that mean something where a record begins, or at the length of a text."""
SIGNS = [*map(str.encode, "\"',;:{}[]-+=.#%\\\0\ufeff\t\n\r\u202e"), b"\xed\xa0\x80"]
LONG = [b"[" * 3_000, b'{"a":' * 3_000, b"9" * 19, b"9" * 5_000, b'"' * 99]
WORDS = """
    NaN -Infinity inf 1e400 1E+999999999 -0 -1 0 0x10 1_000 1.000 1,5 ١٢ 24:00 02:30 30.02 =1+1 ../x %Y [[values]]
    true null 1e308 1.5 9223372036854775808 -9223372036854775809 99999999999999 1704067200 [] {} [[1]] {"a":1} ""
    "NaN" "+" "0" "68" "FQQG" "wireless" "%d/%m" "UTC" "Europe/Stockholm" "energy_wh" "1E+999999999" "\\u0000" "\\ud800"
    {serial} {clock} {count} {quantity} {value} "{metering_point} {time}" 02A UTC+1 Europe/
    "2026-01-05T07:00:00" "2026-01-05T24:00:00Z" "2026-02-30T00:00:00Z" "0001-01-01T00:00:00+01:00"
    "9999-12-31T23:59:59-01:00" 2024-10-27 03/04/2024
"""
TELLING_TEXTS = [*SIGNS, *LONG, *WORDS.encode().split()]


def damaged(good: Sequence[bytes], *, of_text: bool) -> st.SearchStrategy[bytes]:
    """Give good ones with pieces cut out and others put in, and now and then bytes that nothing good is in."""
    told = st.sampled_from(TELLING + TELLING_TEXTS if of_text else TELLING)
    strung = st.builds(lambda text, times: text[:40] * times, told, st.integers(2, 200))
    longest = max(len(one) for one in good)
    edit = st.tuples(st.integers(0, longest), st.integers(0, 300), st.one_of(st.binary(max_size=12), told, strung))
    by_bytes = st.builds(edited, st.sampled_from(good), st.lists(edit, max_size=MOST_EDITS))
    if not of_text:
        return st.one_of(by_bytes, by_bytes, by_bytes, st.binary(max_size=400))
    text = st.one_of(st.sampled_from(WORDS.encode().split()), st.text(max_size=12).map(json.dumps).map(str.encode))
    word = st.tuples(st.integers(0, 200), st.one_of(text, text, text, told))
    by_words = st.builds(reworded, st.sampled_from(good), st.lists(word, min_size=1, max_size=MOST_WORDS))
    return st.one_of(by_words, by_words, by_words, by_words, by_bytes, st.binary(max_size=400))


def edited(data: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Replace, for each edit, so many bytes from a place on."""
    for at, length, piece in edits:
        data = data[:at] + piece + data[at + length :]
    return data


def reworded(data: bytes, words: Sequence[tuple[int, bytes]]) -> bytes:
    """Replace words, so that what is between them stays a document: a value, a name, or what stands in quotes."""
    for number, text in words:
        spans = [found.span() for found in WORD.finditer(data)]
        if not spans:
            return text
        begin, end = spans[number % len(spans)]
        data = data[:begin] + text + data[end:]
    return data
