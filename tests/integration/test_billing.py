"""The billing service as staff systems and visitors meet it, on a real PostgreSQL and Kafka."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import httpx
import psycopg
import pypdf
import pytest

from deploy.local.services import BILLING
from deploy.local.stack import Stack
from schemas.invoices import InvoiceIssued
from schemas.topics import INVOICES
from tests.integration.billing_street import BAS_2018, BEGAN, House, Street, power
from tests.integration.looking import let_into_every_view, told
from tests.running import running

JANUARY, FEBRUARY = date(2015, 1, 1), date(2015, 2, 1)


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with running(stack, BILLING, tmp_path_factory.mktemp("billing") / "billing.log") as client:
        yield client


@pytest.fixture(scope="module")
def street(stack: Stack, api: httpx.Client) -> Street:
    """Billing runs, and knows the street's price list."""
    found = Street(stack)
    found.wait_for_price_list("street")
    return found


def close(api: httpx.Client, month: date) -> dict[str, Any]:
    answer = api.post(f"/v1/runs/{month:%Y-%m}", timeout=60)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def invoice(api: httpx.Client, street: Street, house: House, month: date) -> dict[str, Any]:
    query = "SELECT number FROM billing.invoice WHERE contract_id = %s AND month = %s"
    ((number,),) = street.rows(query, house.contract_id, month)
    found: dict[str, Any] = api.get(f"/v1/invoices/{number}").json()
    return found


def billed(api: httpx.Client, street: Street, month: date = JANUARY, **contract: Any) -> House:
    """A house with whole days around a month, and the month closed."""
    house = street.house(**contract)
    street.days([house], date(2014, 12, 31), date(2015, 3, 31))
    close(api, month)
    assert street.state(house, month) == ("issued", None)
    return house


def test_without_the_key_nothing_is_answered(api: httpx.Client) -> None:
    for method, path in (("POST", "/v1/runs/2015-01"), ("GET", "/v1/invoices"), ("GET", "/v1/invoices/2026-1.pdf")):
        assert httpx.request(method, f"{api.base_url}{path}").status_code == 401


def test_a_month_is_billed_by_register_power_and_days(stack: Stack, api: httpx.Client, street: Street) -> None:
    house = billed(api, street)
    found = invoice(api, street, house, JANUARY)
    lines = [(line["component"], Decimal(line["quantity"]), line["amount_ore"]) for line in found["lines"]]
    assert lines == [("energy", Decimal("1.550"), 80_600), ("power", Decimal(10), 86_630), ("fixed", Decimal(1), 4_077)]
    assert (found["net_ore"], found["vat_ore"], found["total_ore"]) == (171_307, 42_827, 214_134)
    (part,) = found["basis"]["parts"]
    since = (JANUARY - BEGAN).days * 50_000
    assert (part["register_from_wh"], part["register_to_wh"]) == (since, since + 31 * 50_000)
    (event,) = told(stack, INVOICES, str(house.contract_id), InvoiceIssued)
    assert (event.number, event.total_ore, event.month) == (found["number"], 214_134, JANUARY)


def test_a_register_at_the_end_of_an_estimated_day_is_billed_as_one_that_nobody_read(
    api: httpx.Client, street: Street
) -> None:
    house = street.house()
    street.days([house], date(2014, 12, 31), date(2015, 2, 28))
    street.run(
        "UPDATE ingest.day SET quality = 3 WHERE point_id = %s AND day = %s", [house.point_id, date(2015, 1, 31)]
    )
    for month in (JANUARY, FEBRUARY):
        close(api, month)
    parts = [invoice(api, street, house, month)["basis"]["parts"][0] for month in (JANUARY, FEBRUARY)]
    ends = [(part["register_from_is_estimated"], part["register_to_is_estimated"]) for part in parts]
    assert ends == [(False, True), (True, False)]


def test_closing_a_month_again_issues_nothing_more(api: httpx.Client, street: Street) -> None:
    house = billed(api, street)
    before = street.rows("SELECT * FROM billing.invoice ORDER BY sequence")
    assert close(api, JANUARY)["issued_now"] == 0
    assert street.rows("SELECT * FROM billing.invoice ORDER BY sequence") == before
    assert street.state(house, JANUARY) == ("issued", None)


