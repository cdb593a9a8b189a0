"""What a file of readings would come to, told before anything is sent."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from services.cli.import_report import Counted
from services.ingest.core.observed import refused_hour
from services.ingest.core.parsed import Parsed, well_formed
from services.ingest.sending.report import ImportReport
from services.ingest.settings import IngestSettings
from services.ingest.sources.outlook import SeriesOutlook, of_file, outlook
from services.ingest.sources.readings_file import ReadingsFile
from services.ingest.sources.refusals import BadLine
from services.ingest.sources.temperatures_file import TemperaturesFile

MOST_SERIES_TOLD = 20
HOUR_S = 3_600
MAY_BE_AHEAD_S: int = IngestSettings.model_fields["future_seconds"].default


def counted(found: ReadingsFile, what: str) -> list[Counted]:
    """Count a file's readings, and say of how many meters and from when to when they are."""
    return _counted(found, what, outlook(found.readings))


def foreseen(found: ReadingsFile) -> list[Counted]:
    """Count what would be sent, and what the worker and a person will meet in it, meter by meter where it is odd."""
    series = outlook(found.readings)
    every = _counted(found, "would be sent", series)
    sums = of_file(series)
    if sums is None:
        return every
    every += [
        Counted(found.told_apart, "lines of the hour that autumn's clock shows twice, told apart"),
        Counted(sums.repeats, "lines that equal another; they count once"),
        Counted(
            sums.contradictions,
            "lines that give another's time other values; which counts is a toss unless each says when recorded",
        ),
        Counted(sums.gaps, f"gaps between readings, the longest of {_hours(sums.longest_gap_s)}; they are estimated"),
        Counted(
            sums.falls,
            "times that an energy register falls: put both meters of an exchange, the modulus of one that rolls over",
        ),
    ]
    return [one for one in every if one.number] + _powers(series) + _odd(series)


def refuse_readings(report: ImportReport, found: ReadingsFile, now: datetime) -> None:
    """Add to a report what the door would refuse for its form, as readings ahead of the clock."""
    rows, latest_s = 0, int(now.timestamp()) + MAY_BE_AHEAD_S
    bad: list[BadLine] = []
    for batch in found.readings.to_batches():
        item = found.line[rows : rows + batch.num_rows]
        refused = well_formed(Parsed(batch.num_rows, batch, item, []), latest_s, None).refused
        bad += [BadLine(one.item, one.field, one.verdict.label, one.reason) for one in refused]
        rows += batch.num_rows
    report.refuse(bad, Counter(one.code for one in bad))


def refuse_hours(report: ImportReport, found: TemperaturesFile, now: datetime) -> int:
    """Add to a report the hours of temperature that the door would refuse; gives how many are left."""
    latest_s = int(now.timestamp()) + MAY_BE_AHEAD_S
    hours = zip(found.line.tolist(), found.starts_s.tolist(), strict=True)
    wrong = (refused_hour(line, datetime.fromtimestamp(at_s, UTC), latest_s) for line, at_s in hours)
    bad = [BadLine(one.item, one.field, one.code, one.reason) for one in wrong if one is not None]
    report.refuse(bad, Counter(one.code for one in bad))
    return len(found.line) - len(bad)


def _counted(found: ReadingsFile, what: str, series: Sequence[SeriesOutlook]) -> list[Counted]:
    every = [Counted(found.readings.num_rows, f"readings {what}")]
    if series:
        first, last = min(one.first_us for one in series), max(one.last_us for one in series)
        every.append(Counted(len(series), f"metering points or meters, from {_day(first)} to {_day(last)} UTC"))
    return every


def _powers(series: Sequence[SeriesOutlook]) -> list[Counted]:
    """Say what the registers come to, since a wrong unit shows in nothing else."""
    by_power = sorted((one.mean_w, one.name) for one in series if one.mean_w is not None)
    if not by_power:
        return []
    span = " to ".join(f"{mean_w / 1e3:,.3f} kW of {name}" for mean_w, name in sorted({by_power[0], by_power[-1]}))
    return [Counted(len(by_power), f"of them rise by {span}, in a mean of each; is the unit right?")]


def _odd(series: Sequence[SeriesOutlook]) -> list[Counted]:
    odd = [one for one in series if one.falls or one.gaps or one.contradictions]
    odd.sort(key=lambda one: (-one.falls, -one.gaps))
    told = [
        Counted(
            one.readings,
            f"of {one.name}, {_day(one.first_us)} to {_day(one.last_us)} UTC: {one.falls:,} falls, {one.gaps:,} gaps,"
            f" the longest of {_hours(one.longest_gap_s)}, {one.contradictions:,} contradictions",
        )
        for one in odd[:MOST_SERIES_TOLD]
    ]
    more = len(odd) - len(told)
    return [*told, *([Counted(more, "more of them with gaps, falls or contradictions")] if more else [])]


def _day(at_us: int) -> str:
    return f"{datetime.fromtimestamp(at_us / 1e6, UTC):%Y-%m-%d %H:%M}"


def _hours(seconds: int) -> str:
    return f"{seconds / HOUR_S:,.0f} h" if seconds >= HOUR_S else f"{seconds / 60:,.0f} min"
