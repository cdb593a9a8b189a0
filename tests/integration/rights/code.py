"""The statements that stand in the services' code, each with the role that runs it."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

from deploy.prepare import LOGIN_ROLES

ROOT = Path(__file__).resolve().parents[3]
COMMON = ROOT / "services" / "common"

PLUMBING: dict[str, tuple[str | dict[str, dict[str, str]], str]] = {
    "epoch.py": ("", r"epoch\.version_floor"),
    "one_zone.py": ("", r"one_zone\.(check\(|REMEMBERED)"),
    "order_table.py": (
        {
            "contracts": {"table": "contracts.signing", "order_id": "signing_id", "bearer": "session_sha256"},
            "permissions": {"table": "permissions.bankid_order", "order_id": "order_id", "bearer": "browser_sha256"},
        },
        r"OrderTable\(",
    ),
    "outbox.py": ("outbox", r"outbox\."),
    "positions.py": ("stored_position", r"consume\.Loop\(|Positions\("),
    "schedule.py": ("job_run", r"schedule\.run\("),
}
"""Which table of a service's own the statements of services/common are about, and how its code puts them to use.

Where services differ in more than the schema: what stands in each one's for a name.
"""
WITHOUT_TABLES = {"bulk.py", "migrate.py", "postgres.py"}
"""bulk.py wraps what it is given, migrate.py runs as the administrator, and postgres.py asks for no table."""

AS_ADMINISTRATOR = "restored.py"
"""What is done once the database was put back, as the administrator, who may do everything."""

_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|COPY|MERGE|TRUNCATE|LOCK)\s")
_PARAMETER = re.compile(r"%(\(\w+\))?s")
_PLACE_OF_TABLE = re.compile(r"\{\w*\}")
_SCHEMA = re.compile(r"\b([a-z]+?)(?:_v1)?\.[a-z_]+")


def statements() -> Iterator[tuple[str, str]]:
    """Give each login role with each statement that it runs."""
    for role in LOGIN_ROLES:
        for path in _modules(ROOT / "services" / role):
            yield from ((role, text) for text in _texts(path))
        yield from ((role, text) for text in _plumbing(role))
    for path in _modules(ROOT / "services" / "cli"):
        yield from ((_whose(text), text) for text in _texts(path))


def _modules(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if path.name not in ("__main__.py", AS_ADMINISTRATOR))


def _texts(path: Path) -> set[str]:
    """Give the statements of a module: those that it holds when imported, and those written inside its functions."""
    tree = ast.parse(path.read_text())
    pieces = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
    written = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in pieces}
    module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    texts = (text for text in written | _held_by(module) if isinstance(text, str) and _STATEMENT.match(text))
    return {_PARAMETER.sub("$1", text) for text in texts}


def _held_by(module: object) -> set[object]:
    return {value for value in vars(module).values() if isinstance(value, str)}


def _plumbing(role: str) -> Iterator[str]:
    """Give what services/common does for a service, by the classes of it that the service's code puts to use."""
    code = "".join(path.read_text() for path in _modules(ROOT / "services" / role))
    for path in _modules(COMMON):
        texts = _texts(path) if path.name not in WITHOUT_TABLES else set()
        if not texts:
            continue
        named, use = PLUMBING[path.name]
        if re.search(use, code):
            yield from (_with_names(text, role, named) for text in texts)


def _with_names(text: str, role: str, named: str | dict[str, dict[str, str]]) -> str:
    if isinstance(named, str):
        return _PLACE_OF_TABLE.sub(f"{role}.{named}", text)
    return text.format(**named[role])


def _whose(text: str) -> str:
    """Name the role that the command reads as: of whichever service what it reads is."""
    [role] = {schema for schema in _SCHEMA.findall(text) if schema in LOGIN_ROLES}
    return role
