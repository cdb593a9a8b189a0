"""What the worker does when contracts tells of a facility: it keeps a copy of its metering points."""

from collections.abc import Iterable, Sequence

from aiokafka.structs import ConsumerRecord

from schemas.facilities import FacilityChanged
from services.common.kafka import Outgoing
from services.common.postgres import Transaction
from services.common.received import read_event
from services.ingest import holding
from services.ingest.store import facilities, reference


class FacilityHandlers:
    """Facilities with their metering points."""

    def decode(self, record: ConsumerRecord) -> FacilityChanged:
        """Read one message. Raises UndecodableError."""
        return read_event(record, FacilityChanged)

    async def store(self, tx: Transaction, items: Sequence[FacilityChanged]) -> Iterable[Outgoing]:
        """Take over the metering points; nobody else need hear of it."""
        for item in items:
            await facilities.put_points(tx, item.version, item.points)
        await reference.changed(tx)
        await holding.release(tx, [], [point.number for item in items for point in item.points])
        return ()

    async def announcements(self, tx: Transaction, items: Sequence[FacilityChanged]) -> Iterable[Outgoing]:  # noqa: ARG002
        """Nothing was told, so nothing is told again."""
        return ()
