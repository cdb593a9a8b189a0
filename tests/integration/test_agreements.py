"""Options and price agreements: put by staff or signed, told of, and part of what a year is said to cost."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest

from deploy.local.stack import Stack
from schemas.contracts import ContractChanged
from schemas.topics import CONTRACTS_CHANGED
from tests.integration.contracts_house import BAS_2018, House, put
from tests.integration.looking import rows, told, wait_for
from tests.integration.signing_house import NUMBERS, Signing, bearing, next_year, signing

CLIMATE = {"reference": "climate", "name": "Klimatval", "per_mwh": "15"}
SERVICE = {"reference": "service", "name": "Serviceavtal", "per_year": "1200"}
FROM_2019 = {"reference": "climate", "valid_from": "2019-01-01"}
TWO_YEARS = {"name": "Tryggt pris", "valid_from": "2019-01-01", "valid_to": "2021-01-01", "energy_per_mwh": "450"}


@pytest.fixture(scope="module")
def running(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    with signing(stack, tmp_path_factory.mktemp("agreements")) as services:
        offers = BAS_2018 | {"options": [CLIMATE, SERVICE]}
        assert put(services.contracts, "/v1/price-lists/with-options", offers).status_code in (200, 201)
        yield services


@pytest.fixture
def house(running: Signing) -> House:
    return running.house()


def contract(house: House, **other: Any) -> dict[str, Any]:
    return house.contract(terms=[{"valid_from": "2018-01-01", "price_list_id": "with-options"}], **other)


def event(running: Signing, house: House, at_least: int) -> ContractChanged:
    contract_id = running.contracts.get(f"/v1/contracts/K{house.number}").json()["contract_id"]
    found: ContractChanged = told(running.stack, CONTRACTS_CHANGED, contract_id, ContractChanged, at_least)[-1]
    return found


def test_what_is_put_beside_a_price_list_is_kept_given_and_told(running: Signing, house: House) -> None:
    path, document = f"/v1/contracts/K{house.number}", contract(house, options=[FROM_2019], agreements=[TWO_YEARS])
    assert put(running.contracts, path, document).json()["result"] == "changed"
    assert put(running.contracts, path, document).json()["result"] == "unchanged"
    found = running.contracts.get(path).json()
    assert found["options"] == [FROM_2019 | {"valid_to": None}]
    assert found["agreements"] == [TWO_YEARS | {"discount_percent": None}]
    heard = event(running, house, 2)
    assert [(one.reference, str(one.valid_from)) for one in heard.options] == [("climate", "2019-01-01")]
    assert [(one.name, one.energy_per_mwh) for one in heard.agreements] == [("Tryggt pris", Decimal(450))]


def test_who_puts_an_option_away_again_changes_the_contract_from_its_day(running: Signing, house: House) -> None:
    path = f"/v1/contracts/K{house.number}"
    put(running.contracts, path, contract(house, options=[FROM_2019]))
    put(running.contracts, path, contract(house))
    heard = event(running, house, 3)
    assert (heard.options, str(heard.changed_from)) == ((), "2019-01-01")


@pytest.mark.parametrize("price_list", ["bas", "with-options"])
def test_an_option_not_for_this_list_is_refused_by_its_field(running: Signing, house: House, price_list: str) -> None:
    terms = [{"valid_from": "2018-01-01", "price_list_id": price_list}]
    wrong = FROM_2019 | {"reference": "elsewhere"}
    answer = put(running.contracts, f"/v1/contracts/K{house.number}", house.contract(terms=terms, options=[wrong]))
    assert (answer.status_code, answer.json()["code"]) == (422, "option_not_offered")
    assert [one["field"] for one in answer.json()["errors"]] == ["options[0].reference"]


def offer(house: House, **other: Any) -> dict[str, Any]:
    agreement = {"name": "Två år", "valid_to": f"{next_year().year + 2}-01-01", "discount_percent": "5"}
    chosen = {"chosen_options": ["service"], "agreement": agreement}
    return {"price_list_id": "with-options", "kw": None, "options": [], **chosen, **other}


def test_signed_options_and_a_signed_agreement_count_from_the_offers_day(running: Signing, house: House) -> None:
    path = f"/v1/contracts/K{house.number}"
    put(running.contracts, path, contract(house, options=[FROM_2019]))
    offered, session = running.offer(house, **offer(house)), running.session("anna")
    shown = running.contracts.get(f"/v1/offers/O{house.number}").json()["text"]
    assert "Tillval: Serviceavtal, 1200 kr per år exkl. moms" in shown
    assert "Prisavtal: Två år, 5 % rabatt" in shown
    signing_id = running.begun(session, offered)
    running.phone(session, signing_id, "approve", personal_number=NUMBERS["anna"])
    assert running.status(session, signing_id) == ("signed", "")
    heard = event(running, house, 3)
    begins = next_year()
    assert [(one.reference, one.valid_from.year, one.valid_to) for one in heard.options] == [
        ("climate", 2019, begins),
        ("service", begins.year, None),
    ]
    assert [(one.name, one.discount_percent, one.valid_from) for one in heard.agreements] == [
        ("Två år", Decimal(5), begins)
    ]
    # The climate option only ends: up to then it is what it was.
    assert heard.changed_from == begins


def test_an_offer_of_what_the_list_does_not_have_is_refused_by_its_field(running: Signing, house: House) -> None:
    wrong = offer(house, chosen_options=["service", "elsewhere"])
    expires = running.offer(house)["result"]
    assert expires == "created"
    document = wrong | {"contract_number": f"K{house.number}", "valid_from": next_year().isoformat()}
    document |= {"expires_at": running.contracts.get(f"/v1/offers/O{house.number}").json()["expires_at"]}
    answer = put(running.contracts, f"/v1/offers/X{house.number}", document)
    assert (answer.status_code, answer.json()["code"]) == (422, "option_not_offered")
    assert [one["field"] for one in answer.json()["errors"]] == ["chosen_options[1]"]


def test_an_estimate_holds_what_the_contract_has_beside(running: Signing, house: House) -> None:
    path = f"/v1/contracts/K{house.number}"
    put(running.contracts, path, contract(house))
    plain = running.contracts.get(f"{path}/estimate").raise_for_status().json()
    assert plain["agreed"] == {"options": [], "agreements": []}
    for_years = TWO_YEARS | {"valid_to": "2030-01-01"}
    put(running.contracts, path, contract(house, options=[FROM_2019], agreements=[for_years]))
    found = running.contracts.get(f"{path}/estimate").json()
    energy = {one["name"]: float(one["net_kr"]) for one in found["components"] if one["component"] == "energy"}
    mwh = float(found["energy_mwh"])
    assert energy == {"Tryggt pris": pytest.approx(450 * mwh, abs=0.1), "Klimatval": pytest.approx(15 * mwh, abs=0.1)}
    assert [one["name"] for one in found["agreed"]["options"]] == ["Klimatval"]
    assert [one["name"] for one in found["agreed"]["agreements"]] == ["Tryggt pris"]


def see(running: Signing, house: House) -> None:
    """Wait until permissions has heard of the contract, so that its people see it."""
    seen = "SELECT count(*) FROM permissions.visible_period WHERE point_id = %s"
    wait_for(lambda: rows(running.stack, seen, house.point_id)[0][0] == len(NUMBERS))


def choose(running: Signing, house: House, session: str, options: list[str]) -> httpx.Response:
    path = f"/v1/contracts/K{house.number}/options"
    return running.contracts.post(path, json={"options": options}, headers=bearing(session))


def test_an_administrators_choice_becomes_an_offer_that_he_can_sign(running: Signing, house: House) -> None:
    put(running.contracts, f"/v1/contracts/K{house.number}", contract(house, options=[FROM_2019]))
    see(running, house)
    session = running.session("anna")
    path = f"/v1/contracts/K{house.number}/options"
    seen = running.contracts.get(path, headers=bearing(session)).raise_for_status().json()
    assert seen["may_choose"] is True
    assert [(one["reference"], one["is_chosen"]) for one in seen["options"]] == [("climate", True), ("service", False)]
    chosen = choose(running, house, session, ["service"])
    assert chosen.status_code == 201, chosen.text
    # Chosen otherwise before it is signed, it is the same offer's next version.
    again = choose(running, house, session, ["service", "climate"]).json()
    assert (again["offer_id"], again["version"]) == (chosen.json()["offer_id"], 2)
    signing_id = running.begun(session, again)
    running.phone(session, signing_id, "approve", personal_number=NUMBERS["anna"])
    assert running.status(session, signing_id) == ("signed", "")
    heard = event(running, house, 3)
    assert [(one.reference, one.valid_to) for one in heard.options] == [("climate", None), ("service", None)]
    assert heard.options[1].valid_from.isoformat() == seen["begins"]
    # What is signed stays: the next choice is an offer of its own.
    third = choose(running, house, session, []).json()
    assert third["offer_number"] == f"{again['offer_number']}-2"


def test_who_is_no_administrator_reads_options_and_chooses_none(running: Signing, house: House) -> None:
    put(running.contracts, f"/v1/contracts/K{house.number}", contract(house))
    see(running, house)
    path = f"/v1/contracts/K{house.number}/options"
    for name in ("reader", "full"):
        session = running.session(name)
        assert running.contracts.get(path, headers=bearing(session)).json()["may_choose"] is False
        refused = choose(running, house, session, ["service"])
        assert (refused.status_code, refused.json()["code"]) == (403, "only_administrators")
    other = running.house()
    stranger = running.contracts.get(f"/v1/contracts/K{other.number}/options", headers=bearing("nobody"))
    assert stranger.status_code == 404
    assert choose(running, house, "nobody", ["service"]).status_code == 401
    assert running.contracts.get(path).json()["may_choose"] is False


def test_a_choice_of_what_the_list_does_not_offer_names_its_field(running: Signing, house: House) -> None:
    put(running.contracts, f"/v1/contracts/K{house.number}", contract(house))
    refused = choose(running, house, running.session("anna"), ["elsewhere"])
    assert (refused.status_code, [one["field"] for one in refused.json()["errors"]]) == (422, ["chosen_options[0]"])


def test_an_option_that_is_named_twice_is_chosen_once(running: Signing, house: House) -> None:
    put(running.contracts, f"/v1/contracts/K{house.number}", contract(house))
    see(running, house)
    session = running.session("anna")
    once = choose(running, house, session, ["climate"]).json()
    twice = choose(running, house, session, ["climate", "climate"])
    assert (twice.status_code, twice.json()) == (201, once)


def test_a_choice_never_replaces_what_the_utility_offers(running: Signing, house: House) -> None:
    put(running.contracts, f"/v1/contracts/K{house.number}", contract(house))
    see(running, house)
    session = running.session("anna")
    begins = running.contracts.get(f"/v1/contracts/K{house.number}/options").json()["begins"]
    # The utility makes an offer of its own, under the number that a choice would take.
    number = f"K{house.number}-{begins[:7]}"
    own = of_the_utility(house, begins)
    assert put(running.contracts, f"/v1/offers/{number}", own).json()["version"] == 1
    chosen = choose(running, house, session, ["service"]).json()
    assert (chosen["offer_number"], chosen["version"]) == (f"{number}-2", 1)
    assert "Abonnemangseffekt: 99 kW" in running.contracts.get(f"/v1/offers/{number}").json()["text"]
    # What the customer chose himself he may go on choosing.
    assert choose(running, house, session, ["climate"]).json() == chosen | {"version": 2}


def of_the_utility(house: House, begins: str) -> dict[str, Any]:
    """An offer of another price list and power, which can be signed for an hour."""
    own = {"contract_number": f"K{house.number}", "price_list_id": "bas", "kw": "99", "valid_from": begins}
    return own | {"expires_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}


def test_the_utility_puts_no_version_over_what_a_customer_chose(running: Signing, house: House) -> None:
    put(running.contracts, f"/v1/contracts/K{house.number}", contract(house))
    see(running, house)
    chosen = choose(running, house, running.session("anna"), ["climate"]).json()
    path = f"/v1/offers/{chosen['offer_number']}"
    before = running.contracts.get(path).json()
    begins = running.contracts.get(f"/v1/contracts/K{house.number}/options").json()["begins"]
    refused = put(running.contracts, path, of_the_utility(house, begins))
    assert (refused.status_code, refused.json()["code"]) == (409, "offer_is_customers")
    assert "take another number" in refused.json()["detail"]
    assert running.contracts.get(path).json() == before
    assert put(running.contracts, f"{path}-own", of_the_utility(house, begins)).status_code == 201


def test_why_nothing_can_be_chosen_is_told_before_it_is_tried(running: Signing, house: House) -> None:
    path = f"/v1/contracts/K{house.number}"
    put(running.contracts, path, contract(house))
    see(running, house)

    def why_not(session: str) -> Any:
        found = running.contracts.get(f"{path}/options", headers=bearing(session)).json()
        assert found["may_choose"] is (found["why_not"] is None)
        return found["why_not"]

    by_link = running.session("anna")
    with psycopg.connect(running.stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE permissions.session SET assurance = 'email' WHERE token_hash = sha256(%s)", [by_link.encode()]
        )
    anna = running.session("anna")
    assert why_not(anna) is None
    assert why_not(by_link) == "only_looks"
    assert why_not(running.session("reader")) == "only_administrators"
    terms = [{"valid_from": "2018-01-01", "price_list_id": "with-options"}]
    later = {"valid_from": f"{next_year().year + 1}-01-01", "price_list_id": "bas"}
    assert put(running.contracts, path, house.contract(terms=[*terms, later])).is_success
    assert why_not(anna) == "term_is_later"
    assert choose(running, house, anna, ["climate"]).json()["code"] == "term_is_later"
