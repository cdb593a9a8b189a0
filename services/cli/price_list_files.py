"""Price lists in files: JSON or YAML, in short or as tariffs of the draft standard."""

import json
from pathlib import Path
from typing import Any

import yaml

NULL, MERGE = "tag:yaml.org,2002:null", "tag:yaml.org,2002:merge"


class UnreadableFileError(Exception):
    """A file that holds no JSON or YAML object; the text says why."""


def read(path: Path) -> dict[str, Any]:
    """Read a file. Numbers stay as they are written, so that no price becomes a float. Raises UnreadableFileError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = _json(text) if path.suffix == ".json" else yaml.load(text, _AsWritten)  # noqa: S506 -- a safe loader
    except OSError as error:
        raise UnreadableFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, yaml.YAMLError) as error:
        raise UnreadableFileError(f"{path} is neither JSON nor YAML: {error}") from error
    if not isinstance(document, dict):
        raise UnreadableFileError(f"{path} must hold one price list: an object with named fields")
    return document


def _json(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=_each_once)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the field {next(name for name in names if names.count(name) > 1)} stands there twice")
    return found


class _AsWritten(yaml.SafeLoader):
    """YAML whose scalars are texts, but for null: 2026-01-01 is a day and 1.10 a price only to who reads them so."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        """Refuse a field that stands there twice, of which YAML would keep the last."""
        names = [key.value for key, _ in node.value if key.tag != MERGE]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the field {name} stands there twice")
        return super().construct_mapping(node, deep)


_AsWritten.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag in (NULL, MERGE)]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
