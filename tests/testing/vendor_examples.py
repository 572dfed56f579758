"""The requests that the vendor's descriptions show: curl commands, bodies and URLs in running text."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

import attrs
import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ARGUMENT = re.compile(r"\{(\w+)\}")
URL = re.compile(r"(?:https://api\.bitbucket\.org)?(/2\.0/[^\s`\"'<>)\]{}]*[^\s`\"'<>)\]{}.,])")
FENCED = re.compile(r"```\n(\{\n.*?\n\})\n```", re.DOTALL)
HERE_DOCUMENT = re.compile(r"<< EOF\n(.*?)\nEOF", re.DOTALL)


@attrs.frozen
class Example:
    """A request of the vendor's, with the operation that it is for and the arguments of its path."""

    operation: str
    arguments: dict[str, str]
    query: str = ""
    body: str | None = None
    form: tuple[tuple[str, str], ...] = ()
    multipart: bool = False


class Matcher:
    """Finds the operation of a path among those that a fake simulates."""

    def __init__(self, operations: Iterable[str]) -> None:
        ordered = sorted(operations, key=lambda one: (one.count("{"), one.endswith("}")))
        self._patterns = [(one, _pattern(one.partition(" ")[2])) for one in ordered]

    def match(self, method: str, path: str) -> tuple[str, dict[str, str]] | None:
        for operation, pattern in self._patterns:
            found = pattern.fullmatch(path.rstrip("/"))
            if operation.startswith(f"{method} ") and found:
                return operation, found.groupdict()
        return None


def _pattern(template: str) -> re.Pattern[str]:
    greedy = re.sub(r"\{(path|name)\}$", r"(?P<\1>.+)", template)
    return re.compile(ARGUMENT.sub(r"(?P<\1>[^/]+)", greedy))


def examples(description: Any, operations: Iterable[str], root: str) -> Iterator[Example]:
    """Yield the examples of simulated operations; `root` is what stands before their paths."""
    matcher = Matcher(operations)
    for path, methods in description["paths"].items():
        for method in ("get", "post", "put", "delete"):
            text = str(methods.get(method, {}).get("description", ""))
            yield from _of_commands(text, matcher, root)
            own = matcher.match(method.upper(), path)
            if own and method in ("post", "put"):
                yield from (Example(own[0], own[1], body=body) for body in FENCED.findall(text))
    for document in description["x-atlassian-narrative"]["documents"]:
        for url in sorted(set(URL.findall(ARGUMENT.sub("x", document.get("body", ""))))):
            path, _, query = url.partition("?")
            found = matcher.match("GET", path.removeprefix(root))
            if found:
                yield Example(*found, query)


def _of_commands(text: str, matcher: Matcher, root: str) -> Iterator[Example]:
    for start in re.finditer(r"\bcurl (?=-|'?http)", text):
        words = _words(text[start.end() :])
        example = _parse(words, HERE_DOCUMENT.findall(text[: start.start()]), matcher, root)
        if example:
            yield example


def _words(text: str) -> list[str]:
    """Split a command as a shell does; an indented option or URL goes on with it, backslash or not."""
    lines, command = text.partition("```")[0].split("\n"), ""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        command += line.removesuffix("\\") + ("" if line.endswith("\\") else "\n")
        if line.endswith("\\"):
            continue
        try:
            words = shlex.split(command)
        except ValueError:  # a quotation that is open
            continue
        if not re.match(r"\s+(-|https)", following):
            return words
    return []


def _parse(words: list[str], documents: list[str], matcher: Matcher, root: str) -> Example | None:
    method, url, data, fields, get, multipart = "", "", None, list[tuple[str, str]](), False, False
    rest = iter(words[: words.index("|")] if "|" in words else words)
    for word in rest:
        if word in ("-X", "--request"):
            method = next(rest, "")
        elif word in ("-d", "--data", "--data-raw"):
            data = next(rest, "")
        elif word in ("-F", "--data-urlencode"):
            name, _, value = next(rest, "").partition("=")
            fields.append((name, value))
            multipart = word == "-F"
        elif word in ("-H", "--header", "-u"):
            next(rest, "")
        elif word == "-G":
            get = True
        elif word.startswith(("http", "?")):  # one URL is in two parts
            url += re.sub(r"^https?://[^/]+", "", word)
    if data == "$body":
        data = documents[-1]
    method = method or ("GET" if get or not (fields or data) else "POST")
    path, _, query = url.partition("?")
    found = matcher.match(method, path.removeprefix(root))
    if found is None:
        return None
    query = "&".join([query] * bool(query) + [f"{name}={value}" for name, value in fields] * get)
    return Example(*found, query, data, () if get else tuple(fields), multipart)


def is_json(text: str) -> bool:
    """Tell whether a text is valid JSON; three of the vendor's bodies are not."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
