"""Write `schemas/json/` and `schemas/asyncapi.json` from the event map, or check that they stand: `--check`.

What stands in `schemas/json/` is published. It is never edited by hand, and a change that breaks it is refused.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path

from schemas import asyncapi
from schemas.breakage import Document, breakages
from schemas.documents import documents

FOLDER = Path(__file__).parent
PROJECT = FOLDER.parent / "pyproject.toml"


def broken(folder: Path, today: dict[str, Document]) -> list[str]:
    """Say what of the published schemas in a folder is not kept today; empty where all is."""
    faults = []
    newest: dict[str, int] = {}
    for name, version in map(_split, published(folder)):
        newest[name] = max(newest.get(name, 0), version)
    for schema_id in sorted(today):
        name, version = _split(schema_id)
        highest = newest.pop(name, 0)
        if version not in (highest, highest + 1):
            faults.append(f"{schema_id}: version {highest} is the newest published; make it that, or {highest + 1}")
        elif version == highest:
            differences = breakages(_read(folder / f"{schema_id}.json"), today[schema_id])
            faults += [f"{schema_id}: {what}; undo it, or make it version {version + 1}" for what in differences]
    faults += [f"{name}: is published and no topic carries it; delete its folder with its topic" for name in newest]
    return faults


def stale(folder: Path, today: dict[str, Document]) -> list[str]:
    """Name the schemas whose file is missing or says something else than today's."""
    return [schema_id for schema_id, one in today.items() if not _stands(folder / f"{schema_id}.json", one)]


def write(folder: Path, today: dict[str, Document]) -> list[str]:
    """Write what is new or changed and give the schema ids. Raises ValueError where a published schema breaks."""
    faults = broken(folder, today)
    if faults:
        raise ValueError("\n".join(faults))
    changed = stale(folder, today)
    for schema_id in changed:
        _write(folder / f"{schema_id}.json", today[schema_id])
    return changed


def published(folder: Path) -> list[str]:
    """Give the ids of the schemas that a folder holds."""
    return sorted(f"{path.parent.name}/{path.stem}" for path in folder.glob("*/*.json"))


def main(arguments: list[str] | None = None) -> int:
    """Export or check; returns the process's exit code."""
    parser = argparse.ArgumentParser(prog="python -m schemas.export", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the files do not stand")
    is_check = parser.parse_args(arguments).check
    today, folder = documents(), FOLDER / "json"
    event_map = asyncapi.document(_project_version())
    faults = broken(folder, today)
    if is_check:
        old = [f"json/{schema_id}.json" for schema_id in stale(folder, today)]
        old += [] if _stands(FOLDER / "asyncapi.json", event_map) else ["asyncapi.json"]
        faults += [f"schemas/{name} is not what the code says; run: make schemas" for name in old]
    if faults:
        print(*faults, sep="\n", file=sys.stderr)
        return 1
    if not is_check:
        print(*(f"schemas/json/{schema_id}.json" for schema_id in write(folder, today)), sep="\n")
        _write(FOLDER / "asyncapi.json", event_map)
    return 0


def _split(schema_id: str) -> tuple[str, int]:
    name, _, version = schema_id.partition("/")
    return name, int(version)


def _project_version() -> str:
    return str(tomllib.loads(PROJECT.read_text())["project"]["version"])


def _text(made: Document) -> str:
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _stands(path: Path, made: Document) -> bool:
    return path.exists() and path.read_text(encoding="utf-8") == _text(made)


def _read(path: Path) -> Document:
    document: Document = json.loads(path.read_text(encoding="utf-8"))
    return document


def _write(path: Path, made: Document) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(made), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
