"""What a contract has beside its list is billed: options, a fixed price of energy, a discount, each on its days."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from deploy.local.services import BILLING
from deploy.local.stack import Stack
from schemas.agreements import Agreed, ChosenOption, PriceAgreement
from tests.integration.billing_street import BEGAN, House, Street
from tests.running import running

JANUARY, FEBRUARY, SIXTEENTH = date(2015, 1, 1), date(2015, 2, 1), date(2015, 1, 16)
CLIMATE = {"reference": "climate", "name": "Klimatval", "per_mwh": "10", "per_year": "365"}
CHOSEN = ChosenOption(valid_from=BEGAN, valid_to=None, reference="climate")


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(stack, BILLING, tmp_path_factory.mktemp("billing-agreed") / "billing.log") as client:
        yield client


@pytest.fixture(scope="module")
def street(stack: Stack, api: httpx.Client) -> Street:
    found = Street(stack, first_point=690_001)
    found.price_list("agreed", valid_from=BEGAN, options=[CLIMATE])
    found.wait_for_price_list("agreed")
    return found


def agreement(first: date = JANUARY, end: date = FEBRUARY, **other: Any) -> PriceAgreement:
    return PriceAgreement(name="Avtal 2015", valid_from=first, valid_to=end, **other)


def closed(api: httpx.Client, street: Street, agreed: Agreed, price_list: str = "agreed") -> House:
    house = street.house(price_list=price_list, agreed=agreed)
    street.days([house], date(2014, 12, 31), date(2015, 3, 31))
    assert api.post("/v1/runs/2015-01", timeout=60).status_code == 200
    return house


def invoice(api: httpx.Client, street: Street, house: House) -> dict[str, Any]:
    number = street.value("SELECT number FROM billing.invoice WHERE contract_id = %s", house.contract_id)
    found: dict[str, Any] = api.get(f"/v1/invoices/{number}").json()
    return found


def lines(api: httpx.Client, street: Street, house: House) -> list[tuple[str, str, int]]:
    return [(one["component"], one["label"], one["amount_ore"]) for one in invoice(api, street, house)["lines"]]


def test_an_option_is_a_line_of_its_own_beside_the_lists(api: httpx.Client, street: Street) -> None:
    house = closed(api, street, Agreed(options=(CHOSEN,)))
    # 1.55 MWh at 10 kr, and 365 kr a year for 31 of 365 days.
    assert {("energy", "Klimatval", 1_550), ("fixed", "Klimatval", 3_100)} <= set(lines(api, street, house))
    assert [one[2] for one in lines(api, street, house) if one[1] != "Klimatval"] == [80_600, 86_630, 4_077]
    [part] = invoice(api, street, house)["basis"]["parts"]
    assert [one["reference"] for one in part["options"]] == ["climate"]
    assert "agreements" not in part


def test_an_agreed_price_of_energy_stands_in_place_of_the_lists(api: httpx.Client, street: Street) -> None:
    house = closed(api, street, Agreed((CHOSEN,), (agreement(energy_per_mwh=Decimal(400)),)))
    energy = [one for one in lines(api, street, house) if one[0] == "energy"]
    assert sorted(energy) == [("energy", "Avtal 2015", 62_000), ("energy", "Klimatval", 1_550)]
    assert ("power", "", 86_630) in lines(api, street, house)


def test_a_discount_is_off_energy_power_and_fixed_charge(api: httpx.Client, street: Street) -> None:
    house = closed(api, street, Agreed(agreements=(agreement(discount_percent=Decimal(10)),)))
    # 806 and 866.301 and 40.767 kr, less a tenth, each rounded once.
    assert [one[2] for one in lines(api, street, house)] == [72_540, 77_967, 3_669]
    [part] = invoice(api, street, house)["basis"]["parts"]
    assert [one["discount_percent"] for one in part["agreements"]] == ["10"]


def test_a_month_is_parted_where_an_agreement_begins(api: httpx.Client, street: Street) -> None:
    house = closed(api, street, Agreed(agreements=(agreement(SIXTEENTH, energy_per_mwh=Decimal(400)),)))
    energy = [one for one in invoice(api, street, house)["lines"] if one["component"] == "energy"]
    # Fifteen days of 50 kWh at the list's 520 kr, sixteen at 400.
    assert [(one["part_from"], one["amount_ore"]) for one in energy] == [("2015-01-01", 39_000), ("2015-01-16", 32_000)]


def test_what_is_agreed_afterwards_for_a_billed_day_makes_its_month_dirty(api: httpx.Client, street: Street) -> None:
    house = closed(api, street, Agreed())
    house.version, house.agreed = (
        2,
        Agreed(agreements=(agreement(FEBRUARY, date(2015, 3, 1), discount_percent=Decimal(5)),)),
    )
    street.tell_contracts([house])
    assert street.state(house, JANUARY) == ("issued", None)
    house.version, house.agreed = 3, Agreed(agreements=(agreement(discount_percent=Decimal(5)),))
    street.tell_contracts([house])
    street.wait_for_state(house, JANUARY, ("dirty", "terms_changed"))


def test_an_option_that_ends_after_the_billed_month_leaves_it_as_it_is(api: httpx.Client, street: Street) -> None:
    house = closed(api, street, Agreed(options=(CHOSEN,)))
    house.version, house.agreed = 2, Agreed(options=(CHOSEN.model_copy(update={"valid_to": FEBRUARY}),))
    street.tell_contracts([house])
    assert street.state(house, JANUARY) == ("issued", None)


def test_a_contract_with_an_option_that_its_list_does_not_offer_is_held(api: httpx.Client, street: Street) -> None:
    house = closed(api, street, Agreed(options=(CHOSEN,)), price_list="street")
    assert street.state(house, JANUARY) == ("held", "option_not_priced")
