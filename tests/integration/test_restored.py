"""What becomes of what was put, granted and billed between a backup and the day it was put back."""

import asyncio
from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from deploy import places
from deploy.local.processes import reap
from deploy.local.services import BILLING, CONTRACTS, PERMISSIONS
from deploy.local.stack import DATABASE, Stack
from deploy.places import GROUPS, ServicesRunError
from deploy.prepare import LOGIN_ROLES
from schemas.batches import RecordBatches
from schemas.contracts import ContractChanged
from schemas.event import Event
from schemas.facilities import FacilityChanged
from schemas.grants import GrantsChanged
from schemas.power import DAILY_POWER_BATCHES, HOURLY_POWER_BATCHES
from schemas.price_lists import PriceListChanged
from schemas.topics import (
    CONTRACTS_CHANGED,
    DAILY_POWER,
    DAILY_TEMPERATURE,
    FACILITIES_CHANGED,
    GRANTS_CHANGED,
    HOURLY_POWER,
    PRICE_LISTS_CHANGED,
    TOPICS,
    Topic,
)
from schemas.weather import DailyTemperatureChanged
from services.common.proof import PutBackError
from services.common.received import read_table
from tests.integration import looking
from tests.integration.contracts_house import BAS_2018, House, put
from tests.integration.utility_put_back import FIGURE_OF, Utility

BEFORE, AFTER, LATER = date(2018, 3, 1), date(2018, 4, 1), date(2018, 5, 1)
BACKUP = "backup"
NEW_BACKUP = "new_backup"
BAS_2019 = {**BAS_2018, "valid_from": "2019-01-01", "name": "Bas 2019"}
DEARER_POWERS = [{"valid_from": "2018-01-01", "kw": "10"}, {"valid_from": "2018-06-01", "kw": "12"}]


def before(own: Utility) -> None:
    """What is in the backup."""
    assert put(own.of(CONTRACTS), "/v1/networks/aalborg", {"name": "Aalborg"}).status_code == 201
    assert put(own.of(CONTRACTS), "/v1/price-lists/bas", BAS_2018).status_code == 201
    for name in ("left", "changed"):
        own.houses[name] = House(own.of(CONTRACTS))
        own.put_contract(name)
        own.give_days(name, BEFORE, LATER)
    own.wait_until_level()
    assert own.close(BEFORE)["issued_now"] == 2
    for user in ("anna", "bo"):
        own.of(PERMISSIONS).put(f"/v1/people/{user}", json={"name": user, "email": f"{user}@x.se"})
    own.grant("left", "anna")
    own.log_in("anna")
    own.put_figures(revision=1, energy_wh=19_000)


def since(own: Utility) -> None:
    """What the backup does not have."""
    own.houses["new"] = House(own.of(CONTRACTS))
    own.put_contract("new")
    own.give_days("new", BEFORE, LATER)
    own.put_contract("changed", powers=DEARER_POWERS)
    assert put(own.of(CONTRACTS), "/v1/price-lists/bas", BAS_2019).status_code == 200
    own.of(PERMISSIONS).delete(f"/v1/grants/C{own.houses['left'].number}/anna")
    own.grant("left", "bo", "read")
    # As where a meter was registered since: a figure changed, and nothing in Kafka would change it again.
    own.put_figures(revision=2, energy_wh=23_000)
    own.wait_until_level()
    assert own.close(AFTER)["issued_now"] == 3
    looking.wait_for(lambda: not own.rows("SELECT FROM billing.outbox"))


@pytest.fixture(scope="module")
def utility(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Utility]:
    folder = tmp_path_factory.mktemp("restored")
    stack = Stack(folder / "stack")
    stack.start()
    own = Utility(stack, folder)
    try:
        own.start()
        before(own)
        own.stop()
        own.copy_database(DATABASE, BACKUP)
        own.start()
        since(own)
        own.stop()
        own.copy_database(BACKUP, DATABASE)
        own.said = own.say_so()
        own.note_places()
        own.start()
        yield own
    finally:
        own.stop()
        stack.remove()
        reap()


