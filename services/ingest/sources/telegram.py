"""What a meter's telegram ends in, whatever carried it: a reading and what stands beside it, or a refusal."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.ingest.sources.json_readings import Reading
from services.ingest.sources.refusals import Fault
from services.ingest.sources.zones import fixed_offset_s

KEY_BYTES = 16


class TelegramRefusedError(Exception):
    """A telegram that gives no reading; the fault names why and says what to do."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


class Medium(StrEnum):
    """What the energy of a reading is."""

    HEAT = "heat"
    COOLING = "cooling"
    HEAT_AND_COOLING = "heat_and_cooling"
    """A meter of both: the reading's energy is the heat, the cold stands beside it."""


@dataclass(frozen=True)
class Meter:
    """What is known of the meter that a telegram should be of; None is not known."""

    serial: str | None = None
    """As the meter is registered. Leading zeros do not tell two meters apart."""
    key: bytes | None = field(default=None, repr=False)
    """AES-128. A meter that has one is believed only what it encrypts with it."""
    zone: str | None = None
    """What the meter's own clock shows: `UTC`, an offset such as `+01:00`, or a place such as `Europe/Stockholm`."""
    integral_step_lc: int | None = None
    """Litre-degrees that one count of the meter's registers of volume times temperature stands for."""

    def __post_init__(self) -> None:
        """Raise ValueError or ZoneInfoNotFoundError where the key, or the zone, is none."""
        if self.key is not None and len(self.key) != KEY_BYTES:
            raise ValueError(f"an AES-128 key has {KEY_BYTES} bytes")
        if self.zone is not None and fixed_offset_s(self.zone) is None:
            ZoneInfo(self.zone)


class Telegram(NamedTuple):
    """What a telegram says."""

    reading: Reading
    """As a reading that came as JSON: whole Wh, litres and litre-degrees, and an instant."""
    medium: Medium | None
    """What the reading's energy is; None where the telegram does not say."""
    cooling_wh: int | None
    """The register of cold of a meter of both."""
    difference_k: float | None
    manufacturer: str | None
    """Three letters, as FLAG gives them out."""
    statuses: tuple[str, ...]
    """What the meter says of itself, by name; none is good news."""
