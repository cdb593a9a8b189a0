"""A street of houses with contracts and a winter of measured days, put straight into the tables: many and quick."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import psycopg

from deploy.local.stack import Stack

WINTER = "2018/2019"
FIRST_DAY = date(2018, 11, 1)
WINTER_DAYS = 151
WH_PER_DEGREE = 200

_numbers = count(1)

_DAY = """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    VALUES (%s, %s, %s, %s, 24, 24, 24, true, 0, 0, 1, 1)
"""

# Many houses in a few statements; their days lie around a line by up to 300 Wh.
_MANY = (
    """
    INSERT INTO contracts.customer (customer_id, customer_number, kind, name, address)
    VALUES (gen_random_uuid(), %(name)s, 'business', 'Bostads AB', 'Gatan')
    """,
    """
    INSERT INTO contracts.facility (facility_id, facility_number, name, address, category, activity, network_id)
    SELECT gen_random_uuid(), %(name)s || '.' || house, 'Huset', 'Gatan', 'apartments',
           CASE WHEN house %% 4 = 0 THEN 'weekday' ELSE 'seven_day' END, %(name)s
      FROM generate_series(1, %(count)s) AS house
    """,
    """
    INSERT INTO contracts.metering_point (number, facility_id, medium, station_id)
    SELECT facility_number, facility_id, 'heat', %(name)s FROM contracts.facility WHERE network_id = %(name)s
    """,
    """
    INSERT INTO contracts.contract (contract_id, contract_number, customer_id, point_id, valid_from)
    SELECT gen_random_uuid(), point.number, customer.customer_id, point.point_id, '2018-01-01'
      FROM contracts.metering_point AS point
      JOIN contracts.customer ON customer.customer_number = %(name)s
     WHERE point.station_id = %(name)s
    """,
    """
    INSERT INTO contracts.contract_term (contract_id, valid_from, price_list_id)
    SELECT contract.contract_id, '2018-01-01', house.price_list
      FROM unnest(%(price_lists)s::text[]) WITH ORDINALITY AS house(price_list, place)
      JOIN contracts.contract ON contract.contract_number = %(name)s || '.' || house.place
    """,
    """
    INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method)
    SELECT contract.contract_id, '2018-01-01', house.kw, 'entered'
      FROM unnest(%(in_force_kw)s::numeric[]) WITH ORDINALITY AS house(kw, place)
      JOIN contracts.contract ON contract.contract_number = %(name)s || '.' || house.place
    """,
    """
    INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured,
                            is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
    SELECT point.point_id, daily.day, 20 * highest.wh, highest.wh, 24, 24, 24, true, 0, 0, 1, 1
      FROM unnest(%(at_minus_five_wh)s::int8[]) WITH ORDINALITY AS house(wh, place)
      JOIN contracts.metering_point AS point ON point.number = %(name)s || '.' || house.place
      JOIN ingest.daily_temperature AS daily ON daily.station_id = %(name)s
     CROSS JOIN LATERAL (
           SELECT (house.wh - %(wh_per_degree)s * (daily.mean_c + 5))::int8
                  + hashint4(house.place::int * 151 + extract(doy FROM daily.day)::int) %% 300 AS wh) AS highest
     WHERE house.wh IS NOT NULL
    """,
    "ANALYZE ingest.day, contracts.contract, contracts.contract_term, contracts.power_in_force",
)


class Simulated(NamedTuple):
    """A house as it is drawn; at_minus_five_wh: the hour that its days lie around at -5 C, None where it has none."""

    at_minus_five_wh: int | None
    in_force_kw: Decimal
    price_list: str


def mean_c(day: date) -> int:
    """Give a day's temperature: from -9 to -1, again and again, so that the whole winter is cold enough."""
    return -1 - (day - FIRST_DAY).days % 9


