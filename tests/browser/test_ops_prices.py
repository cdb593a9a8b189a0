"""The economists' page: what stands there, who sees it, and what is decided on it."""

import hashlib
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from playwright.sync_api import Browser, expect

from services.gateway.portal.security import form_token
from tests.browser.conftest import COOKIE, Portal
from tests.browser.test_prices import shot
from tests.integration.contracts_house import BAS_2018, House, put, put_first
from tests.integration.looking import rows, wait_for
from tests.integration.power_street import Street
from tests.integration.test_effect import house, seasons

GOES_ON = (date.today() + timedelta(days=200)).replace(day=1)  # noqa: DTZ011 far enough from any midnight
AFTER_THE_WINTER = date(2019, 6, 10)


def session(portal: Portal, staff_role: str | None, assurance: str = "local", language: str = "sv") -> str:
    """Let somebody of the utility log in; gives the session's token."""
    user_id, token = uuid4(), f"session-of-staff-{uuid4()}"
    with psycopg.connect(portal.stack.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO permissions.person (user_id, user_name, name, language, staff_role)"
            " VALUES (%s, %s, 'Åsa Berg', %s, %s)",
            [user_id, str(user_id), language, staff_role],
        )
        connection.execute(
            "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
            " VALUES (%s, %s, %s, now() + interval '1 hour')",
            [hashlib.sha256(token.encode()).digest(), user_id, assurance],
        )
    return token


def begun_run(staff: httpx.Client) -> str:
    """Begin a run on a day that has none: one of before would know nothing of the houses that are put here."""
    days = (AFTER_THE_WINTER + timedelta(days=number) for number in range(100))
    answers = (staff.post("/v1/power-runs", json={"day": day.isoformat()}).raise_for_status() for day in days)
    return next(str(answer.json()["run_id"]) for answer in answers if answer.status_code == httpx.codes.CREATED)


