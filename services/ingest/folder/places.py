"""A watched folder: which files in it are whole, whose they are now, and where they go."""

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from services.ingest.sources.refusals import UnreadableFileError

WORKING, DONE, REFUSED = "working", "done", "refused"
REPORT = ".report.json"
UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")
"""What programs call a file that they still write."""
NO_EXPORTS = (".", "~$")
"""Hidden files, and what Excel puts beside a workbook that somebody has open."""
MOST_NAME_BYTES = 200
"""Of a name that a suffix and the report's ending must still fit behind."""


class FolderError(Exception):
    """A folder that cannot be watched; the text says why."""


class _Seen(NamedTuple):
    size: int
    changed_ns: int
    inode: int


class Places:
    """One folder and the three in it. Only one process may have it; a lock that dies with it says so."""

    def __init__(self, folder: Path, settle_s: float, clock: Callable[[], float]) -> None:
        self.folder = folder
        self._settle_s = settle_s
        self._clock = clock
        self._seen: dict[str, tuple[_Seen, float]] = {}
        self._lock: int | None = None

    def __enter__(self) -> Self:
        """Make the three folders, and take the lock. Raises FolderError."""
        try:
            for name in (WORKING, DONE, REFUSED):
                (self.folder / name).mkdir(exist_ok=True)
                if (self.folder / name).is_symlink():
                    raise FolderError(f"{self.folder / name} is a link; make it a folder")
            self._lock = os.open(self.folder / WORKING, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.__exit__(None, None, None)
            raise FolderError(f"{self.folder} is watched by another process") from error
        except OSError as error:
            raise FolderError(f"{self.folder} cannot be watched: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def working(self) -> list[Path]:
        """Give the files that were taken and are not done: this process's, or one's that died."""
        return _files(self.folder / WORKING)

    def waiting(self) -> list[Path]:
        """Give the files that are there, whole or not, oldest first. Links, folders and hidden files are left alone."""
        return [path for path in _files(self.folder) if path.suffix.lower() not in UNFINISHED]

    def whole(self) -> list[Path]:
        """Give the files that have not changed for as long as it takes to be whole, oldest first."""
        now = self._clock()
        seen: dict[str, tuple[_Seen, float]] = {}
        whole = []
        for path in self.waiting():
            found = _look_at(path)
            if found is None:
                continue
            before, since = self._seen.get(path.name, (found, now))
            seen[path.name] = (found, since if before == found else now)
            if now - seen[path.name][1] >= self._settle_s:
                whole.append(path)
        self._seen = seen
        return whole

    def claim(self, path: Path) -> Path | None:
        """Take a file by renaming it, which happens wholly or not at all; None where one of that name is being read."""
        claimed = self.folder / WORKING / path.name
        if claimed.exists():
            return None
        path.rename(claimed)
        return claimed

    def put_back(self, path: Path) -> None:
        """Give a file back that somebody still wrote to, unless another has its name by now."""
        if not (self.folder / path.name).exists():
            path.rename(self.folder / path.name)

    def finish(self, path: Path, place: str, report: bytes) -> Path:
        """Move a file out of the way, its report beside it; a name that is taken gets a number.

        The report is there before the file, so that a file in its place always has one.
        """
        target = self._free_name(path.name, self.folder / place)
        beside = target.with_name(target.name + REPORT)
        unfinished = beside.with_name(f".{beside.name}.tmp")
        with unfinished.open("wb") as output:
            output.write(report)
            output.flush()
            os.fsync(output.fileno())
        unfinished.rename(beside)
        path.rename(target)
        return target

    @staticmethod
    def _free_name(name: str, place: Path) -> Path:
        short = os.fsdecode(os.fsencode(name)[:MOST_NAME_BYTES])
        stem, suffix = Path(short).stem, Path(short).suffix
        target, number = place / short, 1
        while target.exists() or target.is_symlink():
            number += 1
            target = place / f"{stem}-{number}{suffix}"
        return target


def _files(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        files = [
            (entry.stat(follow_symlinks=False).st_mtime_ns, entry.name)
            for entry in entries
            if entry.is_file(follow_symlinks=False) and not entry.name.startswith(NO_EXPORTS)
        ]
    return [folder / name for _, name in sorted(files)]


def _look_at(path: Path) -> _Seen | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return _Seen(found.st_size, found.st_mtime_ns, found.st_ino)


def read_whole(path: Path, most_bytes: int) -> bytes | None:
    """Read a file that is no link; None where it changed meanwhile. Raises OSError and UnreadableFileError."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise OSError(0, "it is no file")
        if before.st_size > most_bytes:
            raise UnreadableFileError(f"the file is over {most_bytes:,} bytes; divide it, each part with the header")
        data = file.read(most_bytes + 1)
        after = os.fstat(handle)
    return data if (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns) else None
