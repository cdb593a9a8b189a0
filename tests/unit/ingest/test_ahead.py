"""An estimate ahead counts until something is read at that instant or behind it, and disturbs nothing that is read."""

from typing import Any

import numpy as np

from services.heat.gaps import NO_SHAPES
from services.heat.hour_marks import ESTIMATED, MEASURED
from services.ingest.core.ahead import with_estimates
from services.ingest.core.figures import NO_SEEDS, marks_of, verdicts
from services.ingest.core.readings import ESTIMATE_RANK, OPERATOR_RANK, are_estimates
from services.ingest.core.running import accepted
from services.ingest.core.verdict import Verdict
from tests.oracle.verdicts import Place
from tests.unit.ingest.rows import installations, reading_rows, terms_of

HOUR_S, DAY_S = 3_600, 86_400
STANDS, OVERTAKEN = int(Verdict.ACCEPTED), int(Verdict.OVERTAKEN_ESTIMATE)
READ = {0: 0, HOUR_S: 1_000, 2 * HOUR_S: 2_000}

Row = dict[str, Any]


def read(registers: dict[int, int] = READ) -> list[Row]:
    return [{"read_at_s": at_s, "energy_wh": wh} for at_s, wh in registers.items()]


def estimate(at_s: int, energy_wh: int, **more: Any) -> Row:
    return {"read_at_s": at_s, "energy_wh": energy_wh, "rank": ESTIMATE_RANK} | more


def judged(rows: list[Row], places: list[Place] | None = None) -> dict[tuple[int, int], int]:
    """Give the verdicts by instant and register."""
    laid = reading_rows(rows)
    terms, is_read = terms_of(installations(places or []), laid), ~are_estimates(laid)
    own = verdicts(laid.take(is_read), terms.take(is_read), np.zeros(int(is_read.sum()), bool))
    found = with_estimates(laid, terms, is_read, own).tolist()
    return dict(zip(zip(laid.read_at_s.tolist(), laid.energy_wh.tolist(), strict=True), found, strict=True))


def test_an_estimate_stands_behind_the_last_reading() -> None:
    assert judged([*read(), estimate(DAY_S, 20_000)])[DAY_S, 20_000] == STANDS


def test_a_reading_at_the_instant_of_an_estimate_or_behind_it_overtakes_it() -> None:
    for at_s in (DAY_S, DAY_S + 60):
        found = judged([*read(), *read({at_s: 15_000}), estimate(DAY_S, 20_000)])
        assert found[DAY_S, 20_000] == OVERTAKEN
        assert found[at_s, 15_000] == STANDS


def test_a_reading_below_the_estimate_before_it_is_not_refused_for_that() -> None:
    found = judged([*read(), *read({DAY_S + HOUR_S: 9_000}), estimate(DAY_S, 20_000)])
    assert found == {(0, 0): 1, (HOUR_S, 1_000): 1, (2 * HOUR_S, 2_000): 1, (DAY_S, 20_000): 5, (90_000, 9_000): 1}


def test_a_refused_reading_overtakes_nothing() -> None:
    found = judged([*read(), *read({DAY_S + HOUR_S: 10**9}), estimate(DAY_S, 20_000)])
    assert found[DAY_S, 20_000] == STANDS
    assert found[DAY_S + HOUR_S, 10**9] == int(Verdict.ABOVE_PLAUSIBLE_MAXIMUM)


def test_a_withdrawn_reading_overtakes_nothing() -> None:
    taken_back = [
        *read({2 * DAY_S: 30_000}),
        {"read_at_s": 2 * DAY_S, "energy_wh": 30_000, "withdrawn": 1, "rank": OPERATOR_RANK},
    ]
    assert judged([*read(), *taken_back, estimate(DAY_S, 20_000)])[DAY_S, 20_000] == STANDS


def test_an_estimate_goes_on_from_the_estimate_before_it() -> None:
    found = judged([*read(), estimate(DAY_S, 20_000), estimate(2 * DAY_S, 19_000), estimate(3 * DAY_S, 50_000)])
    assert [found[DAY_S, 20_000], found[2 * DAY_S, 19_000], found[3 * DAY_S, 50_000]] == [STANDS, OVERTAKEN, STANDS]


def test_of_two_estimates_of_one_instant_the_one_made_last_counts_and_nobody_is_asked() -> None:
    first, last = (estimate(DAY_S, wh, recorded_us=at_us) for wh, at_us in ((20_000, 1), (21_000, 2)))
    found = judged([*read(), first, last])
    assert (found[DAY_S, 20_000], found[DAY_S, 21_000]) == (int(Verdict.SUPERSEDED), STANDS)
    at_once = judged([*read(), first, estimate(DAY_S, 21_000, recorded_us=1)])
    assert sorted([at_once[DAY_S, 20_000], at_once[DAY_S, 21_000]]) == [STANDS, int(Verdict.SUPERSEDED)]


def test_an_estimate_that_was_taken_back_does_not_stand() -> None:
    found = judged([*read(), estimate(DAY_S, 20_000), estimate(DAY_S, 0, withdrawn=1, recorded_us=10**12)])
    assert found[DAY_S, 20_000] == int(Verdict.SUPERSEDED)
    assert found[DAY_S, 0] == int(Verdict.WITHDRAWN)


def test_an_estimate_that_readings_since_contradict_does_not_stand() -> None:
    late = read({DAY_S - HOUR_S: 30_000})
    assert judged([*read(), *late, estimate(DAY_S, 20_000)])[DAY_S, 20_000] == OVERTAKEN
    # What is left for the last hour is more than the metering point can use in one.
    late = read({DAY_S - HOUR_S: 3_000})
    assert judged([*read(), *late, estimate(DAY_S, 90_000)])[DAY_S, 90_000] == OVERTAKEN


def test_an_estimate_does_not_stand_where_another_meter_sits_or_none() -> None:
    one = Place(1, 0, DAY_S - 1, (None, None), (None, None), (0, 0), 1)
    other = one._replace(meter_id=2, installed_s=DAY_S - 1, removed_s=None)
    rows = [*read(), estimate(DAY_S, 20_000)]
    assert judged(rows, [one])[DAY_S, 20_000] == OVERTAKEN
    assert judged(rows, [one, other])[DAY_S, 20_000] == OVERTAKEN
    assert judged(rows, [one._replace(removed_s=None)])[DAY_S, 20_000] == STANDS


def test_an_estimate_rolls_over_with_its_meter_and_shows_nothing_that_it_cannot_show() -> None:
    place = Place(1, 0, None, (None, None), (None, None), (10_000, 0), 1)
    assert judged([*read(), estimate(DAY_S, 500)], [place])[DAY_S, 500] == STANDS
    assert judged([*read(), estimate(DAY_S, 10_500)], [place])[DAY_S, 10_500] == OVERTAKEN


def test_marks_that_rest_on_an_estimate_are_estimated_however_near_it_is() -> None:
    rows = reading_rows([*read(), estimate(3 * HOUR_S, 3_000)])
    places = installations([])
    counted = accepted(rows, np.full(4, STANDS), terms_of(places, rows), places)
    marks, quality = marks_of(counted, NO_SEEDS, NO_SHAPES)
    assert marks.at_s.tolist() == [0, HOUR_S, 2 * HOUR_S, 3 * HOUR_S]
    assert quality.tolist() == [MEASURED, MEASURED, MEASURED, ESTIMATED]
