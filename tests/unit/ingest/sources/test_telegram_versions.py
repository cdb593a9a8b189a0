"""Telegrams read again: only what differs is sent, it counts before what was said, and what is gone is taken back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.ingest.sources.telegram_versions import again

ASKED_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = ASKED_AT.isoformat()


def row(item: int = 0, energy_wh: int = 1_000, hour: int = 7, **more: Any) -> dict[str, Any]:
    at = f"2026-01-05T{hour:02d}:00:00+00:00"
    return {"item": item, "serial": "4711", "read_at": at, "energy_wh": energy_wh, "withdrawn": False} | more


def test_what_is_read_as_before_is_not_sent() -> None:
    assert again([row()], [row()], ASKED_AT) == ([], [row()])


def test_another_value_is_a_version_recorded_when_the_replay_was_asked_for() -> None:
    version = row(energy_wh=2_000, recorded_at=NOW)
    assert again([row()], [row(energy_wh=2_000)], ASKED_AT) == ([version], [version])


def test_a_value_that_was_replaced_by_an_earlier_replay_is_the_same_without_another_version() -> None:
    replaced = row(energy_wh=2_000, recorded_at="2026-02-01T00:00:00+00:00")
    assert again([replaced], [row(energy_wh=2_000)], ASKED_AT) == ([], [replaced])


def test_what_was_never_read_counts_as_recorded_when_it_was_read() -> None:
    assert again([], [row()], ASKED_AT) == ([row()], [row()])


@pytest.mark.parametrize("after", [[], [row(hour=6)]], ids=["refused now", "read at another hour"])
def test_an_instant_that_nothing_is_read_for_any_more_is_withdrawn(after: list[dict[str, Any]]) -> None:
    sent, read_as = again([row(volume_l=5)], after, ASKED_AT)
    assert sent[-1] == row(withdrawn=True, recorded_at=NOW)
    assert list(sent) == list(read_as)
    assert [one["recorded_at"] for one in sent] == [NOW] * len(sent)


def test_a_withdrawal_is_sent_once_and_undone_by_a_later_version() -> None:
    withdrawn = row(withdrawn=True, recorded_at="2026-02-01T00:00:00+00:00")
    assert again([withdrawn], [], ASKED_AT) == ([], [withdrawn])
    version = row(recorded_at=NOW)
    assert again([withdrawn], [row()], ASKED_AT) == ([version], [version])


def test_an_instant_that_another_telegram_of_the_delivery_gives_is_not_withdrawn() -> None:
    sent, read_as = again([row(0), row(1)], [row(1)], ASKED_AT)
    assert (sent, read_as) == ([], [row(1)])


def test_each_telegram_is_held_against_itself() -> None:
    before = [row(0, 1_000, 7), row(1, 2_000, 8)]
    after = [row(0, 1_000, 7), row(1, 2_500, 8)]
    sent, read_as = again(before, after, ASKED_AT)
    assert sent == [row(1, 2_500, 8, recorded_at=NOW)]
    assert read_as == [before[0], *sent]
