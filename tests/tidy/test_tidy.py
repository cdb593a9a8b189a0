"""What no linter checks: sizes, names, and words that do not belong into a product that speaks of itself alone."""

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("schemas", "services", "deploy", "tests", "docs", "requirements", ".ci")
MADE_AT_SET_UP = {"node_modules", "vendor", "__pycache__"}
WRITTEN_BY_HAND = {".py", ".sql", ".js", ".css", ".html"}

LONGEST_FILE_LINES = 400
LONGEST_FUNCTION_LINES = 60
NAMES_THAT_SAY_NOTHING = re.compile(r"^(util|helper|base|manager|misc)s?$")
# Written so that this file does not hold what it looks for.
REGISTRY_HOSTS = re.compile(r"(pypi|pythonhosted|npmjs|yarnpkg)\.(org|com)|repo1?\.maven\.", re.IGNORECASE)
MACHINE_PATHS = re.compile(r"(?<![\w.}*])/(work|tmp|root|home|Users)/")
UNFINISHED = re.compile(r"T[O]DO|F[I]XME|X[X]X|NotImplemented(?=Error)")
SKIP_WITHOUT_REASON = re.compile(r"pytest\.skip\(\)|@pytest\.mark\.skip\b(?!if)(?!\()")


def files(*suffixes: str) -> Iterator[Path]:
    for path in ROOT.iterdir():
        if path.is_file() and (not suffixes or path.suffix in suffixes) and not path.name.startswith(".git"):
            yield path
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            in_ours = not MADE_AT_SET_UP & set(path.relative_to(ROOT).parts)
            if path.is_file() and in_ours and (not suffixes or path.suffix in suffixes):
                yield path


def texts() -> Iterator[tuple[Path, int, str]]:
    """Give every line of every text that people or machines read, with its place."""
    for path in files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # A picture, or a sample of a foreign encoding.
        for number, line in enumerate(lines, start=1):
            yield path.relative_to(ROOT), number, line


def places_of(pattern: re.Pattern[str]) -> list[str]:
    return [f"{path}:{number}: {line.strip()[:100]}" for path, number, line in texts() if pattern.search(line)]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_files_are_short_enough_to_read() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in files(*WRITTEN_BY_HAND)}
    assert [f"{path}: {lines}" for path, lines in lengths.items() if lines >= LONGEST_FILE_LINES] == []


def test_functions_are_short_enough_to_read() -> None:
    too_long = [
        f"{path}:{function.lineno} {function.name}"
        for path in files(".py")
        for function in functions(ast.parse(path.read_text()))
        if (function.end_lineno or 0) - function.lineno + 1 >= LONGEST_FUNCTION_LINES
    ]
    assert too_long == []


def test_names_say_what_is_inside() -> None:
    parts = {part for path in files() for part in (*path.relative_to(ROOT).parts[:-1], path.stem)}
    assert [part for part in sorted(parts) if NAMES_THAT_SAY_NOTHING.match(part)] == []


def test_nothing_names_a_package_registry() -> None:
    assert places_of(REGISTRY_HOSTS) == []


def test_lock_files_hold_hashes_and_no_addresses() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        assert not re.search(r"--(index-url|extra-index-url|find-links|trusted-host)", text)
        for requirement in re.findall(r"^[\w.\[\]-]+==.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL):
            assert "--hash=sha256:" in requirement
    packages = json.loads((ROOT / "deploy/frontend/package-lock.json").read_text())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


def test_nothing_names_a_path_of_one_machine() -> None:
    assert places_of(MACHINE_PATHS) == []


def test_nothing_is_left_for_later() -> None:
    assert places_of(UNFINISHED) == []


def test_a_skipped_test_says_why() -> None:
    assert places_of(SKIP_WITHOUT_REASON) == []


def test_every_service_keeps_within_the_import_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    independent = next(contract for contract in contracts if contract["type"] == "independence")
    services = {f"services.{path.parent.name}" for path in (ROOT / "services").glob("*/main.py")}
    assert services - {"services.cli"} <= set(independent["modules"])
