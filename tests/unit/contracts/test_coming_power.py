"""Which winter's power is to come, of all that are determined."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import DeterminationId
from services.contracts.core.determination import Made, coming_power

TODAY = date(2026, 11, 26)
NEXT_MONTH = date(2026, 12, 1)


def made(winter: str, measured_kw: str | None, effective_on: date | None = NEXT_MONTH) -> Made:
    """A determination compared with 9 kW."""
    measured = None if measured_kw is None else Decimal(measured_kw)
    return Made(DeterminationId(UUID(int=int(winter[:4]))), winter, "minus_five", measured, Decimal(9), effective_on)


OLDER, NEWER = "2023/2024", "2024/2025"


@pytest.mark.parametrize(
    ("of_newer", "kw"),
    [
        (made(NEWER, "7.20"), "7"),
        (made(NEWER, "9.20", None), None),
        (made(NEWER, "7.20", TODAY), None),
        (made(NEWER, None, None), "12"),
    ],
    ids=["changes it", "keeps what is in force", "counts already", "measured nothing"],
)
@pytest.mark.parametrize("is_older_first", [True, False])
def test_the_newest_winter_that_measured_a_power_holds(of_newer: Made, kw: str | None, is_older_first: bool) -> None:
    both = [made(OLDER, "12.40"), of_newer]
    power = coming_power(both if is_older_first else both[::-1], TODAY)
    assert (None if power is None else str(power.kw)) == kw


WINTERS = st.lists(st.sampled_from([f"{year}/{year + 1}" for year in range(2015, 2026)]), unique=True, max_size=6)


@given(winters=WINTERS, data=st.data())
def test_the_power_to_come_does_not_depend_on_the_order_of_the_winters(winters: list[str], data: st.DataObject) -> None:
    measured = st.sampled_from([None, "7.20", "12.40", "30.00"])
    determinations = [made(winter, data.draw(measured)) for winter in winters]
    told = [winter for winter, one in zip(winters, determinations, strict=True) if one.measured_kw is not None]
    power = coming_power(data.draw(st.permutations(determinations)), TODAY)
    assert (power is None) == (not told)
    if power is not None:
        assert power.determination_id == made(max(told), "7.20").determination_id
        assert power.valid_from == NEXT_MONTH


def test_without_winters_no_power_is_to_come() -> None:
    assert coming_power([], TODAY) is None
