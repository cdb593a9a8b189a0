"""A watched folder: what counts as whole, what is left alone, and that nothing is lost or overwritten."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.ingest.folder.places import FolderError, Places, read_whole
from services.ingest.sources.refusals import UnreadableFileError


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def places(tmp_path: Path, clock: Clock) -> Iterator[Places]:
    with Places(tmp_path, 5, clock) as places:
        yield places


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def test_a_file_is_whole_once_it_has_not_changed_for_a_while(places: Places, clock: Clock, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("half")
    assert places.whole() == []
    clock.now = 4
    file.write_text("half and half")
    assert places.whole() == []
    clock.now = 8.9
    assert places.whole() == []
    clock.now = 9
    assert names(places.whole()) == ["a.csv"]


def test_a_file_that_another_takes_the_name_of_is_looked_at_anew(places: Places, clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("one")
    places.whole()
    clock.now = 5
    (tmp_path / "b").write_text("two")
    (tmp_path / "b").rename(tmp_path / "a.csv")
    assert places.whole() == []


def test_the_oldest_comes_first(places: Places, clock: Clock, tmp_path: Path) -> None:
    for name, changed_at in (("b", 30), ("a", 20), ("c", 10)):
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (changed_at, changed_at))
    places.whole()
    clock.now = 5
    assert names(places.whole()) == ["c", "a", "b"]


def test_links_folders_hidden_and_unfinished_files_are_left_alone(
    places: Places, clock: Clock, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    secret.write_text("secret")
    (tmp_path / "link.csv").symlink_to(secret)
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name in (".hidden.csv", "a.csv.part", "a.TMP", "a.csv.filepart"):
        (tmp_path / name).write_text("x")
    places.whole()
    clock.now = 5
    assert places.whole() == []
    assert places.waiting() == []
    with pytest.raises(OSError, match="symbolic link"):
        read_whole(tmp_path / "link.csv", 10)


def test_a_taken_file_waits_in_working_until_it_is_finished(places: Places, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("one")
    claimed = places.claim(tmp_path / "a.csv")
    assert claimed == tmp_path / "working/a.csv"
    (tmp_path / "a.csv").write_text("two")
    assert places.claim(tmp_path / "a.csv") is None
    assert names(places.working()) == ["a.csv"]
    assert places.finish(claimed, "done", b"{}") == tmp_path / "done/a.csv"
    assert (tmp_path / "done/a.csv").read_text() == "one"
    assert (tmp_path / "done/a.csv.report.json").read_text() == "{}"
    assert (places.working(), names(places.waiting())) == ([], ["a.csv"])


def test_a_name_that_is_taken_gets_a_number(places: Places, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "a.csv").write_text(str(number))
        claimed = places.claim(tmp_path / "a.csv")
        assert claimed is not None
        places.finish(claimed, "done", str(number).encode())
    for number, name in enumerate(("a.csv", "a-2.csv", "a-3.csv")):
        assert (tmp_path / "done" / name).read_text() == str(number)
        assert (tmp_path / "done" / f"{name}.report.json").read_text() == str(number)


def test_the_longest_name_that_a_system_takes_has_room_for_its_report(places: Places, tmp_path: Path) -> None:
    name = "ö" * 125 + ".csv"
    (tmp_path / name).write_text("one")
    claimed = places.claim(tmp_path / name)
    assert claimed is not None
    assert places.finish(claimed, "done", b"{}").read_text() == "one"


def test_a_folder_has_one_watcher(places: Places, clock: Clock, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="watched by another process"), Places(tmp_path, 5, clock):
        pass


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "done").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FolderError, match="is a link"), Places(tmp_path, 5, clock):
        pass


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"12345")
    assert read_whole(tmp_path / "a.csv", 5) == b"12345"
    with pytest.raises(UnreadableFileError, match="over 4 bytes"):
        read_whole(tmp_path / "a.csv", 4)
