"""How another utility measures power is recognised by what the draft can say of it, and else asked for."""

import pytest

from deploy.local.folder import StackError
from services.cli.tariff_import import Wanted, price_lists
from services.cli.tariff_servers import Offer
from services.contracts.core.price_list_documents import price_list
from tests.unit.contracts.test_short_price_lists import ENERGY, power, short


def recognised(method: str) -> str | None:
    """Write a list measured by a method as tariffs, and read these as another utility's."""
    written = price_list(short(ENERGY, power({"per_kw_year": "900"}, method=method)))
    offer = Offer("Grannen", "0.1.0", list(written.tariffs), [], ())
    [draft] = price_lists(offer, Wanted((), (), None, None))
    return draft.extension.power_method


@pytest.mark.parametrize(
    "method", ["highest_1_days", "highest_12_days", "month_highest_3_days", "month_highest_2_hours"]
)
def test_a_method_that_the_draft_can_say_is_read_as_it_was_written(method: str) -> None:
    assert recognised(method) == method


def test_the_drafts_own_sample_is_goteborgs_way() -> None:
    assert recognised("highest_3_days") == recognised("goteborg") == "goteborg"


@pytest.mark.parametrize("method", ["highest_3_hours", "highest_1_hours", "minus_five"])
def test_hours_of_a_year_say_too_little_of_how_a_power_is_measured(method: str) -> None:
    with pytest.raises(StackError, match="say it by --power-method"):
        recognised(method)
