"""What is wrong with a reading by itself: each limit from both sides."""

import numpy as np
import pytest

from services.heat.arrays import UNKNOWN
from services.ingest.core.form import FormColumns, form_refusals
from services.ingest.core.verdict import Verdict
from tests.builders import MIDNIGHT_S

LATEST_S = MIDNIGHT_S + 300
MEMBERS = ("read_at_s", "recorded_s", "energy_wh", "volume_l", "forward_lc", "return_lc")
SAMPLES = ("flow_l_per_h", "power_w", "supply_c", "return_c")
GOOD = dict.fromkeys(MEMBERS, UNKNOWN) | {"read_at_s": MIDNIGHT_S, "energy_wh": 0} | dict.fromkeys(SAMPLES, np.nan)


def refusal(**given: float) -> int:
    one = GOOD | given
    whole = [np.array([one[name]], np.int64) for name in MEMBERS]
    samples = [np.array([one[name]], np.float64) for name in SAMPLES]
    return int(form_refusals(FormColumns(whole[0], whole[1], tuple(whole[2:]), tuple(samples)), LATEST_S)[0])


def test_the_least_that_a_reading_says_is_right() -> None:
    assert refusal() == 0


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ({"energy_wh": UNKNOWN}, Verdict.FIELD_MISSING),
        ({"read_at_s": 631_238_400}, None),
        ({"read_at_s": 631_238_399}, Verdict.TIME_OUT_OF_RANGE),
        ({"read_at_s": UNKNOWN}, Verdict.TIME_OUT_OF_RANGE),
        ({"recorded_s": 631_238_399}, Verdict.TIME_OUT_OF_RANGE),
        ({"read_at_s": 2_871_676_801}, Verdict.TIME_OUT_OF_RANGE),
        ({"read_at_s": LATEST_S}, None),
        ({"read_at_s": LATEST_S + 1}, Verdict.TIME_IN_FUTURE),
        ({"recorded_s": LATEST_S}, None),
        ({"recorded_s": LATEST_S + 1}, Verdict.TIME_IN_FUTURE),
        ({"energy_wh": -1}, Verdict.NEGATIVE_REGISTER),
        ({"volume_l": -1}, Verdict.NEGATIVE_REGISTER),
        # Cooling turns the integrals of temperature round where it is below 0.
        ({"forward_lc": -1}, None),
        ({"return_lc": -(10**15)}, None),
        ({"return_lc": -(10**15) - 1}, Verdict.OUT_OF_RANGE),
        ({"energy_wh": 10**15}, None),
        ({"energy_wh": 10**15 + 1}, Verdict.OUT_OF_RANGE),
        ({"volume_l": 2**63 - 1}, Verdict.OUT_OF_RANGE),
        ({"power_w": 1e9}, None),
        ({"power_w": -1.1e9}, Verdict.OUT_OF_RANGE),
        ({"supply_c": np.inf}, Verdict.NOT_FINITE),
        ({"supply_c": -np.inf}, Verdict.NOT_FINITE),
        ({"return_c": np.nan}, None),
    ],
)
def test_a_limit_is_where_it_is_said_to_be(given: dict[str, float], verdict: Verdict | None) -> None:
    assert refusal(**given) == (verdict or 0)