def test_what_staff_have_to_put_again_is_named(utility: Utility) -> None:
    new, changed = utility.houses["new"].number, utility.houses["changed"].number
    first, last = utility.numbers(3), utility.numbers(5)
    wanted = [
        f"Contracts changed since the backup; put them again: A{changed}.",
        f"Facilities put since the backup; put them again, and they keep their identities: F{new}.",
        f"Metering points put since the backup; put them again, and they keep their identities: P{new}.",
        f"Contracts put since the backup; put them again, and they keep their identities: A{new}.",
        f"Contracts whose customers are not known any more; put the customers first: A{new}.",
        f"Invoices issued since the backup and lost, whose numbers and months stay taken: {first} to {last}.",
    ]
    assert [line for line in wanted if line not in utility.said] == []
    [(report,)] = utility.rows("SELECT report FROM installation.restore")
    assert set(wanted) <= set(report.splitlines())


def test_every_copy_has_what_the_backup_says(utility: Utility) -> None:
    utility.wait_until_level()
    [(powers,)] = utility.rows(
        "SELECT powers FROM billing.contract WHERE contract_id = %s", utility.contract_ids["changed"]
    )
    assert [power["kw"] for power in powers] == ["10.00"]


def test_what_is_put_again_is_the_same_as_before_and_nothing_else_is(utility: Utility) -> None:
    lost, lost_contract = utility.houses["new"], utility.contract_ids["new"]
    other = House(utility.of(CONTRACTS))
    again = House(utility.of(CONTRACTS), lost.number)
    assert (again.facility_id, again.point_id) == (lost.facility_id, lost.point_id)
    assert other.point_id != lost.point_id
    utility.houses["new"] = again
    utility.put_contract("new")
    assert utility.contract_ids["new"] == lost_contract
    utility.wait_until_level()
    [(customer_id,)] = utility.rows("SELECT customer_id FROM billing.contract WHERE contract_id = %s", lost_contract)
    assert str(customer_id) == again.customer_id
    assert utility.rows("SELECT FROM contracts.lost_identity") == []


def test_a_change_that_is_put_again_is_taken_by_every_copy(utility: Utility) -> None:
    utility.put_contract("changed", powers=DEARER_POWERS)
    utility.wait_until_level()
    [(powers,)] = utility.rows(
        "SELECT powers FROM billing.contract WHERE contract_id = %s", utility.contract_ids["changed"]
    )
    assert [power["kw"] for power in powers] == ["10.00", "12.00"]


def test_a_price_list_is_whole_again_without_anybody_s_doing(utility: Utility) -> None:
    found = utility.of(CONTRACTS).get("/v1/price-lists/bas").json()["versions"]
    assert [(one["version"], one["extension"]["name"]) for one in found] == [
        (1, BAS_2018["name"]),
        (2, BAS_2019["name"]),
    ]
    newest = put(utility.of(CONTRACTS), "/v1/price-lists/bas", BAS_2019 | {"name": "Bas 2019, rättad"}).json()
    assert newest["version"] >= 1 << 32
    utility.wait_until_level()


def test_who_lost_a_grant_after_the_backup_has_not_got_it_back_and_everybody_is_logged_out(utility: Utility) -> None:
    assert utility.sees("anna") == set()
    assert utility.sees("bo") == {utility.houses["left"].point_id}
    assert utility.rows("SELECT FROM permissions.session WHERE ended_at IS NULL") == []


def test_no_number_is_given_twice_and_no_month_billed_twice(utility: Utility) -> None:
    lost = [utility.numbers(place) for place in (3, 4, 5)]
    report = utility.close(AFTER)
    assert (report["issued_now"], report["held"]) == (0, {"invoice_lost": 3})
    utility.give_days("left", LATER, date(2018, 6, 1))
    assert utility.close(LATER)["issued_now"] == 1
    [(newest,)] = utility.rows("SELECT max(number) FROM billing.invoice")
    assert newest == utility.numbers(6)
    chain = utility.of(BILLING).get(f"/v1/chains/{newest[:4]}").json()
    assert (chain["issued"], chain["invoices"], chain["lost"], chain["flaw"]) == (6, 3, lost, None)


