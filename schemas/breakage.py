"""What breaks a published schema: today's, held against the published one of the same version.

A published version only gains optional fields. Whatever else changes breaks somebody: a consumer one version
behind, who reads what is written today, or one of today, who reads what was written before and is kept. So a
wider range or one more word in an enumeration is refused as well as a narrower one.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

Document = dict[str, Any]

_TOLD_TO_PEOPLE = {"$schema", "$id", "$defs", "title", "description"}
_NOTHING = "not there"
_HANDLED = {"properties", "required", "items", "anyOf", "oneOf", "additionalProperties", "$ref", "columns"}


def breakages(published: Document, today: Document) -> list[str]:
    """Say what today's schema changes of the published one, beyond adding optional fields; empty where nothing."""
    columns = _columns(published.get("columns", []), today.get("columns", []))
    return [*columns, *_Comparison(published, today).differences()]


def _columns(published: list[Document], today: list[Document]) -> Iterator[str]:
    for old, new in zip_longest(published, today):
        if old is None:
            if not new.get("nullable"):
                yield f"the column {new.get('name')} is new and may not be null"
        elif new is None:
            yield f"the column {old['name']} is gone"
        elif new.get("name") != old["name"]:
            yield f"where the column {old['name']} was, {new.get('name')} is now; new columns come last"
        else:
            for what in ("type", "nullable"):
                if new.get(what) != old[what]:
                    yield f"the column {old['name']}: {what} was {old[what]} and is {new.get(what)}"


class _Comparison:
    """Two JSON Schemas side by side. References are followed, so that a class may get another name."""

    def __init__(self, published: Document, today: Document) -> None:
        self._published = published
        self._today = today
        self._seen: set[tuple[Any, Any]] = set()

    def differences(self) -> Iterator[str]:
        """Give each difference that breaks, with the place where it is."""
        return self._compare("", self._published, self._today)

    def _compare(self, place: str, old: Document, new: Document) -> Iterator[str]:
        references = (old.get("$ref"), new.get("$ref"))
        if references not in self._seen:
            # Once is enough, and a class that holds itself would have no end. What stands beside a reference, like
            # its default, belongs to the place and is compared each time.
            self._seen |= {references} if all(references) else set()
            old, new = _followed(self._published, old), _followed(self._today, new)
        yield from self._fields(place, old, new)
        for keyword in ("items", "additionalProperties"):
            yield from self._inner(f"{place}[]", keyword, old.get(keyword), new.get(keyword))
        for keyword in ("anyOf", "oneOf"):
            yield from self._choices(place, keyword, old.get(keyword, []), new.get(keyword, []))
        for keyword in sorted((old.keys() | new.keys()) - _HANDLED - _TOLD_TO_PEOPLE):
            # A default of null is not the same as no default.
            if old.get(keyword, _NOTHING) != new.get(keyword, _NOTHING):
                yield _changed(place, keyword, old.get(keyword, _NOTHING), new.get(keyword, _NOTHING))

    def _fields(self, place: str, old: Document, new: Document) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        demanded_before, demanded_after = old.get("required", []), new.get("required", [])
        for name in before:
            where = f"{place}.{name}"
            if name not in after:
                yield f"{where} is gone"
                continue
            if (name in demanded_before) != (name in demanded_after):
                words = ("required", "optional") if name in demanded_before else ("optional", "required")
                yield f"{where} was {words[0]} and is {words[1]}"
            yield from self._compare(where, before[name], after[name])
        for name in after:
            if name not in before and name in demanded_after:
                yield f"{place}.{name} is new and required"

    def _inner(self, place: str, keyword: str, old: Any, new: Any) -> Iterator[str]:
        if isinstance(old, dict) and isinstance(new, dict):
            yield from self._compare(place, old, new)
        elif old != new:
            yield _changed(place, keyword, old, new)

    def _choices(self, place: str, keyword: str, old: list[Document], new: list[Document]) -> Iterator[str]:
        if len(old) != len(new):
            yield _changed(place, keyword, f"of {len(old)} kinds", f"of {len(new)}")
            return
        for before, after in zip(old, new, strict=True):
            yield from self._compare(place, before, after)


def _followed(root: Document, node: Document) -> Document:
    if "$ref" not in node:
        return node
    definition = root["$defs"][node["$ref"].rpartition("/")[2]]
    return definition | {keyword: value for keyword, value in node.items() if keyword != "$ref"}


def _changed(place: str, keyword: str, old: Any, new: Any) -> str:
    return f"{place or 'the whole'}: {keyword} was {old} and is {new}"
