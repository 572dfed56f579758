"""Text and JSON for a terminal, without the characters that could steer it or reorder what people read."""

from __future__ import annotations

import json
import re
from typing import Final

import orjson

__all__ = ["harmless", "json_line", "printable"]

# C0, DEL and C1, the marks and embeddings of bidirectional text, line separators; in text also lone surrogates,
# which cannot be written at all. Joiners stay: names and emoji need them.
_STEERING: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_STEERING_UTF8: Final = re.compile(rb"\x7f|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8e\x8f\xa8-\xae]|\xe2\x81[\xa6-\xa9]")
"""The same in JSON, where C0 and surrogates are escaped already: what is left of C0 is its line breaks."""


def printable(text: str) -> str:
    r"""Return a text on one line, with control characters as escapes such as `\x1b`."""
    return _STEERING.sub(lambda match: ascii(match[0])[1:-1], " ".join(text.split()))


def harmless(data: bytes) -> bytes:
    r"""Return the same JSON with control characters as escapes such as `\u009b`; they occur in strings only."""
    return _STEERING_UTF8.sub(lambda match: b"\\u%04x" % ord(match[0].decode()), data)


def json_line(value: object, *, indent: bool = False) -> bytes:
    """Return a value as JSON and a line break."""
    try:
        data = orjson.dumps(value, option=orjson.OPT_INDENT_2 if indent else 0)
    except TypeError:  # a lone surrogate, which UTF-8 does not have
        data = json.dumps(value, indent=2 if indent else None).encode()
    return harmless(data) + b"\n"