@pytest.mark.parametrize(
    ("topic", "kind", "stored"),
    [
        (CONTRACTS_CHANGED, ContractChanged, "SELECT contract_id::text, version FROM contracts.contract"),
        (FACILITIES_CHANGED, FacilityChanged, "SELECT facility_id::text, version FROM contracts.facility"),
        (
            PRICE_LISTS_CHANGED,
            PriceListChanged,
            "SELECT price_list_id, max(version) FROM contracts.price_list GROUP BY 1",
        ),
        (GRANTS_CHANGED, GrantsChanged, "SELECT customer_id::text, version FROM permissions.grants_version"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_whoever_took_only_newer_versions_has_what_is_stored_and_what_the_topic_keeps(
    utility: Utility, topic: Topic, kind: type[Event], stored: str
) -> None:
    heard, kept = utility.told(topic, kind)
    assert heard == kept
    assert {(key.decode(), event.version) for key, event in heard.items()} == set(utility.rows(stored))


@pytest.mark.parametrize(
    ("topic", "batches", "stored"),
    [
        (HOURLY_POWER, HOURLY_POWER_BATCHES, "SELECT energy_wh, revision FROM ingest.hour WHERE starts_at = %s"),
        (DAILY_POWER, DAILY_POWER_BATCHES, "SELECT energy_wh, revision FROM ingest.day WHERE day = %s"),
    ],
    ids=["hours", "days"],
)
def test_a_figure_that_changed_since_the_backup_is_told_of_as_it_stands(
    utility: Utility, topic: Topic, batches: RecordBatches, stored: str
) -> None:
    [figure] = utility.rows(stored, FIGURE_OF[topic.name])
    assert figure == (19_000, utility.floor())
    looking.wait_for(lambda: not utility.rows("SELECT FROM ingest.rejudge"))
    told = [row for record in looking.records(utility.stack, topic) for row in read_table(record, batches).to_pylist()]
    newest = max((row["revision"], row["energy_wh"]) for row in told if FIGURE_OF[topic.name] in row.values())
    assert newest == (utility.floor(), 19_000)


def test_a_daily_mean_that_changed_since_the_backup_is_told_of_as_it_stands(utility: Utility) -> None:
    query = "SELECT mean_c, revision FROM ingest.daily_temperature WHERE station_id = 'lost'"
    assert utility.rows(query) == [(1.5, utility.floor())]
    told = [DailyTemperatureChanged.from_bytes(one.value) for one in looking.records(utility.stack, DAILY_TEMPERATURE)]
    newest = max(told, key=lambda one: one.revision)
    assert (newest.station_id, newest.mean_c, newest.revision) == ("lost", 1.5, utility.floor())


def test_every_group_goes_on_at_what_is_stored_and_alerts_begins_anew(utility: Utility) -> None:
    for group in GROUPS:
        assert utility.places[group.name] == utility.stored[group.name], group.name


def test_every_topic_that_a_service_reads_is_one_of_a_group_s() -> None:
    read = {(topic.name, service) for topic in TOPICS for service in topic.consumers if service in LOGIN_ROLES}
    assert {(topic.name, group.name.split("-")[0]) for group in GROUPS for topic in group.topics} == read


def test_the_command_is_refused_while_a_service_runs(utility: Utility) -> None:
    with pytest.raises(ServicesRunError, match=r"still connected \(billing, contracts, ingest, permissions\)"):
        utility.say_so()


def test_nothing_starts_on_a_backup_from_before_anything_was_stored(utility: Utility) -> None:
    utility.copy_database(BACKUP, NEW_BACKUP)
    dsn = utility.stack.postgres.dsn(NEW_BACKUP)
    with psycopg.connect(dsn) as connection:
        for schema in {group.schema for group in GROUPS if group.schema}:
            connection.execute(f"DELETE FROM {schema}.stored_position".encode())
    with pytest.raises(PutBackError, match="it was put back from a backup"):
        places.check(dsn, utility.stack.kafka.bootstrap)


def test_a_broker_that_is_still_reading_its_groups_is_waited_for(utility: Utility) -> None:
    utility.stop()
    [billing] = (group for group in GROUPS if group.name == "billing")
    before = asyncio.run(utility.committed(billing))
    assert before
    utility.restart_broker()
    assert asyncio.run(utility.committed(billing)) == before


def test_a_second_loss_from_the_same_backup_is_another_epoch(utility: Utility) -> None:
    [(first,)] = utility.rows("SELECT epoch FROM installation.restore")
    utility.stop()
    utility.copy_database(BACKUP, DATABASE)
    assert utility.rows("SELECT FROM installation.restore") == []
    utility.say_so()
    [(second,)] = utility.rows("SELECT epoch FROM installation.restore")
    assert second > first
    utility.start()
    utility.wait_until_level()
    heard, kept = utility.told(CONTRACTS_CHANGED, ContractChanged)
    assert heard == kept
