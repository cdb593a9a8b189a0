"""Readings as columns, and which of several versions of one reading counts."""

from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Float64, Int64, owner_time_key
from services.ingest.core.verdict import Verdict

SENTINELS = (4_294_967_295, 16_777_215)
"""Registers that meters send instead of a value: all bits set, of 32 and of 24."""

HIGHEST_RANK = 100
"""That a source can have."""
OPERATOR_RANK = HIGHEST_RANK + 1
"""Of what an operator says: it counts before any source's word."""
YIELDING_RANK = OPERATOR_RANK + 1
"""By which an operator takes back what he said of an instant before: the sources' word counts again."""
ESTIMATE_RANK = -1
"""Of an estimate ahead of the last reading: whatever was read counts before it."""


class ReadingRows(NamedTuple):
    """Readings of known metering points: (n,) each; UNKNOWN or NaN where the meter gave nothing."""

    point_id: Int64
    read_at_s: Int64
    content_hash: Int64
    meter_id: Int64
    """The meter that the sender named, 0 where only the metering point was named."""
    rank: Int64
    recorded_us: Int64
    energy_wh: Int64
    volume_l: Int64
    forward_lc: Int64
    return_lc: Int64
    flow_l_per_h: Float64
    power_w: Float64
    supply_c: Float64
    return_c: Float64
    withdrawn: Int64
    verdict: Int64
    """The verdict as stored; 0 for a reading that was not judged yet."""
    delivery: Int64
    """Index of the delivery in the batch, -1 for readings stored already."""

    def take(self, which: Int64 | Bool) -> "ReadingRows":
        """Pick rows by index or mask."""
        return ReadingRows._make(column[which] for column in self)


def joined(*parts: ReadingRows) -> ReadingRows:
    """Lay readings of several origins end to end."""
    return ReadingRows._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


def in_order(rows: ReadingRows) -> ReadingRows:
    """Sort by metering point, instant and claim: of one instant the version that counts comes last."""
    key = owner_time_key(rows.point_id, rows.read_at_s)
    order = np.argsort(key, kind="stable")
    if (key[order[1:]] == key[order[:-1]]).any():
        # Of few instants there are two versions, so that most often their claims need not be sorted.
        order = np.lexsort((rows.content_hash, rows.withdrawn, rows.recorded_us, _claims(rows, key), key))
    return rows.take(order)


def _claims(rows: ReadingRows, key: Int64) -> Int64:
    """Give how much each version claims to be the one of its instant: its rank, or less than any where it yields.

    What operators said of an instant yields where the last thing they said is that it does.
    """
    of_operators = np.flatnonzero(rows.rank >= OPERATOR_RANK)
    if not (rows.rank[of_operators] == YIELDING_RANK).any():
        return rows.rank
    said = rows.take(of_operators)
    order = np.lexsort((said.content_hash, said.withdrawn, said.recorded_us, key[of_operators]))
    instants = key[of_operators[order]]
    last = np.searchsorted(instants, instants, side="right") - 1
    claims = rows.rank.copy()
    yields = said.rank[order[last]] == YIELDING_RANK
    claims[of_operators[order[yields]]] = ESTIMATE_RANK - 1
    return claims


def without_duplicates(rows: ReadingRows) -> ReadingRows:
    """Drop what is there twice: same metering point, instant and content. Of equals a stored one stays.

    rows: sorted by `in_order`. Source: domain.md, VEE rule 1.
    """
    same = _same_instant(rows) & (rows.content_hash[1:] == rows.content_hash[:-1])
    if not same.any():
        return rows
    group = np.cumsum(np.concatenate(([True], ~same)))
    stored_first = np.lexsort((-rows.verdict, group))
    first_of_group = np.concatenate(([True], np.diff(group[stored_first]) > 0))
    return rows.take(np.sort(stored_first[first_of_group]))