class Street:
    """Houses by one weather station in a network of their own."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self.name = f"{next(_numbers)}-{uuid4().hex[:6]}"
        with psycopg.connect(stack.admin_dsn) as connection:
            connection.execute("SELECT ingest.ensure_partitions('2018-05-01Z', '2019-05-01Z')")
            connection.execute("INSERT INTO contracts.network VALUES (%s, 'Gatan')", [self.name])
            days = [FIRST_DAY + timedelta(days=number) for number in range(WINTER_DAYS)]
            connection.cursor().executemany(
                "INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)"
                " VALUES (%s, %s, %s, 24, 1)",
                [(self.name, day, mean_c(day)) for day in days],
            )

    def house(self, at_minus_five_kw: str | None, price_list: str = "bas", in_force_kw: str = "9") -> str:
        """Put a house with days on a line that has this power at -5 C, or without days; gives its metering point."""
        number = f"{self.name}.{next(_numbers)}"
        ids: dict[str, Any] = {name: uuid4() for name in ("facility", "customer", "contract")}
        with psycopg.connect(self._stack.admin_dsn) as connection:
            connection.execute(
                "INSERT INTO contracts.facility (facility_id, facility_number, name, address, category, activity,"
                " network_id) VALUES (%s, %s, 'Huset', 'Gatan', 'small_house', 'seven_day', %s)",
                [ids["facility"], number, self.name],
            )
            row = connection.execute(
                "INSERT INTO contracts.metering_point (number, facility_id, medium, station_id)"
                " VALUES (%s, %s, 'heat', %s) RETURNING point_id",
                [number, ids["facility"], self.name],
            ).fetchone()
            assert row is not None
            connection.execute(
                "INSERT INTO contracts.customer (customer_id, customer_number, kind, name, address)"
                " VALUES (%s, %s, 'consumer', 'Eva Ek', 'Gatan')",
                [ids["customer"], number],
            )
            connection.execute(
                "INSERT INTO contracts.contract (contract_id, contract_number, customer_id, point_id, valid_from)"
                " VALUES (%s, %s, %s, %s, '2018-01-01')",
                [ids["contract"], number, ids["customer"], row[0]],
            )
            connection.execute(
                "INSERT INTO contracts.contract_term VALUES (%s, '2018-01-01', %s)", [ids["contract"], price_list]
            )
            connection.execute(
                "INSERT INTO contracts.power_in_force (contract_id, valid_from, kw, method)"
                " VALUES (%s, '2018-01-01', %s, 'entered')",
                [ids["contract"], in_force_kw],
            )
            if at_minus_five_kw is not None:
                connection.cursor().executemany(_DAY, _days(row[0], at_minus_five_kw))
        return number

    def houses(self, drawn: Sequence[Simulated]) -> None:
        """Put many houses at once."""
        at_minus_five_wh, in_force_kw, price_lists = (list(column) for column in zip(*drawn, strict=True))
        values = {
            "name": self.name,
            "count": len(drawn),
            "at_minus_five_wh": at_minus_five_wh,
            "in_force_kw": in_force_kw,
            "price_lists": price_lists,
            "wh_per_degree": WH_PER_DEGREE,
        }
        with psycopg.connect(self._stack.admin_dsn) as connection:
            for statement in _MANY:
                connection.execute(statement.encode(), values)

    def change(self, statement: str, *values: object) -> None:
        """Do something to the tables, as their owners do."""
        with psycopg.connect(self._stack.admin_dsn) as connection:
            connection.execute(statement.encode(), values)

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the tables."""
        with psycopg.connect(self._stack.admin_dsn) as connection:
            return connection.execute(question.encode(), values).fetchall()

    def point_id(self, number: str) -> int:
        """Give the id of a metering point."""
        return int(self.rows("SELECT point_id FROM contracts.metering_point WHERE number = %s", number)[0][0])

    def powers(self, number: str) -> list[tuple[str, str]]:
        """Give the powers of a house's contract, oldest first: kW and how each came."""
        rows = self.rows(
            "SELECT kw, method FROM contracts.power_in_force JOIN contracts.contract USING (contract_id)"
            " WHERE contract_number = %s ORDER BY power_in_force.valid_from",
            number,
        )
        return [(str(kw), method) for kw, method in rows]

    def proposals(self, run_id: str | UUID) -> list[tuple[Any, ...]]:
        """Give all that a run measured of this street, but when and under which run."""
        return self.rows(
            "SELECT point_id, contract_id, network_id, medium, method, reason, period_from, period_to, window_from,"
            " window_to, points, slope_kw_per_c, intercept_kw, r2, coverage, measured_kw, in_force_kw, decision, kw,"
            " effective_on, input_revision, revision_sum FROM contracts.power_proposal"
            " WHERE run_id = %s AND network_id = %s ORDER BY point_id",
            str(run_id),
            self.name,
        )


def _days(point_id: int, at_minus_five_kw: str) -> list[tuple[Any, ...]]:
    at_minus_five_wh = int(Decimal(at_minus_five_kw) * 1000)
    days = [FIRST_DAY + timedelta(days=number) for number in range(WINTER_DAYS)]
    highest_wh = {day: at_minus_five_wh - WH_PER_DEGREE * (mean_c(day) + 5) for day in days}
    return [(point_id, day, 20 * highest_wh[day], highest_wh[day]) for day in days]