class Office:
    """What an economist has to look at: a list with two versions, one that goes, and a run that proposes."""

    def __init__(self, portal: Portal, staff: httpx.Client) -> None:
        self.portal, self.token = portal, session(portal, "economist")
        put_first(staff)
        self.season = f"season-{uuid4().hex[:6]}"
        for document in (seasons("500", "200", "2021-01-01"), seasons("600", "100", "2022-01-01")):
            assert put(staff, f"/v1/price-lists/{self.season}", document).is_success
        # 10 and 5 kWh a day: the one takes more in winter, the other the same all year.
        self.loser = house(staff, portal.stack, self.season, 10_000, 2_000)
        self.winner = house(staff, portal.stack, self.season, 5_000, 5_000)
        self.goes = self.list_with_a_contract(staff)
        asked = {"withdrawn_on": str(GOES_ON), "replaced_by": ["bas"], "who": "Eva Ek", "cause": "en modell räcker"}
        assert put(staff, f"/v1/price-lists/{self.goes}/withdrawal", asked).status_code == 201
        street = Street(portal.stack)
        self.street, self.changed = street, [street.house(kw, in_force_kw="20") for kw in ("25.00", "30.00")]
        self.run_id = begun_run(staff)
        wait_for(lambda: staff.get(f"/v1/power-runs/{self.run_id}").json()["finished_at"] is not None)

    @staticmethod
    def list_with_a_contract(staff: httpx.Client) -> str:
        name = f"goes-{uuid4().hex[:6]}"
        document = {key: value for key, value in BAS_2018.items() if key != "base_load"} | {"name": f"Lista {name}"}
        assert put(staff, f"/v1/price-lists/{name}", document).is_success
        one = House(staff)
        terms = [{"valid_from": "2022-01-01", "price_list_id": name}]
        powers = [{"valid_from": "2022-01-01", "kw": "10"}]
        assert put(staff, f"/v1/contracts/K{one.number}", one.contract(terms=terms, powers=powers)).is_success
        return name

    def effect_path(self) -> str:
        query = "SELECT version FROM contracts.price_list WHERE price_list_id = %s ORDER BY version"
        before, after = (row[0] for row in rows(self.portal.stack, query, self.season))
        effect = f"price_list_id={self.season}&before={before}&after={after}&year=2023"
        # The run measures every house that there is, of which a page shows some: from this street's on.
        return f"/ops/prices?{effect}&run={self.run_id}&from={self.street.name}"

    def send(self, path: str, token: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form of the page, with its token unless another one is given."""
        cookie = token or self.token
        form = {"form_token": form_token(cookie)} | fields
        return httpx.post(f"{self.portal.base}/ops/prices/{path}", data=form, cookies={COOKIE: cookie}, timeout=60)

    def states(self) -> dict[str, tuple[str, str | None]]:
        found = rows(
            self.portal.stack,
            "SELECT number, state, approved_by FROM contracts.power_proposal JOIN contracts.metering_point"
            " USING (point_id) WHERE run_id = %s AND number = ANY(%s)",
            self.run_id,
            self.changed,
        )
        return {number: (state, by) for number, state, by in found}


@pytest.fixture(scope="module")
def staff(portal: Portal) -> Iterator[httpx.Client]:
    key = {"Authorization": f"Bearer {portal.stack.integration_key}"}
    base = f"http://127.0.0.1:{portal.stack.port('contracts_http')}"
    with httpx.Client(base_url=base, headers=key, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def office(portal: Portal, staff: httpx.Client) -> Office:
    return Office(portal, staff)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_version_without_an_option_that_contracts_have_is_warned_of_with_what_to_do(
    browser: Browser, portal: Portal, staff: httpx.Client, language: str
) -> None:
    put_first(staff)
    name, offered = f"without-{uuid4().hex[:6]}", [{"reference": "climate", "name": "Klimatval", "per_mwh": "15"}]
    for document in (seasons("500", "200", "2021-01-01") | {"options": offered}, seasons("600", "100", "2022-01-01")):
        assert put(staff, f"/v1/price-lists/{name}", document).is_success
    number = house(staff, portal.stack, name, 10_000, 2_000)
    with psycopg.connect(portal.stack.admin_dsn) as connection:
        # Chosen while the list still offered it.
        connection.execute(
            "INSERT INTO contracts.chosen_option SELECT contract_id, 'climate', '2021-06-01' FROM contracts.contract"
            " WHERE contract_number = %s",
            [number],
        )
    context = browser.new_context(viewport={"width": 360, "height": 900})
    token = session(portal, "economist", language=language)
    context.add_cookies([{"name": COOKIE, "value": token, "url": portal.base}])
    page = context.new_page()
    page.goto(f"{portal.base}/ops/prices?price_list_id={name}&before=1&after=2&year=2023")
    told = page.locator("#effect .warning").inner_text()
    said = {"sv": ("erbjuder inte tillvalet climate", "Lägg in"), "en": ("does not offer the option climate", "Put a")}
    assert all(words in told for words in (*said[language], number))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.goto(f"{portal.base}/ops/prices?price_list_id={name}&before=2&after=1&year=2023")
    assert page.locator("#effect .figures").count() == 1
    assert page.locator("#effect .warning").count() == 0
    context.close()


@pytest.mark.parametrize(("width", "language"), [(1280, "sv"), (360, "sv"), (1280, "en")])
def test_all_of_it_stands_on_one_page_at_any_width(
    browser: Browser, portal: Portal, office: Office, width: int, language: str
) -> None:
    token = office.token if language == "sv" else session(portal, "economist", language="en")
    context = browser.new_context(viewport={"width": width, "height": 900})
    context.add_cookies([{"name": COOKIE, "value": token, "url": portal.base}])
    page, faults = context.new_page(), list[str]()
    page.on("console", lambda told: faults.append(told.text) if told.type in ("error", "warning") else None)
    page.goto(portal.base + office.effect_path())
    text = page.inner_text("main").replace("\u00a0", " ")
    # Before: 151 winter days at 5 kr and 214 summer days at 0.4, after at 6 and 0.2 kr; the other one 2.5 and 1, then 3
    # and 0.5 kr: 840.60 and 591.50 kr become 948.80 and 560.00, in sum 5.4 % more.
    assert "+5,4 %" in text or "+5.4 %" in text
    assert office.winner in text
    assert office.loser in text
    assert f"Lista {office.goes}" in text
    assert all(number in text for number in office.changed)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults == []
    shot(page, f"ops-prices-{width}-{language}")
    context.close()


def test_a_version_in_force_is_told_from_one_that_has_counted(portal: Portal, office: Office) -> None:
    page = portal.get(office.effect_path(), office.token).text
    own = page[page.index(f"{office.season} ·") :]
    assert own.index("gäller nu") < own.index("har gällt")


def test_an_effect_that_cannot_be_reckoned_says_why(portal: Portal, office: Office) -> None:
    path = f"/ops/prices?price_list_id={office.season}&before=1&after=99&year=2023"
    answer = portal.get(path, office.token)
    assert (answer.status_code, "ingen sådan version" in answer.text) == (422, True)
    assert portal.get(path.replace("=99", "=x"), office.token).status_code == 422


def test_for_everybody_but_economists_there_is_no_such_page(portal: Portal, office: Office) -> None:
    for token in (portal.token, session(portal, "operator")):
        assert portal.get("/ops/prices", token).status_code == 404
        assert office.send(f"runs/{office.run_id}/approve", token, every="yes").status_code == 404
        assert office.send("withdrawal", token, price_list_id=office.season, really="yes").status_code == 404
    assert portal.get("/ops/prices", "nobody").headers["location"].startswith("/login")
    assert "/ops/prices" not in portal.get("/start").text
    assert "/ops/prices" in portal.get("/start", office.token).text


def test_a_forged_form_decides_nothing(office: Office) -> None:
    before = office.states()
    assert office.send(f"runs/{office.run_id}/approve", every="yes", form_token="forged").status_code == 403  # noqa: S106
    assert office.states() == before


def test_a_session_by_a_link_may_look_and_not_decide(portal: Portal, office: Office) -> None:
    token = session(portal, "economist", "email")
    before = office.states()
    page = portal.get(office.effect_path(), token)
    assert (page.status_code, "kan läsa men inte besluta" in page.text) == (200, True)
    assert all(button not in page.text for button in ("Godkänn", "Ta bort en prislista", 'name="point"'))
    assert "Godkänn de valda" in portal.get(office.effect_path(), office.token).text
    refused = office.send(f"runs/{office.run_id}/approve", token, point=office.changed[0])
    assert (refused.status_code, "e-postlänk" in refused.text) == (403, True)
    assert office.send("withdrawal", token, price_list_id=office.season, really="yes").status_code in (403, 422)
    assert office.states() == before


def test_a_run_or_metering_point_that_is_not_there_says_so(office: Office) -> None:
    refused = office.send(f"runs/{uuid4()}/approve", every="yes")
    assert (refused.status_code, "ingen färdig körning" in refused.text) == (409, True)
    unknown = office.send(f"runs/{office.run_id}/approve", point="nowhere")
    assert (unknown.status_code, "finns inte längre" in unknown.text) == (422, True)
    assert all("svarade inte" not in answer.text for answer in (refused, unknown))


def test_the_chosen_proposals_are_approved_by_whoever_is_logged_in(office: Office) -> None:
    answer = office.send(f"runs/{office.run_id}/approve", point=office.changed[0])
    assert (answer.status_code, answer.headers["location"]) == (303, f"/ops/prices?run={office.run_id}#run")
    assert office.states() == {office.changed[0]: ("approved", "Åsa Berg"), office.changed[1]: ("proposed", None)}
    # Nothing chosen is nothing approved.
    office.send(f"runs/{office.run_id}/approve")
    assert office.states()[office.changed[1]] == ("proposed", None)


def test_a_withdrawal_is_tried_before_it_is_done(
    browser: Browser, portal: Portal, office: Office, staff: httpx.Client
) -> None:
    name = office.list_with_a_contract(staff)
    query = "SELECT who FROM contracts.withdrawal WHERE price_list_id = %s"
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies([{"name": COOKIE, "value": office.token, "url": portal.base}])
    page = context.new_page()
    page.goto(f"{portal.base}/ops/prices")
    page.get_by_text("Ta bort en prislista").click()
    page.select_option("#goes", name)
    page.select_option("#first", "bas")
    page.fill("#on", str(GOES_ON))
    page.fill("#cause", "en modell räcker")
    page.get_by_role("button", name="Pröva").click()
    expect(page.locator("main")).to_contain_text(f"1 avtal flyttas från Lista {name} den {GOES_ON}")
    assert rows(portal.stack, query, name) == []
    shot(page, "ops-prices-trial")
    page.get_by_role("button", name="Ta bort listan och meddela kunderna").click()
    expect(page.locator("#withdrawals")).to_contain_text(f"Lista {name}")
    assert rows(portal.stack, query, name) == [("Åsa Berg",)]
    context.close()


def test_a_withdrawal_that_cannot_be_says_why(office: Office, staff: httpx.Client) -> None:
    name = office.list_with_a_contract(staff)
    soon = {"price_list_id": name, "on": str(GOES_ON - timedelta(days=190)), "first": "bas", "cause": "en modell"}
    refused = office.send("withdrawal", **soon, really="yes")
    assert (refused.status_code, "två månader före" in refused.text) == (422, True)
    assert office.send("withdrawal", **soon | {"cause": ""}).status_code == 422
    assert office.send("withdrawal", **soon | {"price_list_id": "../power-runs"}).status_code in (404, 422)


def counted(portal: Portal, office: Office, name: str) -> list[str]:
    """The figures of one withdrawal on the page: affected, notified, migrated, and what is left."""
    page = portal.get("/ops/prices", office.token).text
    table = page[page.index('id="withdrawals"') :]
    row = table[table.index(f"Lista {name}") :]
    return [cell.split("<")[0].strip() for cell in row.split('<td class="n')[1:5] for cell in [cell.split(">", 1)[1]]]


def test_a_withdrawal_shows_how_many_are_told_moved_and_left(
    portal: Portal, office: Office, staff: httpx.Client
) -> None:
    assert counted(portal, office, office.goes) == ["1", "1", "0", "1 kvar"]
    [(number,)] = rows(
        portal.stack,
        "SELECT contract_number FROM contracts.notice JOIN contracts.contract USING (contract_id)"
        " WHERE price_list_id = %s",
        office.goes,
    )
    # Its customer chooses another list: no day is left on the one that goes.
    known = staff.get(f"/v1/contracts/{number}").json()
    document = {
        "customer_number": known["customer_number"],
        "metering_point": known["metering_point"],
        "terms": [{"valid_from": "2022-01-01", "price_list_id": "bas"}],
        "powers": [{"valid_from": "2022-01-01", "kw": "10"}],
    }
    assert put(staff, f"/v1/contracts/{number}", document).is_success
    assert counted(portal, office, office.goes) == ["1", "1", "1", "ingen kvar"]
