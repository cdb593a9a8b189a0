"""Files of a watched folder to the ingest service, one after the other, each to its end."""

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from services.common import logs
from services.ingest.folder.outcome import (
    Judgement,
    Outcome,
    as_json,
    judged_whole,
    refused_whole,
    tried_again,
)
from services.ingest.folder.places import Places, read_whole
from services.ingest.sending.client import NotTakenError, PatientClient
from services.ingest.sending.deliveries import Delivered, deliver, judged_by_now
from services.ingest.sending.report import ImportReport
from services.ingest.sources.profile import Kind, Profile, ProfileError
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.shipped import profile_named

LARGEST_FILE_BYTES = 400_000_000
TRY_AGAIN_S = 60.0
LOOK_AGAIN_S = 0.5
NAME = "folder"
"""Of the deliveries: the same file under the same profile is the same ones, wherever it lies, whatever its name; unless
that says when it was exported."""

log = logs.get_logger()


class Watching(NamedTuple):
    """How a folder is watched. stop ends everything where it stands: what is being read is taken up again later."""

    profile: str
    source: PatientClient
    stop: threading.Event
    judged_s: float
    tell: Callable[[Outcome], None]


class Watcher:
    """Takes what lies in a folder, file by file. What one file does never keeps another from its turn."""

    def __init__(self, places: Places, how: Watching) -> None:
        self._places = places
        self._how = how
        self._not_before: dict[str, float] = {}
        self._told = ""

    def round(self) -> None:
        """Take up what was left in `working/`, then what is whole by now."""
        try:
            profile = _of_readings(self._how.profile)
        except ProfileError as error:
            self._tell_once(str(error))
            return
        self._told = ""
        for path in self._places.working():
            if self._how.stop.is_set():
                return
            if time.monotonic() >= self._not_before.pop(path.name, 0.0):
                self._take(path, profile)
        for path in self._places.whole():
            if self._how.stop.is_set():
                return
            claimed = self._places.claim(path)
            if claimed is not None:
                self._take(claimed, profile)

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing lies in the folder that this process will still take."""
        return not self._places.working() and not self._places.waiting()

    def _tell_once(self, reason: str) -> None:
        if reason != self._told:
            self._how.tell(tried_again(str(self._places.folder), reason))
        self._told = reason

    def _take(self, path: Path, profile: Profile) -> None:
        try:
            outcome = self._outcome(path, profile)
        except NotTakenError as error:
            outcome = tried_again(path.name, str(error))
        except Exception as error:
            # One file must not stop the others, whatever it holds.
            log.exception("file_failed", file=path.name)
            outcome = tried_again(path.name, f"{type(error).__name__}; see the log")
        if self._how.stop.is_set() and outcome.place is None:
            return
        if outcome.place is None:
            self._not_before[path.name] = time.monotonic() + TRY_AGAIN_S
        else:
            self._places.finish(path, outcome.place, as_json(outcome.report))
        self._how.tell(outcome)

    def _outcome(self, path: Path, profile: Profile) -> Outcome:
        try:
            data = read_whole(path, LARGEST_FILE_BYTES)
            if data is None:
                self._places.put_back(path)
                return tried_again(path.name, "it is still being written to")
            found = readings_file(data, profile, file_name=path.name)
        except UnreadableFileError as error:
            return refused_whole(path.name, self._how.profile, str(error))
        except OSError as error:
            return refused_whole(path.name, self._how.profile, f"the file cannot be read: {error.strerror}")
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            judgement = self._sent(path, sha256, found)
        except NotTakenError as error:
            if not _is_of_the_file(error):
                raise
            return refused_whole(path.name, self._how.profile, str(error))
        return judged_whole(path.name, self._how.profile, sha256, found, judgement)

    def _sent(self, path: Path, sha256: str, found: ReadingsFile) -> Judgement:
        began_at = datetime.now(UTC)
        report = ImportReport(path, found.lines, emptied=found.emptied)
        report.refuse(found.refusals, found.refusals.counts)
        delivered = deliver(self._how.source, found.readings, f"{NAME}:{sha256}", lambda _: None)
        waiting = sum(one.items for one in delivered)
        deadline = time.monotonic() + self._how.judged_s
        for one in delivered:
            while (judged := judged_by_now(self._how.source, one)) is None and time.monotonic() < deadline:
                if self._how.stop.wait(LOOK_AGAIN_S):
                    raise NotTakenError("told to stop")
            if judged is not None:
                report.add(judged, found.readings, found.line, began_at)
                waiting -= one.items
                # The worker gets on, however slowly.
                deadline = time.monotonic() + self._how.judged_s
        return Judgement(report, _taken(delivered), waiting)


def _of_readings(name: str) -> Profile:
    """Give a profile of readings. Raises ProfileError: by another one each file of the folder would be refused."""
    profile = profile_named(name)
    if profile.kind is not Kind.READINGS:
        raise ProfileError(f"the profile {name} is for weather, and a folder takes readings; name one for readings")
    return profile


def _taken(delivered: list[Delivered]) -> int:
    return sum(one.taken for one in delivered)


def _is_of_the_file(error: NotTakenError) -> bool:
    """Tell a refusal of what was sent from one of who sent it, and from a service that is away or ill."""
    return 400 <= error.status < 500 and error.status not in (401, 403, 404, 408, 429)


def watch(watchers: list[Watcher], every_s: float, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Go round all folders until told to stop."""
    while not stop.is_set():
        for watcher in watchers:
            watcher.round()
            beat()
        stop.wait(every_s)