def test_a_point_without_a_day_before_begins_where_its_first_day_began(api: httpx.Client, street: Street) -> None:
    house = street.house(first=JANUARY, powers=(power(JANUARY, "10"),))
    street.days([house], JANUARY, date(2015, 1, 31))
    close(api, JANUARY)
    (part,) = invoice(api, street, house, JANUARY)["basis"]["parts"]
    assert part["energy_kwh"] == 31 * 50


def test_what_is_missing_is_named_and_billed_once_it_is_there(api: httpx.Client, street: Street) -> None:
    hole, powerless, listless = street.house(), street.house(powers=()), street.house(price_list="unheard-of")
    street.days([hole], date(2014, 12, 31), date(2015, 1, 19))
    street.days([hole], date(2015, 1, 21), date(2015, 1, 31))
    street.days([powerless, listless], date(2014, 12, 31), date(2015, 1, 31))
    report = close(api, JANUARY)
    assert set(report["held"]) >= {"days_missing", "no_power_in_force", "no_price_list"}
    states = [street.state(house, JANUARY) for house in (hole, powerless, listless)]
    assert states == [("held", "days_missing"), ("held", "no_power_in_force"), ("held", "no_price_list")]
    street.days([hole], date(2015, 1, 20), date(2015, 1, 20))
    powerless.powers, powerless.version = (power(BEGAN, "12"),), 2
    street.tell_contracts([powerless])
    assert close(api, JANUARY)["issued_now"] == 2
    assert street.state(listless, JANUARY) == ("held", "no_price_list")
    held = api.get("/v1/periods", params={"month": "2015-01", "state": "held", "limit": 1000}).json()["periods"]
    assert listless.number in {period["contract_number"] for period in held}


def test_a_month_is_parted_at_a_new_power_and_a_new_price_and_no_energy_is_lost(
    api: httpx.Client, street: Street
) -> None:
    street.price_list("parted", valid_from=BEGAN)
    street.price_list("parted", valid_from=date(2015, 1, 21))
    street.wait_for_price_list("parted")
    house = billed(api, street, price_list="parted", powers=(power(BEGAN, "10"), power(date(2015, 1, 11), "30")))
    found = invoice(api, street, house, JANUARY)
    parts = found["basis"]["parts"]
    spans = [
        (part["first"][-2:], part["end"][-2:], part["power"]["kw"], part["price_list"]["version"]) for part in parts
    ]
    assert spans == [("01", "11", "10", 1), ("11", "21", "30", 1), ("21", "01", "30", 2)]
    assert sum(part["energy_kwh"] for part in parts) == 31 * 50
    # 30 kW lie in another band, with its own fixed part and rate.
    power_lines = [(line["price"], line["fixed_price"]) for line in found["lines"] if line["component"] == "power"]
    assert [Decimal(price) + Decimal(fixed) for price, fixed in power_lines] == [2100, 3060, 3060]


def test_months_follow_each_other_on_the_register(api: httpx.Client, street: Street) -> None:
    house = billed(api, street)
    close(api, FEBRUARY)
    months = [invoice(api, street, house, month)["basis"]["parts"] for month in (JANUARY, FEBRUARY)]
    assert months[0][-1]["register_to_wh"] == months[1][0]["register_from_wh"]


def test_a_move_bills_each_customer_his_own_days(api: httpx.Client, street: Street) -> None:
    moved = date(2015, 1, 16)
    seller = street.house(end=moved)
    buyer = House(f"{seller.number}B", seller.point_id, seller.customer_id, first=moved, powers=(power(moved, "10"),))
    street.tell_contracts([buyer])
    street.days([seller], date(2014, 12, 31), date(2015, 1, 31))
    close(api, JANUARY)
    kwh = [invoice(api, street, one, JANUARY)["basis"]["parts"][0]["energy_kwh"] for one in (seller, buyer)]
    assert kwh == [15 * 50, 16 * 50]


