"""What a file's name says by its profile: whose readings it holds, and when it was exported."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from services.ingest.sources import time_columns
from services.ingest.sources.file_name import EXPORTED, names_in
from services.ingest.sources.instants import form_of
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import ExportedAt, TimeColumn
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.zones import EPOCH, fixed_offset_s


def names_of(profile: Profile, file_name: str) -> dict[str, str]:
    """Give what a file's name says; nothing where the profile does not speak of it. Raises UnreadableFileError."""
    if profile.file_name is None:
        return {}
    form = form_of(profile.exported_at.format) if profile.exported_at is not None else ""
    return names_in(re.sub(r"\.gz$", "", file_name, flags=re.IGNORECASE), profile.file_name, form)


def file_exported_at(profile: Profile, file_name: str) -> datetime | None:
    """Give the instant in a file's name; None where the profile speaks of none. Raises UnreadableFileError."""
    how = profile.exported_at
    if how is None:
        return None
    text = names_of(profile, file_name)[EXPORTED]
    read = time_columns.written(pa.array([text]), TimeColumn(column=EXPORTED, format=how.format, zone=how.zone))
    if read.faults[0]:
        raise UnreadableFileError(
            f"the file's name says {text} where the profile has {{exported_at}}, and that is no time as {how.format}"
        )
    moment = EPOCH + timedelta(microseconds=int(read.at_us[0]))
    return _instant(moment, how) if read.is_local[0] else moment.replace(tzinfo=UTC)


def _instant(moment: datetime, how: ExportedAt) -> datetime:
    """Give a local time's instant; in the hour that autumn repeats the first, since only the order of files counts."""
    fixed_s = fixed_offset_s(how.zone)
    if fixed_s is not None:
        return moment.replace(tzinfo=UTC) - timedelta(seconds=fixed_s)
    return moment.replace(tzinfo=ZoneInfo(how.zone)).astimezone(UTC)
