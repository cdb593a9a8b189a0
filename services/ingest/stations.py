"""Weather stations as staff systems put them."""

from datetime import UTC, datetime

from schemas.topics import OUTDOOR_TEMPERATURE
from schemas.values import StationId
from schemas.weather import OutdoorTemperatureObserved
from services.common import logs, outbox
from services.common.postgres import Transaction
from services.ingest.core import documents
from services.ingest.core.places import nearest
from services.ingest.core.refusals import Refusal, RefusedError
from services.ingest.store import Change, stations
from services.ingest.store.stations import Station

SCHEMA = "ingest"
log = logs.get_logger()


async def put_station(tx: Transaction, station_id: str, document: documents.Station) -> tuple[Change, Station]:
    """Take in a station; what the document does not name stays as it was. Raises RefusedError.

    Where neighbours were never named and its place is known, the nearest station becomes its neighbour, once: a
    station that is put later changes nobody's figures.
    """
    await stations.lock(tx, station_id)
    before = await stations.station(tx, station_id)
    now = await _station(tx, station_id, before, document)
    strange = await stations.unknown(tx, now.neighbours)
    if station_id in now.neighbours or strange:
        names = ", ".join(strange or [station_id])
        raise RefusedError(
            Refusal.UNKNOWN_STATION, f"a station's neighbours are other stations that were put before; not so: {names}"
        )
    change = await stations.put(tx, station_id, before, now)
    known = before or Station(now.name)
    if (known.neighbours, known.degree_day_base_c) != (now.neighbours, now.degree_day_base_c):
        await _average_anew(tx, station_id)
    log.info("station_put", station=station_id, result=change.value, neighbours=now.neighbours)
    return change, now


async def _station(tx: Transaction, station_id: str, before: Station | None, document: documents.Station) -> Station:
    stored = before or Station(document.name)
    place = document.place or stored.place
    neighbours = stored.neighbours if document.neighbours is None else document.neighbours
    if document.neighbours is None and place is not None and stored.place is None and not neighbours:
        found = nearest(place, await stations.others_with_place(tx, station_id))
        neighbours = (found,) if found else ()
    base_c = stored.degree_day_base_c if document.degree_day_base_c is None else document.degree_day_base_c
    return Station(document.name, place, neighbours, base_c)


async def _average_anew(tx: Transaction, station_id: str) -> None:
    """Have the worker average all days of a station once this is committed: an observation of no hours."""
    event = OutdoorTemperatureObserved(station_id=StationId(station_id), recorded_at=datetime.now(UTC), values=())
    await outbox.add(tx, SCHEMA, OUTDOOR_TEMPERATURE, station_id, event)
