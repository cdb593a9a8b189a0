"""Whatever bodies and files come, a way in gives readings or its own refusal, and soon."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.bodies import WAYS_IN, WORKBOOKS, WayIn
from tests.fuzz.damage import damaged

every_way_in = pytest.mark.parametrize("way", [*WAYS_IN, WORKBOOKS], ids=lambda way: way.read.__name__)


@pytest.mark.parametrize("way", WAYS_IN, ids=lambda way: way.read.__name__)
@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_damage_is_refused_by_name(way: WayIn, data: st.DataObject) -> None:
    way.read(data.draw(damaged(way.good, of_text=way.is_text)))


@every_way_in
def test_what_is_damaged_elsewhere_is_good_in_itself(way: WayIn) -> None:
    assert "read" in {way.read(one) for one in way.good}
