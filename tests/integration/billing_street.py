"""A street of houses to bill: contracts, days and prices, said to a billing service as its neighbours would."""

import asyncio
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg
import pyarrow as pa

from deploy.local.folder import ROOT
from deploy.local.stack import Stack
from schemas.agreements import AS_LISTED, Agreed
from schemas.contracts import ContractChanged, ContractTerm, PowerInForce
from schemas.power import DAILY_POWER, DAILY_POWER_BATCHES, DAILY_POWER_SCHEMA_ID
from schemas.price_lists import PriceList, PriceListChanged
from schemas.topics import CONTRACTS_CHANGED, PRICE_LISTS_CHANGED
from schemas.topics import DAILY_POWER as DAILY_POWER_TOPIC
from schemas.values import ContractId, CustomerId, PointId, PriceListId
from services.common.kafka import Outgoing, outgoing, send_all, start_producer
from tests import examples
from tests.builders import stream
from tests.integration.looking import wait_for

BEGAN = date(2014, 1, 1)
BAS_2018 = json.loads((ROOT / "services/contracts/price_lists/bas-2018.json").read_text())


def power(valid_from: date, kw: str) -> PowerInForce:
    return PowerInForce(valid_from=valid_from, kw=Decimal(kw), method="entered", determination_id=None)


@dataclass
class House:
    """One contract at one metering point."""

    number: str
    point_id: PointId
    customer_id: CustomerId
    contract_id: ContractId = field(default_factory=lambda: ContractId(uuid4()))
    first: date = BEGAN
    end: date | None = None
    powers: tuple[PowerInForce, ...] = (power(BEGAN, "10"),)
    price_list: str = "street"
    version: int = 1
    agreed: Agreed = AS_LISTED

    def event(self) -> ContractChanged:
        term = ContractTerm(valid_from=self.first, valid_to=self.end, price_list_id=PriceListId(self.price_list))
        return examples.event(
            ContractChanged, "until_the_sale",
            contract_id=self.contract_id, version=self.version, contract_number=self.number, point_id=self.point_id,
            customer_id=self.customer_id, terms=(term,), powers=self.powers, changed_from=self.first,
            options=self.agreed.options, agreements=self.agreed.agreements,
        )  # fmt: skip


