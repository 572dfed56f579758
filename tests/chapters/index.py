"""The indexes of the chapters of both products, made from docstrings; `python -m tests.chapters.index` writes them."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from typing import TYPE_CHECKING, Final

from tests.chapters.reading import ROOT
from tests.meta.calls import SESSIONS, Method, methods, services
from tests.meta.table import operations

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def chapter_of(product: str) -> Path:
    """Return the chapter that holds the index of a product."""
    return ROOT / "bbasync" / product / "README.md"


def methods_of(product: str) -> str:
    """Return a table of methods for each service, in the order of the session's attributes."""
    requests: dict[str, list[str]] = {}
    for operation in operations():
        for name in operation.methods if operation.product == product else ():
            requests.setdefault(name, []).append(f"`{operation.method} {operation.template}`")
    needed = "scope" if product == "cloud" else "permission"
    parts: list[str] = []
    for service in services(product):
        rows = [_row(method, requests[method.id]) for method in methods() if _is_of(method, product, service)]
        table = [f"| method | operation | what it does | {needed} |", "|---|---|---|---|", *rows]
        parts.append("\n".join([f"### {service}", "", *table]))
    return "\n\n".join(parts)


def _is_of(method: Method, product: str, service: str) -> bool:
    return (method.product, method.service) == (product, service)


def _row(method: Method, requests: list[str]) -> str:
    paragraphs = [" ".join(text.split()) for text in (inspect.getdoc(method.function) or "").split("\n\n")]
    needs = re.sub(r"^(Scope|Permission): ", "", paragraphs[-1]).removesuffix(".")
    return f"| `{method.name}` | {', '.join(requests)} | {_cell(paragraphs[0])} | {_cell(needs)} |"


def models_of(product: str) -> str:
    """Return each model with its fields, and each enum with its known values, in alphabetical order."""
    folder = ROOT / "bbasync" / product / "models"
    classes = [one for path in sorted(folder.rglob("*.py")) for one in _classes(path)]
    return "\n\n".join(_class(one) for one in sorted(classes, key=lambda one: one.name))


def _classes(path: Path) -> Iterator[ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))


def _class(node: ast.ClassDef) -> str:
    bases = [base for base in (ast.unparse(base) for base in node.bases) if base not in {"Model", "OpenEnum"}]
    title = f"### {node.name}" + (f" ({', '.join(bases)})" if bases else "")
    lines = [title, "", _cell(ast.get_docstring(node) or "")]
    fields = list(_fields(node))
    values = [f"`{ast.literal_eval(item.value)}`" for item in node.body if isinstance(item, ast.Assign)]
    if fields:
        lines += ["", "| field | type | meaning |", "|---|---|---|", *fields]
    elif values:
        lines += ["", f"Known values: {', '.join(values)}."]
    return "\n".join(lines)


def _fields(node: ast.ClassDef) -> Iterator[str]:
    for item, after in zip(node.body, [*node.body[1:], None], strict=True):
        if not isinstance(item, ast.AnnAssign) or "ClassVar" in ast.unparse(item.annotation):
            continue
        is_documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        meaning = str(ast.literal_eval(after.value)) if is_documented and isinstance(after, ast.Expr) else ""
        yield f"| `{ast.unparse(item.target)}` | `{_cell(ast.unparse(item.annotation))}` | {_cell(meaning)} |"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


REGIONS: Final = {"index": methods_of, "models": models_of}
"""What makes each generated part of a chapter, by the name in its markers."""


def with_indexes(product: str, text: str) -> str:
    """Return a chapter with its generated parts made again."""
    for name, make in REGIONS.items():
        head, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, tail = rest.partition(f"<!-- /{name} -->\n")
        text = f"{head}{begin}\n{make(product)}\n\n{end}{tail}"
    return text


def main() -> None:
    """Write the indexes into the chapters."""
    for product in SESSIONS:
        chapter = chapter_of(product)
        chapter.write_text(with_indexes(product, chapter.read_text(encoding="utf-8")), encoding="utf-8")
        sys.stdout.write(f"{chapter.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