def test_a_month_that_is_not_over_is_not_closed(api: httpx.Client) -> None:
    today = datetime.now().astimezone().date()
    answer = api.post(f"/v1/runs/{today:%Y-%m}")
    assert (answer.status_code, answer.json()["code"]) == (409, "month_not_over")
    assert api.post("/v1/runs/2015-13").status_code == 422


def test_a_correction_of_a_billed_register_makes_the_month_dirty_and_changes_no_invoice(
    api: httpx.Client, street: Street
) -> None:
    house = billed(api, street)
    before = invoice(api, street, house, JANUARY)
    street.correct(house, date(2015, 1, 31), 7_000)
    street.wait_for_state(house, JANUARY, ("dirty", "registers_changed"))
    assert close(api, JANUARY)["issued_now"] == 0
    assert invoice(api, street, house, JANUARY) == before


def test_a_correction_within_a_month_makes_it_dirty_by_the_register_at_its_end(
    api: httpx.Client, street: Street
) -> None:
    house = billed(api, street)
    close(api, FEBRUARY)
    street.correct_from(house, date(2015, 1, 10), 50_000)
    street.wait_for_state(house, JANUARY, ("dirty", "registers_changed"))
    # Both its registers moved by as much, so that as much was used as is billed.
    assert street.state(house, FEBRUARY) == ("issued", None)


def test_a_correction_of_what_came_before_leaves_a_month_as_it_is(api: httpx.Client, street: Street) -> None:
    house, changed = billed(api, street), billed(api, street)
    street.correct_from(house, date(2014, 12, 10), 50_000)
    street.correct_from(changed, date(2015, 1, 31), 50_000)
    street.wait_for_state(changed, JANUARY, ("dirty", "registers_changed"))
    assert street.state(house, JANUARY) == ("issued", None)


def test_a_day_told_again_without_a_change_leaves_the_month_as_it_is(api: httpx.Client, street: Street) -> None:
    same, changed = billed(api, street), billed(api, street)
    # In the middle of a month a register decides nothing; the parts' ends do.
    street.correct(same, date(2015, 1, 15), 7_000)
    street.tell_day(same, date(2015, 1, 31))
    street.correct(changed, date(2014, 12, 31), 7_000)
    street.wait_for_state(changed, JANUARY, ("dirty", "registers_changed"))
    assert street.state(same, JANUARY) == ("issued", None)


def test_a_power_entered_for_a_billed_day_makes_its_months_dirty(api: httpx.Client, street: Street) -> None:
    house = billed(api, street)
    close(api, FEBRUARY)
    house.powers, house.version = (*house.powers, power(date(2015, 2, 10), "11")), 2
    street.tell_contracts([house])
    street.wait_for_state(house, FEBRUARY, ("dirty", "terms_changed"))
    assert street.state(house, JANUARY) == ("issued", None)


def test_a_contract_that_goes_on_after_its_billed_end_makes_that_month_dirty(api: httpx.Client, street: Street) -> None:
    house = billed(api, street, end=date(2015, 1, 20))
    house.end, house.version = None, 2
    street.tell_contracts([house])
    street.wait_for_state(house, JANUARY, ("dirty", "terms_changed"))


def test_an_older_version_of_a_contract_changes_nothing(api: httpx.Client, street: Street) -> None:
    house = billed(api, street, version=5)
    old = House(house.number, house.point_id, house.customer_id, house.contract_id, powers=(), version=4)
    street.tell_contracts([house])
    street.send_contract(old)
    later = street.house()
    assert street.value("SELECT version FROM billing.contract WHERE contract_id = %s", later.contract_id) == 1
    assert street.value("SELECT version FROM billing.contract WHERE contract_id = %s", house.contract_id) == 5
    assert street.state(house, JANUARY) == ("issued", None)


def test_a_price_list_kept_by_a_newer_version_with_fields_unknown_here_is_billed(
    api: httpx.Client, street: Street
) -> None:
    street.run("""
        INSERT INTO billing.price_list (price_list_id, version, document)
        SELECT 'newer', 1, document || '{"price_list_id": "newer", "version": 1, "since_a_newer_version": true}'
          FROM billing.price_list WHERE price_list_id = 'street' AND version = 1
    """)
    house = billed(api, street, price_list="newer")
    assert street.state(house, JANUARY) == ("issued", None)