class Street:
    """Houses straight in the tables of ingest and contracts; what is told goes over Kafka."""

    def __init__(self, stack: Stack, first_point: int = 680_001) -> None:
        self._stack = stack
        self._next = first_point
        self._lists: dict[str, tuple[PriceList, ...]] = {}
        self.run("INSERT INTO contracts.network VALUES ('street', 'Gatan') ON CONFLICT DO NOTHING")
        self.price_list("street", valid_from=BEGAN)

    def run(self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> None:
        with psycopg.connect(self._stack.admin_dsn) as connection:
            connection.execute(statement.encode(), parameters)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._stack.admin_dsn) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def value(self, query: str, *parameters: Any) -> Any:
        return self.rows(query, *parameters)[0][0]

    def house(self, **contract: Any) -> House:
        """Add a house and tell billing of its contract."""
        return self.houses(1, **contract)[0]

    def houses(self, count: int, **contract: Any) -> list[House]:
        """Add many houses at once."""
        built = [self._build(**contract) for _ in range(count)]
        self.tell_contracts(built)
        return built

    def _build(self, **contract: Any) -> House:
        point_id, self._next = PointId(self._next), self._next + 1
        house = House(f"A-{point_id}", point_id, CustomerId(uuid4()), **contract)
        facility_id = uuid4()
        with psycopg.connect(self._stack.admin_dsn) as connection:
            connection.execute(
                "INSERT INTO contracts.facility VALUES (%s, %s, 'Villa Ek', 'Ekvägen 1, 222 20 Lund', NULL,"
                " 'small_house', 'seven_day', 'street', 1)",
                [facility_id, f"F-{point_id}"],
            )
            connection.execute(
                "INSERT INTO contracts.metering_point (point_id, number, facility_id, medium) OVERRIDING SYSTEM VALUE"
                " VALUES (%s, %s, %s, 'heat')",
                [point_id, f"735{point_id}", facility_id],
            )
            connection.execute(
                "INSERT INTO contracts.customer (customer_id, customer_number, kind, name, address)"
                " VALUES (%s, %s, 'consumer', 'Eva Ek', 'Ekvägen 1, 222 20 Lund')",
                [house.customer_id, f"K-{point_id}"],
            )
        return house

    def tell_contracts(self, houses: Iterable[House]) -> None:
        """Send contracts-changed, and wait until billing has each."""
        told = list(houses)
        self.send(outgoing(CONTRACTS_CHANGED, str(house.contract_id), house.event()) for house in told)
        query = "SELECT count(*) FROM billing.contract JOIN unnest(%s::uuid[], %s::bigint[]) AS told(id, version)"
        query += " ON told.id = contract_id AND contract.version >= told.version"
        ids, versions = [house.contract_id for house in told], [house.version for house in told]
        wait_for(lambda: self.value(query, ids, versions) == len(told))

    def send_contract(self, house: House) -> None:
        self.send([outgoing(CONTRACTS_CHANGED, str(house.contract_id), house.event())])

    def price_list(self, name: str, **other: Any) -> None:
        """Add a version to a price list and send price-lists-changed."""
        before = self._lists.get(name, ())
        identity = {"price_list_id": name, "version": len(before) + 1}
        versions = (*before, PriceList.model_validate({**BAS_2018, **identity, **other}))
        self._lists[name] = versions
        event = PriceListChanged(price_list_id=PriceListId(name), version=len(versions), versions=versions)
        self.send([outgoing(PRICE_LISTS_CHANGED, name, event)])

    def wait_for_price_list(self, name: str) -> None:
        query = "SELECT count(*) FROM billing.price_list WHERE price_list_id = %s"
        wait_for(lambda: self.value(query, name) == len(self._lists[name]))

    def days(self, houses: Iterable[House], first: date, last: date, wh: int = 50_000) -> None:
        """Give each house whole, measured days from `first` to `last` of `wh` each; registers run on from BEGAN."""
        begin = datetime.combine(first, datetime.min.time(), UTC)
        self.run("SELECT ingest.ensure_partitions(%s, %s)", [begin, begin + (last - first)])
        self.run(
            "INSERT INTO ingest.day (point_id, day, energy_wh, hours_expected, hours_present, hours_measured,"
            " is_measured, energy_return_wh_centi_c, energy_with_return_wh, register_wh, quality, revision)"
            " SELECT point_id, day::date, %(wh)s, 24, 24, 24, true, 0, 0, %(wh)s * (day::date - %(began)s + 1), 1, 1"
            "   FROM unnest(%(points)s::int[]) AS point_id,"
            "        generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day",
            {"wh": wh, "began": BEGAN, "first": first, "last": last, "points": [house.point_id for house in houses]},
        )

    def correct(self, house: House, day: date, more_wh: int) -> None:
        """Change the register at the end of a day, and tell of it as ingest does."""
        self.run(
            "UPDATE ingest.day SET register_wh = register_wh + %s, revision = revision + 1"
            " WHERE point_id = %s AND day = %s",
            [more_wh, house.point_id, day],
        )
        self.tell_day(house, day)

    def correct_from(self, house: House, day: date, more_wh: int) -> None:
        """Let more be used on a day: the registers of all days behind it move, and ingest tells of that day alone."""
        self.run(
            "UPDATE ingest.day SET register_wh = register_wh + %s WHERE point_id = %s AND day >= %s",
            [more_wh, house.point_id, day],
        )
        self.tell_day(house, day)

    def tell_day(self, house: House, day: date) -> None:
        whole, *_ = examples.rows(DAILY_POWER_BATCHES, "days_of_23_24_and_25_hours")
        batch = pa.RecordBatch.from_pylist([whole | {"point_id": house.point_id, "day": day}], schema=DAILY_POWER)
        headers = [("schema", DAILY_POWER_SCHEMA_ID.encode())]
        self.send([Outgoing(DAILY_POWER_TOPIC.name, stream(batch), partition=house.point_id % 12, headers=headers)])

    def send(self, messages: Iterable[Outgoing]) -> None:
        async def send() -> None:
            producer = await start_producer(self._stack.kafka.bootstrap)
            try:
                await send_all(producer, messages)
            finally:
                await producer.stop()

        asyncio.run(send())

    def state(self, house: House, month: date) -> tuple[Any, ...]:
        """What became of a house's month: state and reason."""
        query = "SELECT state, coalesce(held_reason, dirty_reason) FROM billing.period"
        found = self.rows(f"{query} WHERE contract_id = %s AND month = %s", house.contract_id, month)
        return found[0] if found else ()

    def wait_for_state(self, house: House, month: date, wanted: tuple[str, str | None]) -> None:
        wait_for(lambda: self.state(house, month) == wanted)

    def assert_numbers_are_gapless(self) -> None:
        """Each year's numbers run from its first on, and the series goes on behind the last."""
        for (year,) in self.rows("SELECT DISTINCT year FROM billing.invoice"):
            query = "SELECT sequence FROM billing.invoice WHERE year = %s ORDER BY 1"
            numbers = [row[0] for row in self.rows(query, year)]
            assert numbers == list(range(100_001, 100_001 + len(numbers)))
            assert self.value("SELECT next_number FROM billing.number_series WHERE year = %s", year) == numbers[-1] + 1

    def session(self, house: House | None, first: date = BEGAN, staff_role: str | None = None) -> str:
        """Log a person in who has a house since a day; returns the session's token."""
        user_id, token = uuid4(), f"session-{uuid4()}"
        self.run(
            "INSERT INTO permissions.person (user_id, user_name, name, staff_role) VALUES (%s, %s, 'Eva', %s)",
            [user_id, str(user_id), staff_role],
        )
        self.run(
            "INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at)"
            " VALUES (%s, %s, 'local', now() + interval '1 hour')",
            [hashlib.sha256(token.encode()).digest(), user_id],
        )
        if house:
            begin = datetime.combine(first - timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=23)
            self.run(
                "INSERT INTO permissions.user_grant (user_id, customer_id, level, granted_by)"
                " VALUES (%s, %s, 'full', 'test')",
                [user_id, house.customer_id],
            )
            self.run(
                "INSERT INTO permissions.visible_period VALUES (%s, %s, %s, 'infinity', 'full')",
                [user_id, house.point_id, begin],
            )
        return token
