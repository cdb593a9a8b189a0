"""Options in a simulation: what the chosen price list offers can be tried, with its price beside it."""

import json
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.local.folder import ROOT
from tests.browser.conftest import COOKIE, Portal
from tests.browser.test_contract_costs import Owner
from tests.browser.test_prices import shot

BAS = json.loads((ROOT / "services/contracts/price_lists/bas-2023.json").read_text())
CLIMATE = {"reference": "climate", "name": "Klimatval", "per_mwh": "15.00"}
SERVICE = {
    "reference": "service",
    "name": "Serviceavtal",
    "per_month": "99.00",
    "description": "Tillsyn en gång om året",
}
GUARANTEE = {"reference": "guarantee", "name": "Effektgaranti", "per_year": "2400.00"}


@pytest.fixture(scope="module")
def owner(portal: Portal) -> Owner:
    """A house whose contract has the climate option, and could have a price list without that one."""
    url = f"http://127.0.0.1:{portal.stack.port('contracts_http')}/v1/price-lists"
    key = {"Authorization": f"Bearer {portal.stack.integration_key}"}
    for name, title, options in (
        ("tried-today", "Prislista Nu", [CLIMATE, SERVICE]),
        ("tried-other", "Prislista Sen", [SERVICE, GUARANTEE]),
    ):
        document = {**BAS, "name": title, "valid_from": "2020-01-01", "valid_to": "2060-01-01", "options": options}
        httpx.put(f"{url}/{name}", json=document, headers=key).raise_for_status()
    found = Owner(portal, "browser-options", 660_901)
    with psycopg.connect(portal.stack.admin_dsn) as connection:
        connection.execute(
            "UPDATE contracts.contract_term SET price_list_id = 'tried-today' WHERE contract_id = %s",
            [found.house.contract_id],
        )
        connection.execute(
            "INSERT INTO contracts.chosen_option SELECT contract_id, 'climate', valid_from + 200"
            "  FROM contracts.contract WHERE contract_id = %s",
            [found.house.contract_id],
        )
    return found


@pytest.fixture(params=[True, False], ids=["with script", "without script"])
def page(browser: Browser, portal: Portal, owner: Owner, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=request.param)
    context.add_cookies([{"name": COOKIE, "value": owner.token, "url": portal.base}])
    yield context.new_page()
    context.close()


def offered(page: Page) -> dict[str, bool]:
    """Which options the form shows, and whether each is ticked."""
    labels = page.locator("#options label")
    return {one.inner_text().strip(): one.locator("input").is_checked() for one in labels.all()}


def rows(page: Page) -> dict[str, list[str]]:
    """What the table of differences says by component."""
    found = [one.inner_text().replace("\u00a0", " ").split("\t") for one in page.locator("main tbody tr").all()]
    return {name.strip().split("\n")[0]: [one.strip() for one in figures] for name, *figures in found}


def test_options_are_shown_with_their_prices_and_those_of_the_contract_are_ticked(page: Page, owner: Owner) -> None:
    page.goto(f"{owner.path}/simulate")
    assert offered(page) == {"Klimatval": True, "Serviceavtal": False}
    text = page.inner_text("#options").replace("\u00a0", " ")
    assert "15,00 kr per MWh exkl. moms" in text
    assert "99,00 kr per månad exkl. moms · Tillsyn en gång om året" in text


def test_calculating_without_another_choice_costs_as_today(page: Page, owner: Owner) -> None:
    page.goto(f"{owner.path}/simulate")
    page.click("button.primary")
    page.wait_for_url("**options_of=tried-today**")
    expect(page.locator(".figure")).to_have_text("Lika mycket per år")


def test_an_option_that_is_ticked_stands_in_the_table_with_what_it_costs(page: Page, owner: Owner) -> None:
    page.goto(f"{owner.path}/simulate")
    page.get_by_label("Serviceavtal").check()
    page.get_by_label("Klimatval").uncheck()
    page.click("button.primary")
    page.wait_for_url("**option=service**")
    expect(page.locator(".figure")).to_be_visible()
    assert offered(page) == {"Klimatval": False, "Serviceavtal": True}
    found = rows(page)
    assert found["Serviceavtal"] == ["0,00 kr", "1 188,00 kr", "1 188,00 kr"]
    assert found["Klimatval"][1] == "0,00 kr"
    assert found["Klimatval"][2].startswith("\u2212")


