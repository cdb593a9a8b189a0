"""Which of several versions of one reading counts, and what is there twice."""

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.core.figures import verdicts
from services.ingest.core.readings import (
    ReadingRows,
    content_hash,
    in_order,
    joined,
    verdicts_by_claim,
    without_duplicates,
)
from services.ingest.core.verdict import Verdict
from tests.unit.ingest.rows import installations, reading_rows, terms_of

AT_S = 1_700_000_000
SECOND_US = 1_000_000
PUSHED_OUT = [int(Verdict.SUPERSEDED), int(Verdict.CONFLICTING_VALUES)]


def version(energy_wh: int, **claim: Any) -> dict[str, Any]:
    return {"read_at_s": AT_S, "energy_wh": energy_wh} | claim


def counting(*versions: dict[str, Any]) -> list[int]:
    """The energies of the versions that no other one outranks."""
    rows = reading_rows(versions)
    return rows.energy_wh[~np.isin(verdicts_by_claim(rows), PUSHED_OUT)].tolist()


def judged(rows: ReadingRows) -> list[int]:
    return verdicts(rows, terms_of(installations([]), rows), np.zeros(len(rows.point_id), bool)).tolist()


def test_the_higher_rank_counts_whenever_it_was_recorded() -> None:
    assert counting(version(1, rank=2), version(2, rank=1, recorded_us=(AT_S + 99) * SECOND_US)) == [1]


def test_of_one_rank_the_version_recorded_last_counts() -> None:
    later = (AT_S + 1) * SECOND_US
    assert counting(version(1, recorded_us=later), version(2)) == [1]


def test_a_withdrawal_that_does_not_say_when_it_was_recorded_takes_its_reading_back() -> None:
    for energy_wh in range(50):
        rows = reading_rows([version(energy_wh), version(energy_wh, withdrawn=1)])
        assert rows.withdrawn[verdicts_by_claim(rows) == int(Verdict.WITHDRAWN)].tolist() == [1]


def test_between_equal_claims_the_same_one_counts_in_every_order() -> None:
    assert counting(version(1), version(2)) == counting(version(2), version(1))


@given(
    versions=st.lists(
        st.builds(
            version,
            st.integers(0, 3),
            rank=st.integers(0, 1),
            withdrawn=st.integers(0, 1),
            recorded_us=st.integers(AT_S, AT_S + 1).map(lambda at_s: at_s * SECOND_US),
        ),
        min_size=1,
        max_size=6,
    ),
    data=st.data(),
)
def test_the_version_that_counts_does_not_depend_on_the_order_or_on_repetition(
    versions: list[dict[str, Any]], data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations(versions + versions[:2]))
    one, other = without_duplicates(reading_rows(versions)), without_duplicates(reading_rows(mixed))
    assert one.content_hash.tolist() == other.content_hash.tolist()
    assert verdicts_by_claim(one).tolist() == verdicts_by_claim(other).tolist()
    assert (~np.isin(verdicts_by_claim(one), PUSHED_OUT)).sum() == 1


def claims(*versions: dict[str, Any]) -> list[int]:
    return sorted(verdicts_by_claim(reading_rows(versions)).tolist())


def test_of_two_values_that_claim_as_much_the_other_is_refused_as_conflicting() -> None:
    assert claims(version(1), version(2)) == [0, Verdict.CONFLICTING_VALUES]
    assert claims(version(1, volume_l=5), version(1, volume_l=6)) == [0, Verdict.CONFLICTING_VALUES]


def test_values_of_another_rank_or_moment_or_with_other_samples_alone_do_not_conflict() -> None:
    assert claims(version(1), version(2, rank=1)) == [0, Verdict.SUPERSEDED]
    assert claims(version(1), version(2, recorded_us=(AT_S + 1) * SECOND_US)) == [0, Verdict.SUPERSEDED]
    assert claims(version(1, supply_c=80.0), version(1, supply_c=81.0)) == [0, Verdict.SUPERSEDED]


def test_one_that_conflicts_has_its_turn_where_the_readings_around_refuse_the_other() -> None:
    around = [{"read_at_s": AT_S + hour * 3_600, "energy_wh": 1_000 * hour} for hour in range(-30, 31) if hour > 0]
    around += [{"read_at_s": AT_S - 3_600, "energy_wh": 0}]
    for wrong_wh in range(10**9, 10**9 + 20):
        rows = reading_rows([*around, version(500), version(wrong_wh)])
        found = dict(zip(rows.energy_wh.tolist(), judged(rows), strict=True))
        assert found[500] == Verdict.ACCEPTED
        assert found[wrong_wh] in (Verdict.ABOVE_PLAUSIBLE_MAXIMUM, Verdict.CONFLICTING_VALUES)


def test_a_withdrawal_takes_back_every_version_that_it_outranks() -> None:
    later = (AT_S + 1) * SECOND_US
    rows = reading_rows([version(1), version(2), version(1, withdrawn=1, recorded_us=later)])
    assert sorted(verdicts_by_claim(rows).tolist()) == [Verdict.SUPERSEDED, Verdict.SUPERSEDED, Verdict.WITHDRAWN]


def test_a_version_recorded_after_a_withdrawal_counts_again() -> None:
    first, second = ((AT_S + more) * SECOND_US for more in (1, 2))
    assert counting(version(1), version(1, withdrawn=1, recorded_us=first), version(5, recorded_us=second)) == [5]


def test_all_bits_set_is_no_reading_and_pushes_none_out() -> None:
    for no_reading in (4_294_967_295, 16_777_215):
        rows = reading_rows([version(no_reading, rank=1), version(5)])
        assert rows.energy_wh.tolist() == [5, no_reading]
        assert judged(rows) == [Verdict.ACCEPTED, Verdict.SENTINEL]


def test_a_withdrawal_counts_whatever_register_it_repeats() -> None:
    assert judged(reading_rows([version(4_294_967_295, withdrawn=1)])) == [Verdict.WITHDRAWN]


def test_what_is_there_twice_is_dropped_and_what_is_stored_stays() -> None:
    stored = reading_rows([version(1, verdict=int(Verdict.ACCEPTED))])
    rows = without_duplicates(in_order(joined(stored, reading_rows([version(1), version(1), version(2)]))))
    assert sorted(zip(rows.energy_wh.tolist(), rows.verdict.tolist(), strict=True)) == [(1, Verdict.ACCEPTED), (2, 0)]


def test_the_same_content_at_another_instant_is_another_reading() -> None:
    rows = reading_rows([version(1, recorded_us=5), version(1, recorded_us=5) | {"read_at_s": AT_S + 1}])
    assert len(without_duplicates(rows).point_id) == 2


def test_a_content_has_the_same_hash_in_every_release() -> None:
    # Computed by a separate splitmix64 in whole Python numbers.
    columns = (np.array([0, 5, -1]), np.array([0, 2**40, 7]))
    assert content_hash(columns).tolist() == [_splitmix(0, 0), _splitmix(5, 2**40), _splitmix(-1, 7)]


def _splitmix(*values: int) -> int:
    mixed, word = 0, 2**64
    for value in values:
        mixed = (mixed + value + 0x9E3779B97F4A7C15) % word
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % word
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % word
        mixed ^= mixed >> 31
    return mixed - word if mixed >= word // 2 else mixed
