"""What is new, changed or gone: computed hours and days set against the stored ones."""

from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import UNKNOWN, Int64
from services.heat.days import Days, HourRows, days_of
from services.heat.hour_marks import HOUR_S, MEASURED, MISSING
from services.heat.local_time import day_start_s
from services.ingest.core.changes import day_changes, hour_changes
from tests.unit.ingest.rows import POINT_ID

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NEVER_PUT_BACK = 0
EPOCH = 7 << 32
FIRST_DAY = 19_732


def hours(*energies: tuple[int, int]) -> HourRows:
    """Measured hours as (number of the hour, Wh)."""
    number, energy_wh = (
        (np.array(column, np.int64) for column in zip(*energies, strict=True)) if energies else _nothing()
    )
    unknown, measured = np.full(len(number), UNKNOWN), np.full(len(number), MEASURED)
    owner, starts_s = np.full(len(number), POINT_ID), number * HOUR_S
    return HourRows(owner, starts_s, energy_wh, unknown, unknown, unknown, unknown, unknown, measured, measured)


def _nothing() -> tuple[Int64, Int64]:
    return np.zeros(0, np.int64), np.zeros(0, np.int64)


def changed(
    computed: HourRows, stored: HourRows, revision: int = 4, floor: int = NEVER_PUT_BACK
) -> dict[int, tuple[int, int]]:
    """What is to be written: Wh and revision by the number of the hour."""
    found = hour_changes(computed, stored, np.full(len(stored.owner), revision), floor)
    rows = zip(found.rows.energy_wh.tolist(), found.revision.tolist(), strict=True)
    return dict(zip((found.rows.starts_s // HOUR_S).tolist(), rows, strict=True))


def test_an_hour_that_was_not_there_is_new() -> None:
    assert changed(hours((1, 10), (2, 20)), hours()) == {1: (10, 1), 2: (20, 1)}
    assert changed(hours((1, 10), (2, 20)), hours((1, 10))) == {2: (20, 1)}


def test_an_hour_that_is_as_it_was_is_not_written() -> None:
    assert changed(hours((1, 10), (2, 20)), hours((1, 10), (2, 20))) == {}


def test_an_hour_with_another_value_takes_the_next_revision() -> None:
    assert changed(hours((1, 10), (2, 21)), hours((1, 10), (2, 20))) == {2: (21, 5)}


def test_an_hour_whose_quality_alone_changed_takes_the_next_revision_too() -> None:
    estimated = hours((1, 10))._replace(end_quality=np.array([3]))
    assert changed(estimated, hours((1, 10))) == {1: (10, 5)}


def test_an_hour_that_nothing_gives_any_more_becomes_unknown_once() -> None:
    found = hour_changes(hours(), hours((1, 10)), np.array([4]), NEVER_PUT_BACK)
    assert (found.rows.energy_wh.tolist(), found.revision.tolist()) == ([UNKNOWN], [5])
    assert (found.rows.start_quality.tolist(), found.rows.end_quality.tolist()) == ([MISSING], [MISSING])
    assert changed(hours(), found.rows, 5) == {}


def test_an_hour_that_is_known_again_goes_on_from_its_revision() -> None:
    unknown = hours((1, UNKNOWN))._replace(start_quality=np.array([MISSING]), end_quality=np.array([MISSING]))
    assert changed(hours((1, 10)), unknown, 5) == {1: (10, 6)}


def test_only_an_hour_that_was_not_there_is_called_new() -> None:
    found = hour_changes(hours((1, 11), (2, 20)), hours((1, 10), (3, 30)), np.array([4, 4]), EPOCH)
    assert dict(zip((found.rows.starts_s // HOUR_S).tolist(), found.is_new.tolist(), strict=True)) == {
        2: True, 1: False, 3: False
    }  # fmt: skip


def test_after_the_database_was_put_back_every_new_revision_is_of_the_new_epoch() -> None:
    known = hours((1, 10), (2, 20), (3, 30))
    assert changed(hours((1, 11), (2, 20), (4, 40)), known, 4, EPOCH) == {
        1: (11, EPOCH), 3: (UNKNOWN, EPOCH), 4: (40, EPOCH)
    }  # fmt: skip
    assert changed(hours((1, 11), (2, 20), (3, 30)), known, EPOCH + 4, EPOCH) == {1: (11, EPOCH + 5)}


def days(*energies: int, register_wh: int = 0) -> Days:
    """Whole days from FIRST_DAY on, of equal hours, each with a register at its end."""
    count = len(energies)
    begins_s = day_start_s(np.arange(FIRST_DAY, FIRST_DAY + count), STOCKHOLM)
    rows = [
        (int(begin_s) // HOUR_S + hour, wh)
        for begin_s, wh in zip(begins_s, energies, strict=True)
        for hour in range(24)
    ]
    nothing = np.zeros(count, np.int64)
    return days_of(hours(*rows), STOCKHOLM)._replace(
        register_wh=np.full(count, register_wh), register_l=nothing, offset_wh=nothing, offset_l=nothing
    )


def told(computed: Days, stored: Days, floor: int = NEVER_PUT_BACK) -> list[tuple[int, int, bool, bool]]:
    """Of each day to be written its number from FIRST_DAY, revision, whether it is new, whether it is told of."""
    found = day_changes(computed, stored, np.full(len(stored.owner), 4), floor)
    columns = (found.rows.day - FIRST_DAY, found.revision, found.is_new, found.is_told)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_a_new_a_changed_and_a_gone_day_are_told_of() -> None:
    assert told(days(1, 2), days(1)) == [(1, 1, True, True)]
    assert told(days(1, 3), days(1, 2)) == [(1, 5, False, True)]
    assert told(days(1), days(1, 2)) == [(1, 5, False, True)]


def test_a_day_that_is_as_it_was_is_not_written() -> None:
    assert told(days(1, 2), days(1, 2)) == []


def test_a_day_whose_register_alone_moved_is_written_under_its_revision_and_not_told_of() -> None:
    assert told(days(1, 2, register_wh=900), days(1, 2)) == [(0, 4, False, False), (1, 4, False, False)]


def test_after_the_database_was_put_back_every_day_that_is_told_of_is_of_the_new_epoch() -> None:
    assert told(days(1, 3), days(1, 2), EPOCH) == [(1, EPOCH, False, True)]
    assert told(days(1, 2), days(1), EPOCH) == [(1, EPOCH, True, True)]
    assert told(days(1), days(1, 2), EPOCH) == [(1, EPOCH, False, True)]
    moved = [(0, 4, False, False), (1, 4, False, False)]
    assert told(days(1, 2, register_wh=900), days(1, 2), EPOCH) == moved
