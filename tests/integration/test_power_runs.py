"""The yearly run over all contracts: proposals that wait, approvals that are kept, and corrections that are told of."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest
from pydantic import SecretStr

from deploy.local.stack import Stack
from schemas.contracts import ContractChanged
from schemas.price_list_terms import PowerMethod
from schemas.topics import CONTRACTS_CHANGED
from schemas.values import Activity, PointId
from services.common.postgres import Database
from services.contracts import power_runs
from services.contracts.core.measuring import Asked
from services.contracts.core.methods import newest_period
from services.contracts.jobs import jobs
from services.contracts.measuring import measured_one
from services.contracts.settings import ContractsSettings
from services.contracts.store import power_runs as store
from services.heat.power_methods.measurement import Measurement
from tests.integration.asked_runs import a_day, approve, finished, proposals
from tests.integration.contracts_house import BAS_2018, put, serving
from tests.integration.kulvert_command import Kulvert
from tests.integration.looking import told
from tests.integration.power_street import WINTER, Street

ZONE = ZoneInfo("Europe/Stockholm")


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("power-runs") / "contracts.log") as client:
        client.timeout = httpx.Timeout(60)
        yield client


@pytest.fixture
def street(stack: Stack, api: httpx.Client) -> Street:
    return Street(stack)


def test_a_run_proposes_what_deviates_by_five_percent_or_more_and_says_what_it_found_of_the_others(
    api: httpx.Client, street: Street
) -> None:
    kw = {"21.00": "changed", "20.99": "within_threshold", "19.00": "changed", "19.01": "within_threshold"}
    houses = {street.house(measured, in_force_kw="20"): decision for measured, decision in kw.items()}
    houses[street.house(None)] = "not_determined"
    run = finished(api)
    found = proposals(api, run, street)
    assert {number: one["decision"] for number, one in found.items()} == houses
    assert run["winter"] == WINTER
    assert run["done"] == run["contracts"] == sum(run["decisions"].values()) + sum(run["left_out"].values())


def test_nothing_of_a_run_counts_before_it_is_approved_and_then_from_a_day_after_the_approval(
    api: httpx.Client, stack: Stack, street: Street
) -> None:
    number = street.house("12.40")
    run = finished(api)
    [proposed] = proposals(api, run, street).values()
    assert (proposed["measured_kw"], proposed["in_force_kw"], proposed["kw"]) == ("12.40", "9.00", "12.00")
    assert (proposed["state"], proposed["approved_by"]) == ("proposed", None)
    assert street.powers(number) == [("9.00", "entered")]
    assert api.get("/v1/determinations", params={"metering_point": number}).json() == {"determinations": []}
    assert approve(api, run, number).json() == {"approved": 1, "changed": 1, "known_before": 0, "lapsed": 0}
    assert street.powers(number) == [("9.00", "entered"), ("12.00", "minus_five")]
    [determined] = api.get("/v1/determinations", params={"metering_point": number}).json()["determinations"]
    today = datetime.now(ZONE).date()
    assert date.fromisoformat(determined["effective_on"]) == (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    assert (determined["approved_by"], determined["kw"], len(determined["points"])) == ("Åsa Berg", "12.00", 151)
    [approved] = proposals(api, run, street).values()
    assert (approved["state"], approved["approved_by"]) == ("approved", "Åsa Berg")
    assert approved["determination_id"] == determined["determination_id"]
    assert datetime.fromisoformat(approved["approved_at"]).astimezone(ZONE).date() == today
    contract_id = api.get(f"/v1/contracts/{number}").json()["contract_id"]
    [event] = told(stack, CONTRACTS_CHANGED, contract_id, ContractChanged, 1)
    assert [str(power.kw) for power in event.powers] == ["9.00", "12.00"]


def test_what_is_approved_is_what_asking_for_the_winter_by_hand_would_give(api: httpx.Client, street: Street) -> None:
    number, other = street.house("12.40"), street.house("9.10")
    run = finished(api)
    assert approve(api, run, number, other).json()["approved"] == 2
    for each in (number, other):
        [approved] = api.get("/v1/determinations", params={"metering_point": each}).json()["determinations"]
        asked = api.post("/v1/determinations", json={"metering_point": each, "winter": WINTER})
        assert (asked.status_code, asked.json()) == (200, approved)


def test_some_may_be_approved_and_the_others_go_on_waiting(api: httpx.Client, street: Street) -> None:
    first, second = street.house("12.40"), street.house("7.00")
    run = finished(api)
    assert approve(api, run, first).json()["changed"] == 1
    assert {one["state"] for one in proposals(api, run, street).values()} == {"approved", "proposed"}
    assert street.powers(second) == [("9.00", "entered")]
    assert approve(api, run, first).json() == {"approved": 0, "changed": 0, "known_before": 0, "lapsed": 0}
    whole = api.post(f"/v1/power-runs/{run['run_id']}/approve", json={"approved_by": "Bo"}).json()
    assert whole["approved"] >= 1
    assert street.powers(second) == [("9.00", "entered"), ("7.00", "minus_five")]
    assert {one["approved_by"] for one in proposals(api, run, street).values()} == {"Åsa Berg", "Bo"}


def test_a_run_that_is_asked_for_again_changes_nothing(api: httpx.Client, street: Street) -> None:
    street.house("12.40")
    day = a_day()
    first = finished(api, day)
    before = street.proposals(first["run_id"])
    again = api.post("/v1/power-runs", json={"day": day})
    assert (again.status_code, again.json()["run_id"]) == (200, first["run_id"])
    assert finished(api, day) == first
    assert street.proposals(first["run_id"]) == before


def test_a_later_run_replaces_what_waits_of_an_earlier_one(api: httpx.Client, street: Street) -> None:
    number = street.house("12.40")
    earlier = finished(api)
    street.change("UPDATE ingest.day SET maximum_hour_wh = maximum_hour_wh - 2400, revision = 2 WHERE point_id = %s",
                  street.point_id(number))  # fmt: skip
    later = finished(api)
    assert proposals(api, earlier, street)[number]["state"] == "replaced"
    assert proposals(api, later, street)[number]["measured_kw"] == "10.00"
    assert approve(api, earlier, number).json()["approved"] == 0
    assert street.powers(number) == [("9.00", "entered")]


def test_a_preview_lists_every_change_and_leaves_no_trace(api: httpx.Client, street: Street) -> None:
    changed, same = street.house("12.40"), street.house("9.10")
    day = a_day()
    runs_before = api.get("/v1/power-runs").json()
    seen = api.get("/v1/power-runs/preview", params={"day": day}).json()
    assert api.get("/v1/power-runs").json() == runs_before
    mine = [one for one in seen["changes"] if one["metering_point"] in (changed, same)]
    assert [(one["metering_point"], one["in_force_kw"], one["kw"]) for one in mine] == [(changed, "9.00", "12")]
    [listed] = [one for one in proposals(api, finished(api, day), street).values() if one["decision"] == "changed"]
    for column in ("measured_kw", "method", "effective_on", "share_percent"):
        assert listed[column] == mine[0][column]


def test_each_result_has_its_share_of_its_networks_sum(api: httpx.Client, street: Street) -> None:
    """Of what was measured, or where nothing could be determined of the power in force."""
    houses = [street.house("12.00"), street.house("9.00"), street.house(None)]
    run = finished(api)
    found = proposals(api, run, street)
    assert [found[number]["share_percent"] for number in houses] == ["40.0000", "30.0000", "30.0000"]
    approve(api, run, *houses)
    [determined] = api.get("/v1/determinations", params={"metering_point": houses[0]}).json()["determinations"]
    assert determined["share_percent"] == "40.0000"
    alone = Street(street._stack)
    number = alone.house("9.00")
    by_hand = api.post("/v1/determinations", json={"metering_point": number, "winter": WINTER}).json()
    assert by_hand["share_percent"] == "100.0000"


def test_a_contract_whose_price_list_has_no_price_for_power_is_left_out_and_counted(
    api: httpx.Client, street: Street
) -> None:
    parts = [part for part in BAS_2018["components"] if part["type"] != "powerPrice"]
    assert put(api, "/v1/price-lists/powerless", BAS_2018 | {"components": parts}).status_code in (200, 201)
    street.house("12.40", price_list="powerless")
    run = finished(api)
    assert run["left_out"]["no_power_price"] >= 1
    assert proposals(api, run, street) == {}


def test_a_contract_that_has_ended_meanwhile_lapses(api: httpx.Client, street: Street) -> None:
    number = street.house("12.40")
    run = finished(api)
    street.change("UPDATE contracts.contract SET valid_to = '2020-01-01' WHERE contract_number = %s", number)
    assert approve(api, run, number).json() == {"approved": 0, "changed": 0, "known_before": 0, "lapsed": 1}
    assert proposals(api, run, street)[number]["state"] == "lapsed"
    assert street.powers(number) == [("9.00", "entered")]


def test_what_was_determined_by_hand_since_is_not_determined_twice(api: httpx.Client, street: Street) -> None:
    number = street.house("12.40")
    run = finished(api)
    by_hand = api.post("/v1/determinations", json={"metering_point": number, "winter": WINTER}).json()
    assert approve(api, run, number).json() == {"approved": 1, "changed": 0, "known_before": 1, "lapsed": 0}
    assert proposals(api, run, street)[number]["determination_id"] == by_hand["determination_id"]
    assert street.powers(number) == [("9.00", "entered"), ("12.00", "minus_five")]


def test_a_result_is_held_against_the_power_on_the_day_of_its_approval(api: httpx.Client, street: Street) -> None:
    number = street.house("12.40")
    run = finished(api)
    street.change(
        "INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method)"
        " SELECT contract_id, '2020-01-01', 12, 'entered' FROM contracts.contract WHERE contract_number = %s",
        number,
    )
    assert approve(api, run, number).json()["changed"] == 0
    [determined] = api.get("/v1/determinations", params={"metering_point": number}).json()["determinations"]
    assert (determined["decision"], determined["in_force_kw"]) == ("within_threshold", "12.00")


def corrected(api: httpx.Client, street: Street) -> dict[str, dict[str, Any]]:
    found = api.get("/v1/determinations/corrected", params={"limit": 10_000}).json()["determinations"]
    return {one["metering_point"]: one for one in found if one["metering_point"].startswith(street.name)}


def test_days_corrected_after_a_decision_are_reported_with_what_they_measure_now_and_change_nothing(
    api: httpx.Client, street: Street
) -> None:
    number, other = street.house("12.40"), street.house("12.40")
    approve(api, finished(api), number, other)
    assert corrected(api, street) == {}
    street.change("UPDATE ingest.day SET maximum_hour_wh = maximum_hour_wh - 2400, revision = revision + 1"
                  " WHERE point_id = %s", street.point_id(number))  # fmt: skip
    told_of = corrected(api, street)
    assert list(told_of) == [number]
    assert (told_of[number]["measured_kw"], told_of[number]["measured_now_kw"]) == ("12.40", "10.00")
    assert street.powers(number) == [("9.00", "entered"), ("12.00", "minus_five")]
    api.post("/v1/determinations", json={"metering_point": number, "winter": WINTER})
    assert corrected(api, street) == {}


@pytest.mark.parametrize("way", ["asked for by hand", "approved once more"])
def test_a_correction_that_changes_no_result_is_settled_by_looking_again(
    api: httpx.Client, street: Street, way: str
) -> None:
    number = street.house("12.40")
    approve(api, finished(api), number)
    street.change("UPDATE ingest.day SET revision = revision + 1 WHERE point_id = %s", street.point_id(number))
    assert corrected(api, street)[number]["measured_now_kw"] == "12.40"
    if way == "asked for by hand":
        assert api.post("/v1/determinations", json={"metering_point": number, "winter": WINTER}).status_code == 200
    else:
        assert approve(api, finished(api), number).json()["known_before"] == 1
    assert corrected(api, street) == {}
    assert street.powers(number) == [("9.00", "entered"), ("12.00", "minus_five")]


def test_a_temperature_corrected_after_a_decision_is_reported_of_all_houses_by_the_station(
    api: httpx.Client, street: Street
) -> None:
    houses = {street.house("12.40"), street.house("9.00")}
    approve(api, finished(api), *houses)
    street.change("UPDATE ingest.daily_temperature SET mean_c = -8, revision = 2"
                  " WHERE station_id = %s AND day = '2019-01-10'", street.name)  # fmt: skip
    assert corrected(api, street).keys() == houses


async def test_a_winters_run_is_begun_once_by_itself_from_its_day_on(stack: Stack, street: Street) -> None:
    begun = "SELECT asked_on FROM contracts.power_run WHERE winter = '2017/2018' ORDER BY asked_on"
    settings = ContractsSettings(
        database_url=SecretStr(stack.dsn("contracts")), kafka_bootstrap="", identity_key=SecretStr("0" * 64)
    )
    database = Database(stack.dsn("contracts"), 1, 1)
    await database.open()
    try:
        [job] = jobs(database, settings)
        for day, runs in ((14, []), (15, [(date(2018, 4, 15),)]), (16, [(date(2018, 4, 15),)])):
            await job.run(datetime(2018, 4, day, tzinfo=UTC))
            assert street.rows(begun) == runs
    finally:
        await database.close()


def test_a_run_of_a_day_to_come_and_an_approval_of_no_finished_run_are_refused(
    api: httpx.Client, street: Street
) -> None:
    tomorrow = datetime.now(ZONE).date() + timedelta(days=2)
    refused = api.post("/v1/power-runs", json={"day": tomorrow.isoformat()})
    assert (refused.status_code, refused.json()["code"]) == (409, "day_not_come")
    unknown = approve(api, {"run_id": "00000000-0000-0000-0000-000000000000"}, "MP-1")
    assert (unknown.status_code, unknown.json()["code"]) == (409, "run_not_finished")
    nobody = approve(api, finished(api), "nowhere")
    assert (nobody.status_code, nobody.json()["code"]) == (422, "unknown_metering_point")


def test_daily_means_are_measured_from_the_same_days_under_the_services_own_rights(
    stack: Stack, street: Street
) -> None:
    """Each day's energy is 20 times its highest hour, of which a twenty-fourth is its mean power."""
    number = street.house("12.00")

    async def measured(method: PowerMethod) -> Measurement:
        database = Database(stack.dsn("contracts"), 1, 1)
        await database.open()
        try:
            async with database.transaction() as tx:
                asked = Asked(PointId(street.point_id(number)), street.name, Activity.SEVEN_DAY, method)
                _, period = newest_period(method, date(2019, 5, 1))
                return (await measured_one(tx, asked, period)).measurement
        finally:
            await database.close()

    goteborg = asyncio.run(measured(PowerMethod.GOTEBORG))
    # The coldest days have -9 C, four degrees below -5, at 0.2 kW a degree.
    assert goteborg.measured_kw == (Decimal("12.8") * 20 / 24).quantize(Decimal("0.01"))
    norrenergi = asyncio.run(measured(PowerMethod.NORRENERGI))
    assert norrenergi.measured_kw == (Decimal("13.6") * 20 / 24).quantize(Decimal("0.01"))