def test_a_price_changed_afterwards_makes_the_months_on_that_list_dirty(api: httpx.Client, street: Street) -> None:
    street.price_list("repriced", valid_from=BEGAN)
    street.wait_for_price_list("repriced")
    house, other = billed(api, street, price_list="repriced"), billed(api, street)
    close(api, FEBRUARY)
    street.price_list("repriced", valid_from=FEBRUARY)
    street.wait_for_state(house, FEBRUARY, ("dirty", "prices_changed"))
    assert street.state(house, JANUARY) == ("issued", None)
    assert street.state(other, FEBRUARY) == ("issued", None)


@pytest.mark.parametrize("table", ["invoice", "invoice_line", "cited_register", "price_list"])
def test_the_service_itself_cannot_change_what_is_written(stack: Stack, street: Street, table: str) -> None:
    for statement in (
        f"UPDATE billing.{table} SET ctid = ctid",
        f"DELETE FROM billing.{table}",
        f"TRUNCATE billing.{table}",
    ):
        with psycopg.connect(stack.dsn("billing")) as connection, pytest.raises(psycopg.Error) as refused:
            connection.execute(statement.encode())
        assert refused.value.sqlstate in {"42501", "0A000"}, statement


def test_not_even_the_owner_reads_past_row_security(stack: Stack, api: httpx.Client, street: Street) -> None:
    billed(api, street)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SET ROLE billing_owner")
        assert connection.execute("SELECT count(*) FROM billing.invoice").fetchone() == (0,)


def test_two_runs_at_once_issue_each_invoice_once(api: httpx.Client, street: Street) -> None:
    houses = street.houses(40)
    street.days(houses, date(2014, 12, 31), date(2015, 1, 31))
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: close(api, JANUARY), range(4)))
    assert sum(report["issued_now"] for report in reports) == len(houses)
    street.assert_numbers_are_gapless()