def verdicts_by_claim(rows: ReadingRows, which: Bool | None = None) -> Int64:
    """Weigh what versions of one instant claim: superseded, conflicting, withdrawn, or 0 where others must decide.

    rows: sorted by `in_order`; which: (n,) those that have a say, without it all; the verdicts are theirs alone.
    Of several versions of one instant the one with the highest rank counts, then the one recorded last, then a
    withdrawal, which was sent because of the other, then the larger hash; when it came never decides. Where only the
    hash does, between two values, the other one is refused as conflicting, so that an operator hears of it.
    Source: pitfall 7.
    """
    is_last = np.append(~_same_instant(rows), True)[: len(rows.point_id)]
    # Of few instants there are two versions, so that most often nothing but this need be picked.
    if is_last.all():
        return _withdrawn(rows.withdrawn if which is None else rows.withdrawn[which])
    rows = rows if which is None else rows.take(which)
    verdict = _withdrawn(rows.withdrawn)
    counts = np.append(~_same_instant(rows), True)[: len(verdict)]
    losers = np.where(_conflict_with(rows, counts), int(Verdict.CONFLICTING_VALUES), int(Verdict.SUPERSEDED))
    return np.where(counts, verdict, losers)


def _withdrawn(withdrawn: Int64) -> Int64:
    return np.where(withdrawn > 0, int(Verdict.WITHDRAWN), 0)


def _conflict_with(rows: ReadingRows, counts: Bool) -> Bool:
    """Tell which readings say something else than the one of their instant that counts, and claim as much."""
    winners = np.flatnonzero(counts)
    winner = rows.take(winners[np.searchsorted(winners, np.arange(len(counts)))])
    as_much = (rows.rank == winner.rank) & (rows.recorded_us == winner.recorded_us)
    as_much &= (rows.withdrawn == 0) & (winner.withdrawn == 0)
    differs = rows.energy_wh != winner.energy_wh
    return as_much & (differs | (without_sentinels(rows.volume_l) != without_sentinels(winner.volume_l)))


def has_other_versions(rows: ReadingRows, which: Bool | None = None) -> Bool:
    """Tell which readings are not the only version of their instant.

    rows: sorted by `in_order`; which: (n,) those that are looked at, without it all.
    """
    same = _same_instant(rows)
    result = np.zeros(len(rows.point_id), bool)
    result[1:] |= same
    result[:-1] |= same
    if which is None or not result.any():
        return result
    result[which] = has_other_versions(rows.take(which))
    return result & which


def without_sentinels(register: Int64) -> Int64:
    """Take a register beside the energy's as not known where the meter sent a sentinel; the energy still counts."""
    is_none = are_sentinels(register)
    return np.where(is_none, UNKNOWN, register) if is_none.any() else register


def are_sentinels(register: Int64) -> Bool:
    """Tell which registers are a meter's sign for 'no value'."""
    return np.isin(register, SENTINELS)


def are_operators(rows: ReadingRows) -> Bool:
    """Tell which readings are an operator's word."""
    return rows.rank == OPERATOR_RANK


def are_estimates(rows: ReadingRows) -> Bool:
    """Tell which readings nobody read: estimates ahead of the last one."""
    return rows.rank == ESTIMATE_RANK


def has_samples(rows: ReadingRows) -> Bool:
    """Tell which readings carry a temperature as the meter saw it at that moment."""
    return ~(np.isnan(rows.supply_c) & np.isnan(rows.return_c))


def _same_instant(rows: ReadingRows) -> Bool:
    return (rows.point_id[1:] == rows.point_id[:-1]) & (rows.read_at_s[1:] == rows.read_at_s[:-1])


def content_hash(columns: tuple[Int64, ...]) -> Int64:
    """Mix integer columns into one 64-bit number per row, the same in every process and release.

    columns: (n,) each, in a fixed order; floats are to be given as their bits. Uses the finaliser of
    splitmix64 after each column.
    """
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed = mixed + column.view(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed.view(np.int64)
