"""What every delivery ends in, whatever its readings came as."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa

from services.heat.arrays import Int64
from services.ingest.core.parsed import Parsed, RefusedItem
from services.ingest.core.said import TEXT_KEPT, storable
from services.ingest.core.verdict import Verdict
from services.ingest.sources.lorawan import Counter
from services.ingest.sources.refusals import Fault


class Refused(NamedTuple):
    """An item that gives no reading: which one (from 0), why by name and in words, and what it said."""

    item: int
    field: str
    code: str
    verdict: Verdict
    reason: str
    text: str
    serial: str | None = None
    metering_point: str | None = None
    read_at: datetime | None = None
    waits_for: str | None = None
    """What would free it once that is put: a device, or what a meter's telegrams need."""

    @classmethod
    def of(cls, refused: RefusedItem) -> Self:
        """Take over an item that was refused for its form, named by its verdict."""
        said = refused._asdict()
        return cls(code=refused.verdict.label, **said)

    @classmethod
    def by(cls, item: int, field: str, fault: Fault, text: str) -> Self:
        """Refuse an item for the fault of a telegram; where a reading has the same one, it has the same name."""
        verdict = Verdict.__members__.get(fault.code.upper(), Verdict.INVALID)
        return cls(item, field, fault.code, verdict, fault.reason, storable(text)[:TEXT_KEPT])


class Status(NamedTuple):
    """What a meter said of itself in one telegram."""

    item: int
    serial: str
    read_at: datetime
    statuses: tuple[str, ...]


class Heard(NamedTuple):
    """An uplink, to be held against how far its device has counted."""

    item: int
    device_eui: str
    counter: Counter
    serial: str | None


class Understood(NamedTuple):
    """A delivery as it was understood."""

    items: int
    readings: pa.RecordBatch
    """METER_READINGS, one row for each item that is a reading."""
    item: Int64
    """(n,) which item each row came from."""
    refused: list[Refused]
    statuses: Sequence[Status] = ()
    heard: Sequence[Heard] = ()

    @classmethod
    def of(cls, parsed: Parsed) -> Self:
        """Take over a delivery of readings."""
        return cls(parsed.items, parsed.readings, parsed.item, [Refused.of(one) for one in parsed.refused])

    def refusing(self, refused: Sequence[Refused]) -> Self:
        """Move items to the refused ones."""
        if not refused:
            return self
        ordered = sorted([*self.refused, *refused], key=lambda one: one.item)
        return self.only(set(self.item.tolist()) - {one.item for one in refused})._replace(refused=ordered)

    def only(self, items: Collection[int]) -> Self:
        """Keep the readings of some items alone, and what stands beside them."""
        kept = np.isin(self.item, list(items))
        return self._replace(
            readings=self.readings.filter(pa.array(kept)),
            item=self.item[kept],
            statuses=[one for one in self.statuses if one.item in items],
            heard=[one for one in self.heard if one.item in items],
        )
