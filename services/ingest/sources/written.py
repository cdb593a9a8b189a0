"""The ways to write readings down, by content type."""

from collections.abc import Callable, Mapping

from schemas.event import ARROW, JSON
from services.ingest.core.parsed import Parsed
from services.ingest.sources import arrow_readings, json_readings

NDJSON = "application/x-ndjson"
PARSERS: Mapping[str, Callable[[bytes], Parsed]] = {
    JSON: json_readings.parse,
    NDJSON: json_readings.parse_lines,
    ARROW: arrow_readings.parse,
}
