"""What stands in schemas/json is published: the code keeps to it, and the export never writes over it what breaks."""

from pathlib import Path
from typing import Any, ClassVar

import pytest

from schemas import export
from schemas.breakage import Document
from schemas.documents import document, documents
from schemas.event import Event


class Exchanged(Event):
    name: ClassVar[str] = "meter-exchanged"

    serial: str
    place: str


class ExchangedWithFitter(Exchanged):
    fitter: str | None = None


class ExchangedWithoutPlace(Event):
    name: ClassVar[str] = "meter-exchanged"

    serial: str


class ExchangedAnew(ExchangedWithoutPlace):
    schema_version: ClassVar[int] = 2


class ExchangedTooNew(ExchangedWithoutPlace):
    schema_version: ClassVar[int] = 3


def today(*events: type[Event]) -> dict[str, Document]:
    return {event.schema_id(): document(event) for event in events}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder in which version 1 is published."""
    assert export.write(tmp_path, today(Exchanged)) == ["meter-exchanged/1"]
    return tmp_path


def test_the_code_keeps_to_what_is_published() -> None:
    assert export.main(["--check"]) == 0


def test_the_same_again_writes_nothing(folder: Path) -> None:
    assert export.write(folder, today(Exchanged)) == []
    assert export.stale(folder, today(Exchanged)) == []


def test_a_new_optional_field_is_written_into_its_version(folder: Path) -> None:
    assert export.broken(folder, today(ExchangedWithFitter)) == []
    assert export.stale(folder, today(ExchangedWithFitter)) == ["meter-exchanged/1"]
    assert export.write(folder, today(ExchangedWithFitter)) == ["meter-exchanged/1"]
    with pytest.raises(ValueError, match=r"\.fitter is gone"):
        export.write(folder, today(Exchanged))


def test_a_change_that_breaks_is_not_written(folder: Path) -> None:
    before = (folder / "meter-exchanged/1.json").read_text()
    with pytest.raises(ValueError, match=r"meter-exchanged/1: \.place is gone; undo it, or make it version 2"):
        export.write(folder, today(ExchangedWithoutPlace))
    assert (folder / "meter-exchanged/1.json").read_text() == before


def test_the_same_change_may_come_as_the_next_version_and_the_old_one_stays(folder: Path) -> None:
    before = (folder / "meter-exchanged/1.json").read_text()
    assert export.write(folder, today(ExchangedAnew)) == ["meter-exchanged/2"]
    assert export.published(folder) == ["meter-exchanged/1", "meter-exchanged/2"]
    assert (folder / "meter-exchanged/1.json").read_text() == before


def test_a_version_is_neither_skipped_nor_taken_back(folder: Path) -> None:
    with pytest.raises(ValueError, match="version 1 is the newest published"):
        export.write(folder, today(ExchangedTooNew))
    export.write(folder, today(ExchangedAnew))
    with pytest.raises(ValueError, match="version 2 is the newest published"):
        export.write(folder, today(Exchanged))


def test_a_published_event_that_no_topic_carries_is_noticed(folder: Path) -> None:
    assert export.broken(folder, {}) == [
        "meter-exchanged: is published and no topic carries it; delete its folder with its topic"
    ]


def test_an_edit_by_hand_is_noticed(folder: Path) -> None:
    path = folder / "meter-exchanged/1.json"
    path.write_text(path.read_text().replace('"place"', '"site"'))
    assert export.broken(folder, today(Exchanged)) != []
    assert export.stale(folder, today(Exchanged)) == ["meter-exchanged/1"]


def test_the_check_tells_what_breaks_and_fails(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export, "FOLDER", folder.parent / "empty")
    assert export.main(["--check"]) == 1
    assert "schemas/json/alerts/1.json is not what the code says; run: make schemas" in capsys.readouterr().err


def test_decimals_are_published_as_strings_and_never_as_numbers() -> None:
    def kinds(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [str(node.get("type"))] if node.get("format") == "decimal" else []
            return own + [kind for value in node.values() for kind in kinds(value)]
        return [kind for value in node for kind in kinds(value)] if isinstance(node, list) else []

    for schema_id in ("price-lists-changed/4", "contracts-changed/1"):
        assert set(kinds(documents()[schema_id])) == {"string"}