def test_a_determination_is_drawn_as_svg_and_png_in_either_language(
    stack: Stack, api: httpx.Client, street: Street, tmp_path: Path
) -> None:
    number = street.house("12.40")
    kulvert = Kulvert(stack, tmp_path)
    for kind in ("svg", "png"):
        kulvert.does("subscription-power", number, "--winter", WINTER, "--chart", tmp_path / f"chart.{kind}")
    assert "12,40 kW" in (tmp_path / "chart.svg").read_text()
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    [determined] = api.get("/v1/determinations", params={"metering_point": number}).json()["determinations"]
    path = f"/v1/determinations/{determined['determination_id']}/chart.svg"
    assert "The measured power is 12.40 kW." in api.get(path, params={"language": "en"}).text
    assert api.get(path.replace(determined["determination_id"], str(uuid4()))).status_code == 404
    refused = kulvert.run("subscription-power", number, "--winter", WINTER, "--chart", "chart.pdf")
    assert (refused.returncode, refused.stderr.strip()) == (
        1,
        "name a file that ends with .svg or .png, not 'chart.pdf'",
    )


async def test_contracts_of_several_methods_are_measured_in_one_batch_each_by_its_own(
    stack: Stack, api: httpx.Client, street: Street
) -> None:
    """Each day's energy is 20 times its highest hour, of which a twenty-fourth is its mean power."""
    methods = {"of-goteborg": PowerMethod.GOTEBORG, "of-verken": PowerMethod.TEKNISKA_VERKEN}
    for price_list, method in methods.items():
        *others, power = BAS_2018["components"]
        put(api, f"/v1/price-lists/{price_list}", BAS_2018 | {"components": [*others, power | {"method": method}]})
    houses = [street.house("12.00", price_list) for price_list in ("bas", *methods, "of-goteborg")]
    database = Database(stack.dsn("contracts"), 1, 1)
    await database.open()
    async with database.transaction() as tx:
        day = date(2019, 4, 15)
        mine = [one for one in await store.contracts_after(tx, day, 0, 10_000) if one.metering_point in houses]
        proposed, _ = await power_runs.propose(tx, mine, WINTER, day)
    await database.close()
    found = {one.contract.metering_point: (one.method, one.measured.measurement.measured_kw) for one in proposed}
    # The coldest days have -9 C, four degrees below -5, at 0.2 kW a degree.
    goteborg = (PowerMethod.GOTEBORG, (Decimal("12.8") * 20 / 24).quantize(Decimal("0.01")))
    verken = (PowerMethod.TEKNISKA_VERKEN, (Decimal("14.52") * 20 / 24).quantize(Decimal("0.01")))
    assert [found[house] for house in houses] == [
        (PowerMethod.MINUS_FIVE, Decimal("12.00")),
        goteborg,
        verken,
        goteborg,
    ]


def test_the_command_runs_lists_approves_and_tells_of_corrections(
    stack: Stack, api: httpx.Client, street: Street, tmp_path: Path
) -> None:
    kulvert, number, day = Kulvert(stack, tmp_path), street.house("12.40"), a_day()
    assert number in kulvert.does("power-runs", "preview", "--day", day)
    assert f"winter {WINTER}" in kulvert.does("power-runs", "begin", "--day", day)
    assert day in kulvert.does("power-runs", "list")
    assert number in kulvert.does("power-runs", "show", day)
    told_of = kulvert.does("power-runs", "approve", day, "--by", "Åsa Berg", "--point", number)
    assert told_of == "1 approved by Åsa Berg; 1 of them sets another power.\n"
    assert kulvert.does("power-runs", "approve", day, "--by", "Åsa Berg", "--point", number).startswith("Nothing waits")
    street.change("UPDATE ingest.day SET revision = revision + 1 WHERE point_id = %s", street.point_id(number))
    assert number in kulvert.does("power-runs", "corrected")
