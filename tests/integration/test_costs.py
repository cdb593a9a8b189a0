"""What it costs, as everybody may ask and as a contract's own customer may."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.folder import ROOT
from deploy.local.stack import Stack
from tests.integration.contracts_house import House, put, serving

ASKED = {"price_list_id": "bas", "power_kw": "20", "energy_mwh": "50", "on": "2018-05-05"}


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("costs") / "log") as client:
        yield client


@pytest.fixture(scope="module")
def everybody(api: httpx.Client) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=str(api.base_url)) as client:
        yield client


def test_everybody_may_ask_what_a_year_costs(everybody: httpx.Client) -> None:
    found = everybody.get("/public/calculation", params=ASKED).raise_for_status().json()
    assert (found["price_list"]["name"], found["first_month"], found["last_month"]) == (
        "Prislista Bas 2018",
        "2018-01",
        "2018-12",
    )
    net = sum(Decimal(one["net_kr"]) for one in found["components"])
    assert net == Decimal(found["net_kr"]) == sum(map(Decimal, found["months_net_kr"]))
    assert sum(Decimal(one["total_kr"]) for one in found["components"]) == Decimal(found["total_kr"])
    assert sum(map(Decimal, found["months_mwh"])) == 50


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"power_kw": "0"}, "power_kw"),
        ({"power_kw": "1e9"}, "power_kw"),
        ({"energy_mwh": "-5"}, "energy_mwh"),
        ({"on": "1999-01-01"}, "on"),
        ({"price_list_id": "none"}, "price_list_id"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_question_without_an_answer_names_its_field(
    everybody: httpx.Client, wrong: dict[str, Any], field: str
) -> None:
    answer = everybody.get("/public/calculation", params=ASKED | wrong)
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == [field]


def test_everybody_sees_the_prices_in_force(everybody: httpx.Client) -> None:
    found = everybody.get("/public/price-lists", params={"on": "2018-05-05"}).raise_for_status().json()
    bas = next(one for one in found["price_lists"] if one["price_list_id"] == "bas")
    assert bas["needs_power"]
    assert {one["component"] for one in bas["prices"]} >= {"energy", "power"}


TODAY = datetime.now(UTC).date()
FIRST = date(TODAY.year - 2, 1, 1)
_DAYS = """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, volume_l, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT %(point)s, day::date, wh, wh / 20, 24, 24, 24, true, wh / 50, wh * 4300, wh, 1, 1
      FROM (SELECT day, (24000 * (3 + 0.5 * greatest(0, 16 - mean_c)))::bigint AS wh
              FROM (SELECT day, 8 + 10 * cos(2 * pi() * (extract(doy FROM day) - 200) / 365) AS mean_c
                      FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS day
                   ) AS weather
           ) AS used
"""
# By the clock in UTC; three morning hours of each day are a fifth above its mean, which makes the highest one.
_HOURS = """
    INSERT INTO ingest.hour (point_id, starts_at, energy_wh, volume_l, start_quality, end_quality, revision)
    SELECT day.point_id, day.day + hour * interval '1 hour',
           CASE WHEN hour BETWEEN 6 AND 8 THEN day.energy_wh / 20
                ELSE (day.energy_wh - 3 * (day.energy_wh / 20)) / 21 END, NULL, 1, 1, 1
      FROM ingest.day AS day, generate_series(0, 23) AS hour
     WHERE day.point_id = %(point)s
"""
_WEATHER = """
    INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)
    SELECT %(station)s, day::date, 8 + 10 * cos(2 * pi() * (extract(doy FROM day) - 200) / 365), 24, 1
      FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS day
