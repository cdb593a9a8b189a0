"""Options and price agreements: what they make of a list's prices, and of a contract whose offer is signed."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from deploy.local.folder import ROOT
from schemas.agreed_rates import agreed_rates, unoffered
from schemas.agreements import AS_LISTED, Agreed, ChosenOption, PriceAgreement
from schemas.price_lists import PriceList, PriceListChanged
from schemas.rates import rates
from schemas.values import PriceListId
from services.contracts.core import documents
from services.contracts.core.agreeing import options_after_moves, options_otherwise, unoffered_option
from services.contracts.core.offers import Parties, sheet, with_offer
from services.contracts.core.price_list_life import Term
from services.contracts.core.price_list_rules import faults
from services.contracts.core.year_cost import MONTHS, Prices, assumed, twelve_months

BAS = json.loads((ROOT / "services/contracts/price_lists/bas-2023.json").read_text())
CLIMATE = {"reference": "climate", "name": "Klimatval", "per_mwh": "15"}
SERVICE = {"reference": "service", "name": "Serviceavtal", "per_year": "1200"}
KWH = np.full(MONTHS, 4_000)
NEXT = date(2024, 1, 1)
EXPIRES = datetime(2023, 12, 1, tzinfo=UTC)


def a_list(*options: dict[str, Any], **other: Any) -> PriceList:
    return PriceList.model_validate({**BAS, "options": options, "price_list_id": "bas", "version": 1, **other})


BAS_WITH = a_list(CLIMATE, SERVICE)


def cost_kr(agreed: Agreed, price_list: PriceList = BAS_WITH) -> dict[str, Decimal]:
    """A year of 48 MWh at 20 kW, by the names of its lines."""
    prices = Prices(price_list, twelve_months(price_list, date(2023, 5, 5)) or (), agreed)
    cost = prices.cost(assumed(prices, KWH, np.full(MONTHS, 2_000)))
    return {f"{line.charge.value} {line.name}".strip(): Decimal(line.ore) / 100 for line in cost.lines}


def year(**other: Any) -> PriceAgreement:
    return PriceAgreement(name="Avtal", valid_from=date(2023, 1, 1), valid_to=date(2024, 1, 1), **other)


def chosen(reference: str, first: date = date(2023, 1, 1), end: date | None = None) -> ChosenOption:
    return ChosenOption(valid_from=first, valid_to=end, reference=reference)


def test_an_option_costs_what_the_list_says_beside_everything_else() -> None:
    listed, agreed = cost_kr(AS_LISTED), cost_kr(Agreed((chosen("climate"), chosen("service"))))
    assert agreed.pop("energy Klimatval") == 15 * 48
    # Twelve months, each rounded by itself.
    assert agreed.pop("fixed Serviceavtal") == pytest.approx(Decimal(1_200), abs=Decimal("0.06"))
    assert agreed == listed


def test_an_option_by_the_month_costs_the_same_in_every_month() -> None:
    service = a_list({"reference": "service", "name": "Service", "per_month": "99"})
    assert service.extension.options[0].per_month is not None
    assert cost_kr(Agreed((chosen("service"),)), service)["fixed Service"] == 12 * 99
    february = Agreed((chosen("service", date(2023, 2, 1), date(2023, 3, 1)),))
    assert cost_kr(february, service)["fixed Service"] == 99


def test_an_option_that_ends_costs_nothing_afterwards() -> None:
    half = cost_kr(Agreed((chosen("climate", end=date(2023, 7, 1)),)))
    assert half["energy Klimatval"] == 15 * 24


def test_a_fixed_price_stands_in_place_of_all_seasons() -> None:
    agreed = cost_kr(Agreed(agreements=(year(energy_per_mwh=Decimal(400)),)))
    assert agreed["energy Avtal"] == 400 * 48
    assert [name for name in agreed if name.startswith("energy")] == ["energy Avtal"]


def test_a_discount_is_off_energy_power_and_fixed_charges_and_off_nothing_else() -> None:
    held = a_list(components=[*BAS["components"], {"type": "volumePrice", "price_per_m3": "3.5"}])
    listed, off = (cost_kr(Agreed(agreements=some), held) for some in ((), (year(discount_percent=Decimal(10)),)))
    for name, kr in listed.items():
        share = Decimal("0.9") if name.split()[0] in ("energy", "power", "fixed") else Decimal(1)
        assert off[name] == pytest.approx(kr * share, abs=Decimal("0.12")), name
    assert any(name.startswith("volume") for name in listed)


def test_options_are_not_discounted() -> None:
    agreed = cost_kr(Agreed((chosen("climate"),), (year(discount_percent=Decimal(50)),)))
    assert agreed["energy Klimatval"] == 15 * 48


def test_a_bands_fixed_part_and_rate_stay_one_amount_where_an_agreement_begins() -> None:
    off = PriceAgreement(name="x", valid_from=date(2023, 3, 1), valid_to=NEXT, discount_percent=Decimal(10))
    assert [name for name in cost_kr(Agreed(agreements=(off,))) if name.startswith("fixed")] == ["fixed Fast avgift"]


def test_without_anything_agreed_prices_are_the_lists() -> None:
    assert agreed_rates(BAS_WITH, AS_LISTED) == rates(BAS_WITH)


def test_an_option_that_a_list_does_not_offer_is_named_on_its_days_alone() -> None:
    agreed = Agreed((chosen("other", date(2023, 5, 1), date(2023, 6, 1)),))
    assert unoffered(BAS_WITH, agreed, date(2023, 5, 31)) == ["other"]
    assert unoffered(BAS_WITH, agreed, date(2023, 6, 1)) == []


@pytest.mark.parametrize(
    ("options", "where"),
    [
        (({"reference": "a", "name": "A"},), "extension.options[0].perYear"),
        ((CLIMATE, CLIMATE), "extension.options[1].reference"),
    ],
)
def test_an_option_without_a_price_or_of_anothers_reference_is_refused(options: Any, where: str) -> None:
    assert [fault.where for fault in faults(a_list(*options))] == [where]


def contract(**other: Any) -> documents.Contract:
    terms = [{"valid_from": "2023-01-01", "price_list_id": "bas"}]
    whole = {"customer_number": "C-1", "metering_point": "P-1", "terms": terms, **other}
    return documents.Contract.model_validate(whole)


@pytest.mark.parametrize(
    "wrong",
    [
        {"options": [{"reference": "a", "valid_from": "2023-02-01"}, {"reference": "a", "valid_from": "2023-03-01"}]},
        {"options": [{"reference": "a", "valid_from": "2022-12-31"}]},
        {"options": [{"reference": "a", "valid_from": "2023-03-01", "valid_to": "2023-03-01"}]},
        {"agreements": [{"name": "x", "valid_from": "2023-03-01", "valid_to": "2023-05-01"}]},
        {
            "agreements": [
                {"name": "x", "valid_from": "2023-03-01", "valid_to": "2023-05-01", "discount_percent": "5"},
                {"name": "y", "valid_from": "2023-04-01", "valid_to": "2023-06-01", "discount_percent": "5"},
            ]
        },
    ],
)
def test_options_and_agreements_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        contract(**wrong)


def test_the_same_options_in_another_order_are_the_same_contract() -> None:
    options = [{"reference": one, "valid_from": "2023-02-01"} for one in ("b", "a")]
    assert contract(options=options) == contract(options=options[::-1])


LISTS = {
    "bas": PriceListChanged(price_list_id=PriceListId("bas"), version=1, versions=(BAS_WITH,)),
    "topp": PriceListChanged(price_list_id=PriceListId("topp"), version=1, versions=(a_list(SERVICE),)),
}


def test_an_option_must_be_offered_by_every_list_that_the_contract_has_while_it_counts() -> None:
    terms = [Term(date(2023, 1, 1), "bas"), Term(date(2023, 7, 1), "topp")]
    found = unoffered_option([option("climate", "2023-02-01")], terms, LISTS)
    assert found is not None
    assert (found[0], found[1].reference) == ("options[0].reference", "climate")
    assert unoffered_option([option("climate", "2023-02-01", "2023-07-01")], terms, LISTS) is None


def option(reference: str, valid_from: str, valid_to: str | None = None) -> documents.Option:
    days = {"valid_from": valid_from, "valid_to": valid_to}
    return documents.Option.model_validate({"reference": reference, **days})


MOVED = [Term(date(2023, 1, 1), "bas"), Term(date(2023, 7, 1), "topp", "bas"), Term(date(2023, 10, 1), "bas")]


def test_an_option_ends_where_a_withdrawal_moves_the_contract_to_a_list_without_it() -> None:
    runs_on, is_over = option("climate", "2023-02-01"), option("climate", "2023-01-01", "2023-02-01")
    too_late, afterwards = option("other", "2023-08-01"), option("other", "2023-10-01")
    stays = option("service", "2023-01-01")
    found = options_after_moves([runs_on, is_over, too_late, afterwards, stays], MOVED, LISTS)
    assert set(found) == {option("climate", "2023-02-01", "2023-07-01"), is_over, afterwards, stays}
    assert options_after_moves(found, MOVED, LISTS) == found


def test_who_puts_an_option_that_is_not_offered_after_a_move_is_told_so_and_who_had_it_before_is_not() -> None:
    assert unoffered_option([option("climate", "2023-02-01", "2023-09-01")], MOVED, LISTS) is None
    found = unoffered_option([option("climate", "2023-08-01", "2023-09-01")], MOVED, LISTS)
    assert found is not None
    assert found[2] == LISTS["topp"].versions[0]


def offered(**other: Any) -> documents.Offer:
    whole = {
        "contract_number": "K-1",
        "price_list_id": "bas",
        "valid_from": NEXT,
        "expires_at": datetime(2023, 12, 1, tzinfo=UTC),
    }
    return documents.Offer.model_validate(whole | other)


def test_signed_options_take_the_place_of_all_others_from_their_day_on() -> None:
    options = [
        {"reference": "climate", "valid_from": "2023-02-01"},
        {"reference": "old", "valid_from": "2023-02-01", "valid_to": "2023-09-01"},
        {"reference": "service", "valid_from": "2023-03-01", "valid_to": "2024-06-01"},
    ]
    before = contract(options=options)
    after = with_offer(before, offered(chosen_options=["service", "new"]))
    assert [(one.reference, str(one.valid_from), one.valid_to and str(one.valid_to)) for one in after.options] == [
        ("climate", "2023-02-01", "2024-01-01"),
        ("old", "2023-02-01", "2023-09-01"),
        ("service", "2023-03-01", None),
        ("new", "2024-01-01", None),
    ]
    assert with_offer(before, offered()).options == before.options


def test_options_that_a_contract_has_keep_their_days_in_a_simulation_and_new_ones_count_all_days() -> None:
    today = date(2023, 8, 1)
    since_may, ended = chosen("climate", date(2023, 5, 1)), chosen("service", date(2022, 1, 1), date(2023, 3, 1))
    has = (since_may, ended)
    assert options_otherwise(has, ["climate"], BAS_WITH, today) == has
    assert options_otherwise(has, [], BAS_WITH, today) == (ended,)
    # Chosen anew it counts once: not on its old days, too.
    assert options_otherwise(has, ["climate", "service", "service"], BAS_WITH, today) == (
        since_may,
        chosen("service", date(2023, 1, 1)),
    )
    assert options_otherwise(has, ["service"], a_list(SERVICE), today) == (chosen("service", date(2023, 1, 1)),)
    assert options_otherwise(has, [], a_list(CLIMATE), today) == ()


def test_a_signed_agreement_ends_the_one_before() -> None:
    old = {"name": "x", "valid_from": "2023-03-01", "valid_to": "2025-01-01", "discount_percent": "5"}
    new = {"name": "y", "valid_to": "2026-01-01", "energy_per_mwh": "450"}
    after = with_offer(contract(agreements=[old]), offered(agreement=new))
    assert [(one.name, str(one.valid_from), str(one.valid_to)) for one in after.agreements] == [
        ("x", "2023-03-01", "2024-01-01"),
        ("y", "2024-01-01", "2026-01-01"),
    ]


def test_whoever_signs_reads_options_and_agreement_with_their_prices() -> None:
    agreement = {"name": "Tryggt pris", "valid_to": "2026-01-01", "energy_per_mwh": "449.50"}
    offer = offered(chosen_options=["climate", "service"], agreement=agreement)
    parties = Parties("K-1", "C-1", "Brf Ek", "F-1", "Ek", "Ekvägen 1", "P-1")
    text = sheet("O-1", offer, parties, {}, BAS_WITH, EXPIRES).text
    assert "Tillval: Klimatval, 15 kr per MWh exkl. moms" in text
    assert "Tillval: Serviceavtal, 1200 kr per år exkl. moms" in text
    assert "Prisavtal: Tryggt pris, energipris 449,5 kr per MWh exkl. moms, gäller till 2026-01-01" in text
    assert "Inga tillval" in sheet("O-1", offered(chosen_options=[]), parties, {}, BAS_WITH, EXPIRES).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"chosen_options": ["climate", "climate"]},
        {"agreement": {"name": "x", "valid_to": "2024-01-01", "discount_percent": "5"}},
        {"agreement": {"name": "x", "valid_to": "2025-01-01"}},
    ],
)
def test_an_offer_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        offered(**wrong)
