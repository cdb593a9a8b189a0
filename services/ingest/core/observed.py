"""What an observation of outdoor temperature must be, whoever wrote it to Kafka."""

from schemas.weather import OutdoorTemperatureObserved
from services.heat.hour_marks import HOUR_S
from services.ingest.core.form import is_within_calendar

LONGEST_STATION_ID = 40


def unusable(observed: OutdoorTemperatureObserved, latest_s: int) -> str:
    """Say why an observation cannot be stored; empty where it can.

    latest_s: the latest instant that it may have been recorded at: one recorded in the future would win over every
    later correction.
    """
    if not (0 < len(observed.station_id) <= LONGEST_STATION_ID and observed.station_id.isprintable()):
        return "station_id: it has 1 to 40 characters, all of which can be seen"
    if not is_within_calendar(observed.recorded_at) or observed.recorded_at.timestamp() > latest_s:
        return "recorded_at: it lies outside 1990-01-02 to 2060-12-31, or ahead of the broker's clock"
    for value in observed.values:
        if not is_within_calendar(value.starts_at):
            return "values.starts_at: it lies outside 1990-01-02 to 2060-12-31"
        if value.starts_at.timestamp() % HOUR_S:
            return "values.starts_at: an hour begins at its full hour"
    return ""
