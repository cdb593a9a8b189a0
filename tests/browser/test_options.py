"""Options of a price list: who sees and chooses them, and where they stand once a contract has them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import Portal
from tests.browser.offered import START, Offered, by_link, signing_beside
from tests.browser.test_prices import shot
from tests.integration.contracts_house import BAS_2018, House, put
from tests.integration.looking import rows, wait_for
from tests.integration.signing_house import NUMBERS, Signing, next_year


@pytest.fixture(scope="module")
def services(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    with signing_beside(portal.stack, tmp_path_factory.mktemp("signing")) as opened:
        yield opened


def with_options(services: Signing) -> House:
    """A house on a price list with two options, of which its contract has one."""
    house = services.house()
    options = [{"reference": "climate", "name": "Klimatval", "per_mwh": "15"}]
    options += [{"reference": "service", "name": "Serviceavtal", "per_year": "1200"}]
    assert put(services.contracts, "/v1/price-lists/to-choose", BAS_2018 | {"options": options}).is_success
    terms = [{"valid_from": "2018-01-01", "price_list_id": "to-choose"}]
    agreement = {"name": "Tryggt pris", "valid_from": "2020-01-01", "valid_to": "2050-01-01", "energy_per_mwh": "450"}
    chosen = [{"reference": "climate", "valid_from": "2019-01-01"}]
    document = house.contract(terms=terms, options=chosen, agreements=[agreement])
    assert put(services.contracts, f"/v1/contracts/K{house.number}", document).is_success
    return house


def test_an_administrator_chooses_options_and_comes_to_the_offer_to_sign(
    browser: Browser, services: Signing, portal: Portal
) -> None:
    offered = Offered(portal, services, with_options(services), price_list_id="to-choose")
    page, faults = offered.opened(browser, services.session("anna"))
    page.goto(f"{portal.base}/contracts/options?facility={offered.house.facility_id}")
    text = page.get_by_role("main").inner_text().replace("\u00a0", " ")
    assert "Valt sedan 2019-01-01" in text
    assert "Tryggt pris" in text
    page.get_by_label("Klimatval").uncheck()
    page.get_by_label("Serviceavtal").check()
    page.get_by_role("button", name="Gör ett erbjudande att underteckna").click()
    expect(page.get_by_role("button", name=START)).to_be_visible()
    signed = page.get_by_role("main").inner_text()
    assert "Tillval: Serviceavtal, 1200 kr per år exkl. moms" in signed
    assert "Klimatval" not in signed
    assert faults == []


def test_who_is_no_administrator_reads_the_options(browser: Browser, services: Signing, portal: Portal) -> None:
    offered = Offered(portal, services, with_options(services), price_list_id="to-choose")
    page, _ = offered.opened(browser, services.session("reader"))
    page.goto(f"{portal.base}/contracts/options")
    page.locator(f"a[href*='{offered.house.facility_id}']").click()
    expect(page.get_by_role("main")).to_contain_text("Bara kundens administratörer väljer tillval.")
    assert page.get_by_role("checkbox").count() == 0


def test_options_of_anothers_facility_are_not_there(browser: Browser, services: Signing, portal: Portal) -> None:
    house = House(services.contracts)
    offered = Offered(portal, services)
    page, _ = offered.opened(browser, services.session("anna"))
    answer = page.goto(f"{portal.base}/contracts/options?facility={house.facility_id}")
    assert answer is not None
    assert answer.status == 404


def test_who_logged_in_by_an_email_link_is_offered_nothing_that_he_cannot_do(
    browser: Browser, services: Signing, portal: Portal
) -> None:
    offered = Offered(portal, services, with_options(services), price_list_id="to-choose")
    page, _ = offered.opened(browser, by_link(services, "anna"))
    expect(page.get_by_role("alert")).to_contain_text("inloggad med en e-postlänk")
    assert page.get_by_role("button", name=START).count() == 0
    page.goto(f"{portal.base}/contracts/options?facility={offered.house.facility_id}")
    assert "Du är inloggad med en e-postlänk" in page.get_by_role("main").inner_text()
    assert page.get_by_role("checkbox").count() == 0
    page.context.close()


def test_a_contract_that_changes_later_says_that_nothing_can_be_chosen(
    browser: Browser, services: Signing, portal: Portal
) -> None:
    offered = Offered(portal, services, with_options(services), price_list_id="to-choose")
    path = f"/v1/contracts/K{offered.house.number}"
    terms = [{"valid_from": "2018-01-01", "price_list_id": "to-choose"}]
    terms += [{"valid_from": f"{next_year().year + 1}-01-01", "price_list_id": "bas"}]
    assert put(services.contracts, path, offered.house.contract(terms=terms)).is_success
    page, _ = offered.opened(browser, services.session("anna"))
    page.goto(f"{portal.base}/contracts/options?facility={offered.house.facility_id}")
    assert "Avtalet ändras eller slutar efter den dagen" in page.get_by_role("main").inner_text()
    assert page.get_by_role("checkbox").count() == 0
    page.context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_a_box_to_tick_stands_before_the_name_of_its_option(
    browser: Browser, services: Signing, portal: Portal, width: int
) -> None:
    offered = Offered(portal, services, with_options(services), price_list_id="to-choose")
    page, _ = offered.opened(browser, services.session("anna"), viewport={"width": width, "height": 900})
    page.goto(f"{portal.base}/contracts/options?facility={offered.house.facility_id}")
    button = page.get_by_role("button", name="Gör ett erbjudande att underteckna").bounding_box()
    for name in ("Klimatval", "Serviceavtal"):
        box = page.get_by_label(name).bounding_box()
        label = page.locator("label", has_text=name).bounding_box()
        assert box
        assert label
        assert button
        assert box["width"] == box["height"] <= 24
        assert label["height"] < 40
        assert box["x"] == label["x"]
        assert button["y"] > label["y"] + label["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(page, f"options-{width}")
    page.context.close()


def test_options_say_for_which_metering_point_and_lead_to_the_others(
    browser: Browser, services: Signing, portal: Portal
) -> None:
    house = with_options(services)
    number = house.number
    put(services.contracts, f"/v1/metering-points/Q{number}", {"facility_number": f"F{number}"})
    second = house.contract() | {"metering_point": f"Q{number}"}
    assert put(services.contracts, f"/v1/contracts/Q{number}", second).is_success
    offered = Offered(portal, services, house, price_list_id="to-choose")
    seen = "SELECT count(*) FROM permissions.visible_period JOIN contracts.metering_point USING (point_id)"
    wait_for(lambda: rows(portal.stack, f"{seen} WHERE number = %s", f"Q{number}")[0][0] == len(NUMBERS))
    page, faults = offered.opened(browser, services.session("anna"))
    page.goto(f"{portal.base}/contracts/options?facility={house.facility_id}&point=P{number}")
    assert f"Fjärrvärme · mätpunkt P{number}" in page.locator(".lead").inner_text()
    page.get_by_role("link", name=f"Fjärrvärme Q{number}").click()
    expect(page.locator(".lead")).to_contain_text(f"Fjärrvärme · mätpunkt Q{number}")
    assert faults == []
    page.context.close()


def test_a_contract_shows_the_options_and_agreements_that_its_price_rests_on(
    browser: Browser, services: Signing, portal: Portal
) -> None:
    offered = Offered(portal, services, with_options(services), price_list_id="to-choose")
    page, faults = offered.opened(browser, services.session("anna"), viewport={"width": 390, "height": 900})
    page.goto(f"{portal.base}/facilities/{offered.house.facility_id}/contract")
    text = page.locator(".pairs").inner_text().replace("\u00a0", " ")
    assert "Klimatval\n2019-01-01 – tills vidare" in text
    assert "Tryggt pris\nenergipris 450,00 kr per MWh exkl. moms · 2020-01-01 – 2049-12-31" in text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults == []
    shot(page, "contract-agreed-390")
    page.context.close()
