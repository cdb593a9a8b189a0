"""The event map on one page: every topic, what it carries, who writes it and who reads it.

Topics, the exported schemas, the AsyncAPI document and the tests are all made from this page. Every topic is stamped
by the broker (LogAppendTime): retention by a reading's own time would delete a backfill within minutes.
Beside each consumed topic stands `<topic>.dead`, for messages that cannot be decoded.
"""

from dataclasses import dataclass
from typing import Literal

from schemas.alerts import AlertChanged
from schemas.batches import RecordBatches
from schemas.contracts import ContractChanged
from schemas.event import Event
from schemas.facilities import FacilityChanged
from schemas.grants import GrantsChanged
from schemas.invoices import InvoiceIssued
from schemas.messages import MessageRequested
from schemas.power import DAILY_POWER_BATCHES, HOURLY_POWER_BATCHES
from schemas.price_lists import PriceListChanged
from schemas.readings import METER_READINGS_BATCHES, ReadingRefused
from schemas.weather import DailyTemperatureChanged, OutdoorTemperatureObserved

Retention = Literal["compact"] | int
Service = Literal["ingest", "alerts", "billing", "contracts", "permissions", "gateway"]
Outsider = Literal["head-ends", "weather importers", "exports", "operators", "message senders"]
"""Programs that are not ours, or not services: they keep to the exported schemas."""


def days(count: int) -> int:
    """Give a retention time in milliseconds, as the broker's `retention.ms` wants it."""
    return count * 24 * 3600 * 1000


@dataclass(frozen=True)
class Topic:
    """One topic. `key` names the fields of the event that make the key; several with what joins them.

    "explicit" means that the producer picks the partition itself, by metering point or serial, the same for life.
    """

    name: str
    carries: type[Event] | RecordBatches
    key: str
    partitions: int
    retention: Retention
    producers: tuple[Service | Outsider, ...]
    consumers: tuple[Service | Outsider, ...]

    @property
    def dead(self) -> str:
        """The topic beside this one that keeps what could not be decoded, with the error."""
        return f"{self.name}.dead"


DEAD_LETTER_RETENTION = days(30)

METER_READINGS = Topic(
    "meter-readings",
    carries=METER_READINGS_BATCHES,
    key="explicit",
    partitions=12,
    retention=days(14),
    producers=("ingest", "head-ends"),
    consumers=("ingest",),
)
OUTDOOR_TEMPERATURE = Topic(
    "outdoor-temperature",
    carries=OutdoorTemperatureObserved,
    key="station_id",
    partitions=1,
    retention=days(30),
    producers=("ingest", "weather importers"),
    consumers=("ingest",),
)
HOURLY_POWER = Topic(
    "hourly-power",
    carries=HOURLY_POWER_BATCHES,
    key="explicit",
    partitions=12,
    retention=days(7),
    producers=("ingest",),
    consumers=("alerts",),
)
DAILY_POWER = Topic(
    "daily-power",
    carries=DAILY_POWER_BATCHES,
    key="explicit",
    partitions=12,
    retention=days(30),
    producers=("ingest",),
    consumers=("billing", "alerts"),
)
DAILY_TEMPERATURE = Topic(
    "daily-temperature",
    carries=DailyTemperatureChanged,
    key="station_id:day",
    partitions=1,
    retention="compact",
    producers=("ingest",),
    consumers=("exports",),
)
READINGS_REFUSED = Topic(
    "readings-refused",
    carries=ReadingRefused,
    key="point_id or meter",
    partitions=3,
    retention=days(30),
    producers=("ingest",),
    consumers=("operators",),
)
FACILITIES_CHANGED = Topic(
    "facilities-changed",
    carries=FacilityChanged,
    key="facility_id",
    partitions=3,
    retention="compact",
    producers=("contracts",),
    consumers=("ingest",),
)
CONTRACTS_CHANGED = Topic(
    "contracts-changed",
    carries=ContractChanged,
    key="contract_id",
    partitions=3,
    retention="compact",
    producers=("contracts",),
    consumers=("billing", "permissions"),
)
PRICE_LISTS_CHANGED = Topic(
    "price-lists-changed",
    carries=PriceListChanged,
    key="price_list_id",
    partitions=1,
    retention="compact",
    producers=("contracts",),
    consumers=("billing",),
)
GRANTS_CHANGED = Topic(
    "grants-changed",
    carries=GrantsChanged,
    key="customer_id",
    partitions=3,
    retention="compact",
    producers=("permissions",),
    consumers=("exports",),
)
INVOICES = Topic(
    "invoices",
    carries=InvoiceIssued,
    key="contract_id",
    partitions=6,
    retention=days(30),
    producers=("billing",),
    consumers=("exports",),
)
ALERTS = Topic(
    "alerts",
    carries=AlertChanged,
    key="point_id",
    partitions=6,
    retention=days(30),
    producers=("alerts",),
    consumers=("operators",),
)
MESSAGES_REQUESTED = Topic(
    "messages-requested",
    carries=MessageRequested,
    key="recipient_id",
    partitions=3,
    retention=days(7),
    producers=("contracts",),
    consumers=("message senders",),
)
TOPICS = (
    METER_READINGS,
    OUTDOOR_TEMPERATURE,
    HOURLY_POWER,
    DAILY_POWER,
    DAILY_TEMPERATURE,
    READINGS_REFUSED,
    FACILITIES_CHANGED,
    CONTRACTS_CHANGED,
    PRICE_LISTS_CHANGED,
    GRANTS_CHANGED,
    INVOICES,
    ALERTS,
    MESSAGES_REQUESTED,
)
