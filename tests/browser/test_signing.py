"""An offer signed in a real browser, with the development RP's page as the phone."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import COOKIE, Portal
from tests.browser.offered import START, Offered, signing_beside
from tests.integration.looking import rows, wait_for
from tests.integration.signing_house import NUMBERS, Signing

ANNA = NUMBERS["anna"]


@pytest.fixture(scope="module")
def services(portal: Portal, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    with signing_beside(portal.stack, tmp_path_factory.mktemp("signing")) as opened:
        yield opened


@pytest.fixture
def offered(portal: Portal, services: Signing) -> Offered:
    return Offered(portal, services)


def approve(page: Page, start_link: str, number: str, wrong: str = "") -> None:
    phone = page.context.new_page()
    phone.goto(start_link)
    phone.get_by_label("Personal number").fill(number)
    phone.get_by_label("Wrong with it").select_option(wrong)
    # A page that is closed while it goes elsewhere may never be.
    with phone.expect_navigation():
        phone.get_by_role("button", name="Approve", exact=True).click()
    phone.close()


def start_link(page: Page) -> str:
    return page.get_by_role("link", name="Öppna BankID på den här enheten").get_attribute("href") or ""


def test_an_administrator_signs_what_he_has_read(browser: Browser, services: Signing, offered: Offered) -> None:
    page, faults = offered.opened(browser, services.session("anna"))
    page.goto(f"{offered.base}/facilities/{offered.house.facility_id}")
    page.get_by_role("link", name=f"Underteckna erbjudande O{offered.house.number}").click()
    expect(page.get_by_role("main")).to_contain_text("Abonnemangseffekt: 12 kW")
    page.get_by_role("button", name=START).click()
    code = page.get_by_role("img", name="Kod att läsa av").locator("path").last
    first = code.get_attribute("d")
    expect(code).not_to_have_attribute("d", first or "")
    order = page.url
    approve(page, start_link(page), ANNA)
    expect(page.get_by_role("status")).to_have_text("Undertecknat", timeout=10_000)
    page.go_back()
    page.goto(order)
    expect(page.get_by_role("status")).to_have_text("Undertecknat")
    page.get_by_role("link", name="Till erbjudandet").click()
    expect(page.get_by_role("main")).to_contain_text("Undertecknat 20")
    assert page.get_by_role("button", name=START).count() == 0
    assert faults == []
    page.context.close()


def test_without_scripts_an_order_is_followed_by_its_button(
    browser: Browser, services: Signing, offered: Offered
) -> None:
    page, _ = offered.opened(browser, services.session("anna"), java_script_enabled=False)
    page.get_by_role("button", name=START).click()
    approve(page, start_link(page), NUMBERS["bo"])
    page.get_by_role("button", name="Uppdatera").click()
    expect(page.get_by_role("status")).to_contain_text("En annan person än du")
    page.get_by_role("link", name="Försök igen").click()
    page.get_by_role("button", name=START).click()
    page.get_by_role("button", name="Avbryt").click()
    expect(page.get_by_role("status")).to_have_text("Åtgärden avbruten.")
    page.context.close()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("other-document", "Det som undertecknades är inte det som erbjuds. Inget är ändrat."),
        ("forged", "Underskriften kommer inte från BankID. Inget är ändrat. Kontakta kundservice."),
        ("changed-afterwards", "Underskriften från BankID är inte äkta. Inget är ändrat. Kontakta kundservice."),
        ("revoked", "Ditt BankID är spärrat. Inget är ändrat. Använd ett annat BankID."),
    ],
)
def test_a_signature_that_is_not_genuine_is_refused_in_plain_words(
    browser: Browser, services: Signing, offered: Offered, wrong: str, said: str
) -> None:
    page, faults = offered.opened(browser, services.session("anna"))
    page.get_by_role("button", name=START).click()
    approve(page, start_link(page), ANNA, wrong)
    expect(page.get_by_role("status")).to_have_text(said, timeout=10_000)
    page.get_by_role("link", name="Försök igen").click()
    expect(page.get_by_role("button", name=START)).to_be_visible()
    assert faults == []
    page.context.close()


def test_who_closes_the_page_before_he_approves_has_signed(
    browser: Browser, services: Signing, offered: Offered
) -> None:
    page, _ = offered.opened(browser, services.session("anna"))
    page.get_by_role("button", name=START).click()
    link, order = start_link(page), page.url
    page.goto("about:blank")
    approve(page, link, ANNA)
    [(signing_id,)] = rows(
        services.stack, "SELECT signing_id FROM contracts.signing WHERE offer_id = %s", offered.offer["offer_id"]
    )
    services.left_alone(signing_id)
    signed = "SELECT count(*) FROM contracts.signing WHERE offer_id = %s AND state = 'signed'"
    wait_for(lambda: rows(services.stack, signed, offered.offer["offer_id"]) == [(1,)])
    page.goto(order)
    expect(page.get_by_role("status")).to_have_text("Undertecknat")
    page.context.close()


def test_an_offer_that_another_administrator_has_signed_meanwhile_is_not_signed_again(
    browser: Browser, services: Signing, offered: Offered
) -> None:
    pages = {name: offered.opened(browser, services.session(name))[0] for name in ("anna", "bo")}
    for page in pages.values():
        page.get_by_role("button", name=START).click()
    for name, page in pages.items():
        approve(page, start_link(page), NUMBERS[name])
        said = "Undertecknat" if name == "anna" else "Erbjudandet är redan undertecknat."
        expect(page.get_by_role("status")).to_have_text(said, timeout=10_000)
        page.context.close()


def test_an_order_that_expires_says_so_and_may_be_begun_again(
    browser: Browser, services: Signing, offered: Offered
) -> None:
    page, _ = offered.opened(browser, services.session("anna"))
    page.get_by_role("button", name=START).click()
    phone = page.context.new_page()
    phone.goto(start_link(page))
    phone.get_by_role("button", name="Let it expire").click()
    expect(page.get_by_role("status")).to_contain_text("BankID-appen svarar inte", timeout=10_000)
    page.get_by_role("link", name="Försök igen").click()
    page.get_by_role("button", name=START).click()
    page.get_by_role("button", name="Avbryt").click()
    expect(page.get_by_role("status")).to_have_text("Åtgärden avbruten.")
    page.context.close()


@pytest.mark.parametrize("who", ["reader", "full"])
def test_who_may_not_sign_reads_why(browser: Browser, services: Signing, offered: Offered, who: str) -> None:
    page, _ = offered.opened(browser, services.session(who))
    expect(page.get_by_role("alert")).to_contain_text("Bara kundens administratörer")
    assert page.get_by_role("button", name=START).count() == 0
    page.context.close()


def test_a_forged_form_and_anothers_offer_do_nothing(portal: Portal, services: Signing, offered: Offered) -> None:
    with httpx.Client(base_url=portal.base, cookies={COOKIE: services.session("anna")}) as client:
        assert client.post(offered.path, data={"version": "1", "form_token": "made-up"}).status_code == 403
    assert portal.get(offered.path).status_code == 404
    assert rows(services.stack, "SELECT 1 FROM contracts.signing WHERE offer_id = %s", offered.offer["offer_id"]) == []


def test_a_double_click_is_one_order(portal: Portal, services: Signing, offered: Offered) -> None:
    with httpx.Client(base_url=portal.base, cookies={COOKIE: services.session("anna")}) as client:
        token = client.get(offered.path).text.split('name="form_token" value="', 2)[-1].split('"')[0]
        form = {"version": "1", "form_token": token}
        answers = [client.post(offered.path, data=form) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]


def test_an_administrator_logs_in_with_bankid_and_comes_where_he_was_going(
    browser: Browser, services: Signing, offered: Offered
) -> None:
    page = browser.new_context(locale="sv-SE").new_page()
    page.goto(offered.base + offered.path)
    page.get_by_role("button", name="Logga in med BankID").click()
    approve(page, start_link(page), ANNA)
    expect(page).to_have_url(offered.base + offered.path, timeout=10_000)
    expect(page.get_by_role("button", name=START)).to_be_visible()
    page.context.close()


def test_a_log_in_with_bankid_ends_the_session_that_the_browser_had(
    browser: Browser, services: Signing, portal: Portal
) -> None:
    former = services.session("anna")
    assert portal.get("/start", former).status_code == 200
    own = browser.new_context(locale="sv-SE")
    own.add_cookies([{"name": COOKIE, "value": former, "url": portal.base}])
    page = own.new_page()
    page.goto(f"{portal.base}/login")
    page.get_by_role("button", name="Logga in med BankID").click()
    approve(page, start_link(page), ANNA)
    expect(page).to_have_url(f"{portal.base}/start", timeout=10_000)
    expect(page.get_by_role("button", name="Logga ut")).to_be_visible()
    assert portal.get("/start", former).headers["location"].startswith("/login")
    own.close()


def test_who_cannot_begin_a_log_in_reads_why_and_may_try_again(
    browser: Browser, services: Signing, portal: Portal
) -> None:
    page = browser.new_context(locale="sv-SE").new_page()
    page.goto(f"{portal.base}/login")
    services.rp.post("/phone/away", data={"is_away": "true"})
    try:
        page.get_by_role("button", name="Logga in med BankID").click()
        expect(page.get_by_role("alert")).to_contain_text("BankID svarar inte just nu")
    finally:
        services.rp.post("/phone/away", data={"is_away": "false"})
    page.get_by_role("button", name="Logga in med BankID").click()
    expect(page.get_by_role("img", name="Kod att läsa av")).to_be_visible()
    page.context.close()


def test_another_browser_cannot_go_on_with_a_log_in(portal: Portal, services: Signing) -> None:
    with httpx.Client(base_url=portal.base) as client:
        order = client.post("/login/bankid", data={"next": "//elsewhere.example"}).headers["location"]
        assert order.endswith("?next=/start")
        assert client.get(order).status_code == 200
    assert httpx.get(portal.base + order).status_code == 404
    assert httpx.post(portal.base + order.split("?")[0] + "/status").status_code == 404


def test_an_order_is_found_under_its_own_offer_alone(portal: Portal, services: Signing, offered: Offered) -> None:
    other = Offered(portal, services)
    with httpx.Client(base_url=portal.base, cookies={COOKIE: services.session("anna")}) as client:
        token = client.get(offered.path).text.split('name="form_token" value="', 2)[-1].split('"')[0]
        order = client.post(offered.path, data={"version": "1", "form_token": token}).headers["location"]
        assert client.get(order).status_code == 200
        assert client.get(order.replace(offered.path, other.path)).status_code == 404


def test_who_is_logged_out_while_an_order_waits_comes_back_to_it(portal: Portal, offered: Offered) -> None:
    order = f"{offered.path}/{uuid4()}"
    page = {"HX-Request": "true", "HX-Current-URL": f"{portal.base}{order}?from=here"}
    answer = httpx.post(f"{portal.base}{order}/status", headers=page, data={"form_token": "old"})
    assert answer.headers["hx-redirect"] == f"/login?next={order}%3Ffrom%3Dhere"


def test_who_logs_in_too_often_is_told_so_and_when_to_come_back(portal: Portal, services: Signing) -> None:
    # An address of its own, so that the allowance of others is not used up.
    with httpx.Client(base_url=portal.base, headers={"X-Forwarded-For": "203.0.113.77"}) as client:
        answers = [client.post("/login/bankid") for _ in range(21)]
    refused = answers[-1]
    assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
    assert "svarade inte" not in refused.text