"""


class Customer:
    """A house with a contract, and a session of a person who sees it."""

    def __init__(
        self, api: httpx.Client, stack: Stack, since: date | None = FIRST, price_list_id: str = "costs-bas"
    ) -> None:
        self.house = House(api)
        self.number = f"K{self.house.number}"
        terms = [{"valid_from": "2018-01-01", "price_list_id": price_list_id}]
        powers = [{"valid_from": "2018-01-01", "kw": "20"}]
        document = self.house.contract(terms=terms, powers=powers)
        assert put(api, f"/v1/contracts/{self.number}", document).status_code == 201
        self.path = f"/v1/contracts/{self.number}"
        user_id, token = uuid4(), f"costs-{uuid4()}"
        self.session = {"Kulvert-Session": token}
        with psycopg.connect(stack.admin_dsn) as connection:
            run = connection.execute
            run(
                "INSERT INTO permissions.person (user_id, user_name, name, language) VALUES (%s, %s, 'Eva Ek', 'sv')",
                [user_id, token],
            )
            run(
                "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
                " VALUES (%s, %s, 'local', now() + interval '1 hour')",
                [hashlib.sha256(token.encode()).digest(), user_id],
            )
            run(
                "INSERT INTO permissions.visible_period VALUES (%s, %s, %s, 'infinity', 'full')",
                [user_id, self.house.point_id, since or FIRST],
            )

    def fill(self, stack: Stack) -> None:
        span = {"first": FIRST, "last": TODAY - timedelta(days=1)}
        with psycopg.connect(stack.admin_dsn) as connection:
            connection.execute("SELECT ingest.ensure_partitions(%s, %s)", [FIRST, TODAY])
            connection.execute(_DAYS, span | {"point": self.house.point_id})
            connection.execute(_HOURS, {"point": self.house.point_id})
            connection.execute(_WEATHER, span | {"station": f"S{self.house.number}"})


@pytest.fixture(scope="module")
def customer(api: httpx.Client, stack: Stack) -> Customer:
    document = json.loads((ROOT / "services/contracts/price_lists/bas-2023.json").read_text())
    assert put(api, "/v1/price-lists/costs-bas", document | {"valid_from": "2018-01-01"}).status_code == 201
    other = document | {"valid_from": "2018-01-01", "name": "Annan"}
    fixed = next(one for one in document["components"] if one["type"] == "fixedPrice") | {"amount_per_year": "9498"}
    other["components"] = [fixed, *(one for one in document["components"] if one["type"] != "fixedPrice")]
    assert put(api, "/v1/price-lists/costs-other", other).status_code == 201
    topp = json.loads((ROOT / "services/contracts/price_lists/topp-2023.json").read_text())
    assert put(api, "/v1/price-lists/costs-topp", topp | {"valid_from": "2018-01-01"}).status_code == 201
    made = Customer(api, stack)
    made.fill(stack)
    return made


def test_a_contracts_year_is_estimated_by_its_signature(everybody: httpx.Client, customer: Customer) -> None:
    found = everybody.get(f"{customer.path}/estimate", headers=customer.session).raise_for_status().json()
    assert found["rests_on"]["basis"] == "signature"
    assert found["rests_on"]["plus_minus_percent"] is not None
    # A base of 3 kW over 8,760 h, and half a kW for each of the degree-hours below 16 °C.
    assert 26 < float(found["energy_mwh"]) < 70
    net = sum((Decimal(one["net_kr"]) for one in found["components"]), Decimal(0))
    assert net == Decimal(found["net_kr"]) == sum(map(Decimal, found["months_net_kr"]))
    assert Decimal(found["vat_kr"]) == (net / 4).quantize(Decimal("0.01"), "ROUND_HALF_UP")


def test_an_estimate_is_held_against_the_newest_mean_that_billing_closed(
    everybody: httpx.Client, api: httpx.Client, stack: Stack, customer: Customer
) -> None:
    document = json.loads((ROOT / "services/contracts/price_lists/bas-2023.json").read_text())
    components = [
        {name: value for name, value in one.items() if name != "reference_c"} for one in document["components"]
    ]
    held = document | {"valid_from": "2018-01-01", "components": components}
    assert put(api, "/v1/price-lists/costs-held", held).status_code == 201
    asked = {"price_list_id": "costs-held"}

    def of_return() -> tuple[dict[str, Any], Decimal]:
        found = everybody.get(f"{customer.path}/simulation", headers=customer.session, params=asked).json()
        sums = {one["component"]: Decimal(one["otherwise_kr"]) for one in found["differences"]}
        return found, sums["return_temperature"]

    unknown, nothing = of_return()
    assert nothing == 0
    assert "network_as_own" in unknown["assumptions"]
    # Its own is 43.00 in every month; the older mean would make it dearer.
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(
            "INSERT INTO billing.network_mean SELECT 'aalborg', 'heat', month, mean, mean, 19000, 40"
            "  FROM generate_series(timestamp '2024-01-01', '2024-12-01', interval '1 month') AS month, (VALUES (4100))"
            "    AS older(mean)"
            " UNION ALL SELECT 'aalborg', 'heat', month, 4500, 4500, 19000, 40"
            "  FROM generate_series(timestamp '2025-01-01', '2025-12-01', interval '1 month') AS month"
        )
    known, saved = of_return()
    assert "network_of_newest" in known["assumptions"]
    assert "network_as_own" not in known["assumptions"]
    assert saved < 0
    cooled = everybody.get(
        f"{customer.path}/simulation", headers=customer.session, params=asked | {"cooling_c": "2"}
    ).json()
    twice = next(one for one in cooled["differences"] if one["component"] == "return_temperature")
    # Two degrees below the network's mean save so much, two more twice that; the mean stays where it is.
    assert float(twice["otherwise_kr"]) == pytest.approx(2 * float(saved), abs=0.2)
    estimate = everybody.get(f"{customer.path}/estimate", headers=customer.session).json()
    assert estimate["rests_on"]["network_mean"] == {"months": 0, "known": 0}
    on_network = {"price_list_id": "costs-held", "return_c": "40", "network_id": "aalborg"}
    calculated = {**ASKED, "on": "2023-05-05", **on_network}
    answer = everybody.get("/public/calculation", params=calculated).raise_for_status().json()
    assert "network_of_newest" in answer["assumptions"]


def test_the_calculator_and_the_estimate_say_the_same_of_the_same(everybody: httpx.Client, customer: Customer) -> None:
    found = everybody.get(f"{customer.path}/estimate", headers=customer.session).json()
    asked = {"price_list_id": "costs-bas", "power_kw": "20", "energy_mwh": found["energy_mwh"]}
    calculated = everybody.get("/public/calculation", params=asked).json()
    estimated, calculated = (
        {
            one["component"]: one["months_net_kr"]
            for one in answer["components"]
            if one["component"] in ("power", "fixed")
        }
        for answer in (found, calculated)
    )
    assert estimated == calculated


def test_others_and_strangers_see_no_contract(everybody: httpx.Client, api: httpx.Client, stack: Stack) -> None:
    one, other = Customer(api, stack), Customer(api, stack)
    assert everybody.get(f"{one.path}/estimate", headers=other.session).status_code == 404
    assert everybody.get(f"{one.path}/estimate", headers={"Kulvert-Session": "none"}).status_code == 404
    assert everybody.get(f"{one.path}/estimate").status_code == 401
    assert api.get(f"{one.path}/estimate").status_code == 200


def test_a_buyer_is_estimated_without_the_sellers_days(
    everybody: httpx.Client, api: httpx.Client, stack: Stack, customer: Customer
) -> None:
    buyer = Customer(api, stack, since=TODAY)
    buyer.fill(stack)
    found = everybody.get(f"{buyer.path}/estimate", headers=buyer.session).raise_for_status().json()
    assert found["rests_on"]["basis"] == "category_profile"
    assert everybody.get(f"{buyer.path}/simulation", headers=buyer.session).json()["code"] == "no_measured_year"


def test_choices_stand_beside_today(everybody: httpx.Client, customer: Customer) -> None:
    def simulated(**choices: str) -> dict[str, Any]:
        answer = everybody.get(f"{customer.path}/simulation", headers=customer.session, params=choices)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    nothing = simulated()
    assert Decimal(nothing["difference_total_kr"]) == 0
    assert nothing["today"]["net_kr"] == nothing["otherwise"]["net_kr"]
    assert Decimal(simulated(cooling_c="5")["difference_net_kr"]) < 0
    saved = simulated(saved_percent="10")
    by_component = {one["component"]: one for one in saved["differences"]}
    assert float(by_component["energy"]["difference_kr"]) == pytest.approx(
        -0.1 * float(by_component["energy"]["today_kr"]), rel=1e-3
    )
    assert saved["power"]["otherwise_kw"] == "18"
    assert simulated(shifted_percent="10")["power"]["otherwise_kw"] == "18"
    other = simulated(price_list_id="costs-other")
    # A yearly charge is rounded in each of twelve months.
    assert float(other["difference_net_kr"]) == pytest.approx(9_000, abs=0.12)


def test_a_simulation_says_of_how_many_hours_its_year_is(
    everybody: httpx.Client, customer: Customer, stack: Stack
) -> None:
    def simulated() -> dict[str, Any]:
        found: dict[str, Any] = everybody.get(f"{customer.path}/simulation", headers=customer.session).json()
        return found

    whole = simulated()
    days = (date.fromisoformat(whole["last_day"]) - date.fromisoformat(whole["first_day"])).days + 1
    assert whole["coverage"] == dict.fromkeys(("hours", "known", "measured"), 24 * days)
    assert "hours_missing" not in whole["assumptions"]
    five = [customer.house.point_id, whole["first_day"]]
    change = "UPDATE ingest.hour SET {} WHERE point_id = %s AND starts_at = %s::date + interval '30 hours'"
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(change.format("energy_wh = NULL").encode(), five)
    lacking = simulated()
    assert lacking["coverage"]["known"] == 24 * days - 1
    assert "hours_missing" in lacking["assumptions"]
    assert Decimal(lacking["today"]["net_kr"]) < Decimal(whole["today"]["net_kr"])
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute(change.format("energy_wh = 1000").encode(), five)


@pytest.mark.parametrize(
    ("choices", "field", "code"),
    [
        ({"shifted_percent": "5", "shifted_from_hour": "9", "shifted_to_hour": "6"}, "shifted_to_hour", "not_later"),
        ({"price_list_id": "costs-topp"}, "price_list_id", "not_eligible"),
        ({"price_list_id": "none"}, "price_list_id", "unknown_price_list"),
        ({"saved_percent": "95"}, "saved_percent", "less_than_equal"),
        ({"power_kw": "0"}, "power_kw", "greater_than"),
    ],
)
def test_a_choice_that_cannot_be_names_its_field(
    everybody: httpx.Client, customer: Customer, choices: dict[str, str], field: str, code: str
) -> None:
    answer = everybody.get(f"{customer.path}/simulation", headers=customer.session, params=choices)
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, code)]


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("kind", ["estimate", "simulation"])
def test_each_is_printed(everybody: httpx.Client, customer: Customer, kind: str, language: str) -> None:
    asked = {"language": language, "saved_percent": "10"} if kind == "simulation" else {"language": language}
    answer = everybody.get(f"{customer.path}/{kind}.pdf", headers=customer.session, params=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF")
