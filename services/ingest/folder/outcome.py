"""What became of one file of a watched folder, and the report that lies beside it."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.ingest.sending.report import UNKNOWN_LINE, ImportReport
from services.ingest.sources.outlook import FileOutlook, of_file, outlook
from services.ingest.sources.readings_file import ReadingsFile
from services.ingest.sources.refusals import BadLine

MOST_LINES_TOLD = 1_000


class Outcome(NamedTuple):
    """A file's end, or that it has none yet. place: `done`, `refused`, or None where it is tried again."""

    file: str
    place: str | None
    report: dict[str, Any]


class Judgement(NamedTuple):
    """What the service said of a file's readings. waiting: how many were taken and not judged in time."""

    report: ImportReport
    taken: int
    waiting: int


def refused_whole(file: str, profile: str, reason: str) -> Outcome:
    """Tell of a file of which no line could be read or sent."""
    return Outcome(file, "refused", {"file": file, "profile": profile, "reason": reason})


def tried_again(file: str, reason: str) -> Outcome:
    """Tell of a file that stays where it is for now."""
    return Outcome(file, None, {"file": file, "reason": reason})


def judged_whole(file: str, profile: str, sha256: str, found: ReadingsFile, judgement: Judgement) -> Outcome:
    """Tell of a file that was read and sent. It is refused where not one of its lines can be used."""
    report = judgement.report
    in_order = sorted(report.refused, key=lambda bad: (bad.line == UNKNOWN_LINE, bad.line))
    words = {
        "file": file,
        "profile": profile,
        "sha256": sha256,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "lines": report.lines,
        "sent": found.readings.num_rows,
        "sent_before": report.sent_before,
        "not_judged_yet": judgement.waiting,
        "verdicts": dict(report.verdicts.most_common()),
        "refused": dict(report.refused_counts.most_common()),
        "taken_as_not_given": report.emptied,
        "repeated_hour_told_apart": found.told_apart,
        "notes": list(found.notes),
        "readings": _of_outlook(of_file(outlook(found.readings))),
        "refused_lines": _lines(in_order[:MOST_LINES_TOLD]),
        "refused_lines_not_listed": max(0, sum(report.refused_counts.values()) - MOST_LINES_TOLD),
    }
    return Outcome(file, "done" if judgement.taken else "refused", words)


def as_json(report: dict[str, Any]) -> bytes:
    """Write a report as people and programs read it."""
    return (json.dumps(report, indent=2) + "\n").encode()


def _lines(bad: Sequence[BadLine]) -> list[dict[str, Any]]:
    return [one._asdict() | {"line": None if one.line == UNKNOWN_LINE else one.line} for one in bad]


def _of_outlook(sums: FileOutlook | None) -> dict[str, Any] | None:
    if sums is None:
        return None
    first, last = (datetime.fromtimestamp(at / 1e6, UTC).isoformat() for at in (sums.first_us, sums.last_us))
    return {
        "meters": sums.meters,
        "first": first,
        "last": last,
        "repeats": sums.repeats,
        "contradictions": sums.contradictions,
        "gaps": sums.gaps,
        "longest_gap_hours": sums.longest_gap_s / 3_600,
        "falls": sums.falls,
        "mean_kw_least_and_most": [round(mean_w / 1e3, 3) for mean_w in sums.mean_w or ()],
    }