def test_an_invoice_is_printed_with_what_was_billed(api: httpx.Client, street: Street) -> None:
    house = billed(api, street)
    found = invoice(api, street, house, JANUARY)
    answer = api.get(f"/v1/invoices/{found['number']}.pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    reader = pypdf.PdfReader(BytesIO(answer.content))
    text = " ".join(page.extract_text() for page in reader.pages).replace("\u00a0", " ")
    for wanted in ("Eva Ek", f"735{house.point_id}", "1,550 MWh", "10 kW", "2 141,34", "428,27", found["basis"]["ocr"]):
        assert wanted in text
    assert len(reader.pages) == 1
    assert api.get(f"/v1/invoices/{found['number']}.pdf").content == answer.content


def test_a_visitor_fetches_his_own_invoice_and_nobody_elses(api: httpx.Client, street: Street) -> None:
    house, other = billed(api, street), billed(api, street)
    path = f"{api.base_url}/v1/invoices/{invoice(api, street, house, JANUARY)['number']}.pdf"
    owner, late = street.session(house), street.session(house, first=date(2015, 2, 1))
    staff = street.session(None, staff_role="economist")
    seen = {"owner": owner, "after": late, "neighbour": street.session(other), "staff": staff, "nobody": "made-up"}
    answers = {name: httpx.get(path, headers={"Kulvert-Session": token}).status_code for name, token in seen.items()}
    assert answers == {"owner": 200, "after": 404, "neighbour": 404, "staff": 200, "nobody": 404}


@pytest.mark.parametrize("number", ["%00", "2026-1%00", "x", "2026-99999999", "..%2F2026-100001"])
def test_what_is_no_invoice_number_is_no_invoice(api: httpx.Client, number: str) -> None:
    assert {api.get(f"/v1/invoices/{number}{end}").status_code for end in ("", ".pdf")} <= {400, 404}


def test_a_list_of_invoices_takes_only_what_can_be_a_place_in_it(api: httpx.Client) -> None:
    for path, query in (("invoices", {"before": "\x00"}), ("periods", {"month": "2015-01", "after": "\x00"})):
        assert api.get(f"/v1/{path}", params=query).status_code == 422


def test_the_published_views_show_a_visitor_his_own(stack: Stack, api: httpx.Client, street: Street) -> None:
    house = billed(api, street)
    billed(api, street)
    expected = {"invoice": 1, "invoice_line": 3, "period": 1}
    with let_into_every_view(stack, "gateway") as gateway:
        for token, counts in ((street.session(house), expected), (None, dict.fromkeys(expected, 0))):
            with gateway.transaction(force_rollback=True):
                if token:
                    gateway.execute("SELECT set_config('kulvert.session_token', %s, true)", [token])
                seen = {
                    view: gateway.execute(f"SELECT count(*) FROM billing_v1.{view}").fetchone() for view in expected
                }
            assert seen == {view: (count,) for view, count in counts.items()}


def test_what_measured_hours_are_above_a_chosen_power_is_billed_for_the_month(
    api: httpx.Client, street: Street
) -> None:
    june = date(2016, 6, 1)
    bands = [{"from_kw": "0", "to_kw": None, "per_kw_year": "900"}]
    chosen = {"type": "powerPrice", "method": "customer_chosen", "bands": bands, "overrun_per_kw": "120"}
    energy = [one for one in BAS_2018["components"] if one["type"] == "energyPrice"]
    street.price_list("with_overrun", valid_from=BEGAN, components=[*energy, chosen])
    street.wait_for_price_list("with_overrun")
    house = street.house(price_list="with_overrun")
    street.days([house], date(2016, 5, 31), date(2016, 6, 30))
    peak = "UPDATE ingest.day SET maximum_hour_wh = %s, is_measured = %s WHERE point_id = %s AND day = %s"
    # A measured hour counts though a midnight of its day was not read; of a day without one there is no peak.
    street.run(peak, [12_345, False, house.point_id, date(2016, 6, 7)])
    street.run(peak, [None, False, house.point_id, date(2016, 6, 8)])
    close(api, june)
    found = invoice(api, street, house, june)
    [line] = [one for one in found["lines"] if one["component"] == "overrun"]
    # 12.345 kW are 2.34 whole hundredths above the chosen 10 kW, at 120 kr.
    assert (Decimal(line["quantity"]), line["unit"], line["amount_ore"]) == (Decimal("2.34"), "kW", 28_080)
    assert found["basis"]["parts"][0]["highest_hour_wh"] == 12_345


def test_a_return_temperature_is_held_against_the_networks_mean_which_is_closed_once(
    api: httpx.Client, street: Street
) -> None:
    may, of_network = date(2016, 5, 1), {"type": "returnTemperaturePrice", "price_per_mwh_c": "7"}
    street.price_list("returns", valid_from=BEGAN, components=[*BAS_2018["components"], of_network])
    street.wait_for_price_list("returns")
    warm, cool, late = street.houses(3, price_list="returns")
    street.days([warm, cool, late], date(2016, 4, 30), date(2016, 6, 1))
    returns = "UPDATE ingest.day SET energy_with_return_wh = %s, energy_return_wh_centi_c = %s WHERE point_id = %s"
    for house, centi_c in ((warm, 5_000), (cool, 4_000)):
        street.run(returns, [50_000, 50_000 * centi_c, house.point_id])
    close(api, may)
    assert street.state(late, may) == ("held", "quantity_missing")
    # 1.55 MWh each, 5 degrees above and below their mean of 45.
    for house, ore in ((warm, 5_425), (cool, -5_425)):
        found = invoice(api, street, house, may)
        [line] = [one for one in found["lines"] if one["component"] == "return_temperature"]
        assert (line["amount_ore"], Decimal(line["quantity"])) == (ore, Decimal("7.75") * (1 if ore > 0 else -1))
        assert found["basis"]["parts"][0]["network_return_centi_c"] == 4_500
    # What comes later is held against the mean that the others were.
    street.run(returns, [50_000, 50_000 * 6_000, late.point_id])
    close(api, may)
    [line] = [one for one in invoice(api, street, late, may)["lines"] if one["component"] == "return_temperature"]
    assert line["amount_ore"] == 16_275
