"""What `kulvert show` shows of the past: figures as they were known, and the versions of one hour or day."""

from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from deploy.local.folder import StackError
from services.cli.shown import DAYS, HOURS, Kind

HOUR_S = 3600

# Flags are of what is stored now; what they were nobody notes.
_OF_HOURS = tuple(column for column in HOURS.columns if column.name != "flags")

# What was stored before versions were noted is known from -infinity, which no column of a table can show.
HOURS_AS_KNOWN = replace(
    HOURS,
    columns=_OF_HOURS,
    sql="""
    SELECT version.starts_at, version.energy_wh, version.volume_l, version.supply_c, version.return_c,
           version.quality, version.rule, version.revision
      FROM ingest_v1.hour_version AS version
     WHERE version.point_id = %(point_id)s AND version.starts_at >= %(first)s AND version.starts_at < %(end)s
       AND version.known_from <= %(at)s AND version.known_to > %(at)s
     ORDER BY version.starts_at
    """,
)
DAYS_AS_KNOWN = replace(
    DAYS,
    sql="""
    SELECT version.day, version.energy_wh, version.maximum_hour_wh, version.hours_expected, version.hours_present,
           version.hours_measured, version.volume_l, version.register_wh, version.register_l, version.quality,
           version.revision
      FROM ingest_v1.day_version AS version
     WHERE version.point_id = %(point_id)s AND version.day >= %(first)s AND version.day < %(end)s
       AND version.known_from <= %(at)s AND version.known_to > %(at)s
     ORDER BY version.day
    """,
)

_STARTS_AT = HOURS.columns[0]
_KNOWN = (
    _STARTS_AT._replace(name="known_from", heading="known from"),
    _STARTS_AT._replace(name="known_to", heading="known to"),
)
HOUR_VERSIONS = Kind(
    "versions",
    """
    SELECT nullif(version.known_from, '-infinity'), nullif(version.known_to, 'infinity'), version.starts_at,
           version.energy_wh, version.volume_l, version.supply_c, version.return_c, version.quality, version.rule,
           version.revision
      FROM ingest_v1.hour_version AS version
     WHERE version.point_id = %(point_id)s AND version.starts_at = %(at)s
     ORDER BY version.revision
    """,
    (*_KNOWN, *_OF_HOURS),
)
DAY_VERSIONS = Kind(
    "versions",
    """
    SELECT nullif(version.known_from, '-infinity'), nullif(version.known_to, 'infinity'), version.day,
           version.energy_wh, version.maximum_hour_wh, version.hours_expected, version.hours_present,
           version.hours_measured, version.volume_l, version.register_wh, version.register_l, version.quality,
           version.revision
      FROM ingest_v1.day_version AS version
     WHERE version.point_id = %(point_id)s AND version.day = %(at)s
     ORDER BY version.revision, version.known_to
    """,
    (*_KNOWN, *DAYS.columns),
)


def versions_of(when: date | datetime) -> Kind:
    """Give what shows the versions of an hour, or of a local day. Raises StackError for a time within an hour."""
    if not isinstance(when, datetime):
        return DAY_VERSIONS
    if when.timestamp() % HOUR_S:
        raise StackError("write the time at which an hour begins, as in 2026-01-31T12:00")
    return HOUR_VERSIONS


def in_zone(when: date | datetime, zone: ZoneInfo) -> date | datetime:
    """Give a time its offset where it has none. Raises StackError where the clock shows it twice, or never."""
    if not isinstance(when, datetime) or when.tzinfo is not None:
        return when
    local = when.replace(tzinfo=zone)
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise StackError(
            f"the clock in {zone.key} shows {when} twice, or never; give an offset, as in {when:%FT%R}+02:00"
        )
    return local
