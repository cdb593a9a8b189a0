"""What a meter's own clock shows, and the instant that it stands for.

Source: EN 13757-3:2018, annex A, types F and I.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.mbus_records import Record
from services.ingest.sources.telegram import TelegramRefusedError
from services.ingest.sources.zones import fixed_offset_s

_TYPE_F, _TYPE_I = 4, 6
_LAST_YEAR_OF_2000 = 80
"""Where a clock gives no century, 0 to 80 are of this one, 81 to 99 of the last (type F, note)."""


class Clock(NamedTuple):
    """What the clock shows."""

    shown: datetime
    """Without an offset."""
    is_summer: bool
    """Whether it says that it shows summer time. Many never do."""


def is_clock(record: Record) -> bool:
    """Tell whether a record of time has a date too; type J has none."""
    return record.coding in (_TYPE_F, _TYPE_I)


def clock(record: Record) -> Clock | None:
    """Read a clock; None where the record is none, or says that its time is invalid. Raises TelegramRefusedError."""
    if record.coding == _TYPE_F:
        minute, hour, day, month = record.data
        second, is_invalid, is_summer, century = 0, minute & 0x80, hour & 0x80, hour >> 5 & 3
    elif record.coding == _TYPE_I:
        second, minute, hour, day, month, _ = record.data
        is_invalid, is_summer, century = minute & 0x80, second & 0x40, 0
    else:
        return None
    if is_invalid:
        return None
    year = _year(day >> 5 | (month & 0xF0) >> 1, century)
    try:
        shown = datetime(year, month & 0x0F, day & 0x1F, hour & 0x1F, minute & 0x3F, second & 0x3F)  # noqa: DTZ001
    except ValueError as error:
        raise TelegramRefusedError(faults.NO_SUCH_TIME) from error
    return Clock(shown, bool(is_summer))


def _year(of_century: int, century: int) -> int:
    if century:
        return 1900 + 100 * century + of_century
    return of_century + (2000 if of_century <= _LAST_YEAR_OF_2000 else 1900)


def instant(shown: Clock, zone: str | None) -> datetime:
    """Give the instant that a clock in a zone shows, in UTC. Raises TelegramRefusedError where that is not one."""
    if zone is None:
        raise TelegramRefusedError(faults.NAIVE_TIME)
    fixed_s = fixed_offset_s(zone)
    if fixed_s is not None:
        if shown.is_summer:
            raise TelegramRefusedError(faults.SUMMER_TIME)
        return shown.shown.replace(tzinfo=UTC) - timedelta(seconds=fixed_s)
    place = ZoneInfo(zone)
    both = {shown.shown.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1)}
    possible = sorted(at for at in both if at.astimezone(place).replace(tzinfo=None) == shown.shown)
    if not possible:
        raise TelegramRefusedError(faults.NO_SUCH_TIME)
    if shown.is_summer:
        possible = [at for at in possible if at.astimezone(place).dst()]
    if not possible:
        raise TelegramRefusedError(faults.SUMMER_TIME)
    if len(possible) > 1:
        raise TelegramRefusedError(faults.AMBIGUOUS_TIME)
    return possible[0]