def test_options_follow_the_price_list_that_is_chosen(page: Page, owner: Owner) -> None:
    page.goto(f"{owner.path}/simulate")
    page.select_option("#price_list_id", "tried-other")
    page.click("button.primary")
    page.wait_for_url("**price_list_id=tried-other**")
    expect(page.locator("#options legend")).to_have_text("Tillval i Prislista Sen")
    assert offered(page) == {"Serviceavtal": False, "Effektgaranti": False}
    page.get_by_label("Effektgaranti").check()
    page.click("button.primary")
    page.wait_for_url("**option=guarantee**")
    expect(page.locator("main tbody")).to_contain_text("Effektgaranti")
    # 2,400 kr a year, rounded in each of twelve months by its days.
    assert float(
        rows(page)["Effektgaranti"][1].removesuffix(" kr").replace(" ", "").replace(",", ".")
    ) == pytest.approx(2_400, abs=0.07)


def test_with_script_options_change_as_soon_as_the_price_list_does(
    browser: Browser, portal: Portal, owner: Owner
) -> None:
    context = browser.new_context()
    context.add_cookies([{"name": COOKIE, "value": owner.token, "url": portal.base}])
    opened, faults = context.new_page(), list[str]()
    opened.on("console", lambda told: faults.append(told.text) if told.type in ("error", "warning") else None)
    opened.goto(f"{owner.path}/simulate")
    opened.fill("#saved_percent", "10")
    opened.select_option("#price_list_id", "tried-other")
    expect(opened.locator("#options legend")).to_have_text("Tillval i Prislista Sen")
    assert opened.input_value("#saved_percent") == "10"
    opened.select_option("#price_list_id", "")
    expect(opened.locator("#options legend")).to_have_text("Tillval i Prislista Nu")
    assert offered(opened) == {"Klimatval": True, "Serviceavtal": False}
    assert opened.url.endswith("/simulate")
    assert faults == []
    context.close()


def test_an_option_that_the_list_does_not_offer_is_told_in_plain_words(page: Page, owner: Owner) -> None:
    answer = page.goto(f"{owner.path}/simulate?options_of=tried-today&option=guarantee")
    assert answer is not None
    assert answer.status == 422
    said = "Prislistan erbjuder inte något av tillvalen; välj bland dem som visas, eller inget."
    assert page.inner_text("#options-fault") == said
    assert said in page.inner_text("[role=alert]")
    assert offered(page) == {"Klimatval": False, "Serviceavtal": False}


def test_the_pdf_has_the_options_of_the_page(portal: Portal, page: Page, owner: Owner) -> None:
    page.goto(f"{owner.path}/simulate?options_of=tried-today&option=service")
    address = page.get_by_role("link", name="Som PDF").get_attribute("href")
    assert address is not None
    assert "options=service" in address
    answer = portal.get(address, owner.token)
    assert (answer.status_code, answer.content[:4]) == (200, b"%PDF")


def test_an_english_reader_is_told_in_english(portal: Portal, page: Page, owner: Owner) -> None:
    with psycopg.connect(portal.stack.admin_dsn) as connection:
        connection.execute("UPDATE permissions.person SET language = 'en' WHERE user_name = 'browser-options'")
    page.goto(f"{owner.path}/simulate?options_of=tried-today&option=guarantee")
    text = page.inner_text("main").replace("\u00a0", " ")
    with psycopg.connect(portal.stack.admin_dsn) as connection:
        connection.execute("UPDATE permissions.person SET language = 'sv' WHERE user_name = 'browser-options'")
    assert "Options of Prislista Nu" in text
    assert "SEK 99.00 a month excl. VAT" in text
    assert "The price list does not offer one of the options" in text


@pytest.mark.parametrize("width", [1280, 360])
def test_boxes_of_options_fit_on_every_width(browser: Browser, portal: Portal, owner: Owner, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    context.add_cookies([{"name": COOKIE, "value": owner.token, "url": portal.base}])
    opened = context.new_page()
    opened.goto(f"{owner.path}/simulate?options_of=tried-today&option=service")
    for name in ("Klimatval", "Serviceavtal"):
        box, label = opened.get_by_label(name).bounding_box(), opened.locator("label", has_text=name).bounding_box()
        assert box
        assert label
        assert box["width"] == box["height"] <= 24
        assert box["x"] == label["x"]
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    shot(opened, f"simulate-options-{width}")
    context.close()
