"""Those who send: a head-end, a weather service and staff, each repeating what was not answered until it is."""

import hashlib
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import count
from threading import Event, Lock
from uuid import NAMESPACE_URL, UUID, uuid5

from deploy.local.services import ALERTS, BILLING, CONTRACTS, INGEST_API
from services.cli.requests import Client, once_known
from tests.faults.system import System
from tests.faults.traffic import Delivery, Point, Traffic, documents, meters

PATIENCE_S = 120.0
ANSWER_TIMEOUT_S = 15.0
HEAD_ENDS = 2


class Senders:
    """One town's senders. Every refusal that is not "wait and try again" is an error here."""

    def __init__(self, system: System, town: Traffic) -> None:
        self.town = town
        self.acknowledged: dict[str, UUID] = {}
        """The delivery id that was given for each delivery's key."""
        self._system = system
        self._stack = system.stack
        self._key = f"key of {town.name}, long enough to be one"
        self._writing = Lock()
        self.points: dict[str, int] = {}

    def register(self, late: Iterable[Point] = ()) -> None:
        """Put everything that must be known before readings come, but the meters of the `late` points."""
        name = self.town.name
        with self._client(CONTRACTS) as contracts:
            for path, document in documents(self.town):
                answer = contracts.ask("PUT", f"/v1/{path}", json=document).json()
                if "point_id" in answer:
                    self.points[path.rpartition("/")[2]] = answer["point_id"]
        with self._client(INGEST_API) as ingest:
            ingest.ask("PUT", f"/v1/stations/{self.town.station}", json={"name": "Väderstation"})
            ingest.ask(
                "PUT",
                f"/v1/sources/{name}",
                json={"kind": "live", "key_sha256": hashlib.sha256(self._key.encode()).hexdigest()},
            )
        numbers = {point.number for point in late}
        self.put_meters([point for point in self.town.points if point.number not in numbers])
        self._put_rules()

    def put_meters(self, points: Iterable[Point]) -> None:
        """Put the meters of metering points, once ingest has heard of these."""
        with self._client(INGEST_API) as ingest:
            for path, document in (each for point in points for each in meters(point)):
                once_known(
                    lambda path=path, document=document: ingest.ask("PUT", f"/v1/{path}", json=document),  # type: ignore[misc]
                    "unknown_metering_point",
                )

    def _put_rules(self) -> None:
        with self._client(ALERTS) as alerts:
            for point in self.town.points:
                rule = {
                    "point_id": self.points[point.number], "quantity": "hourly_power", "hysteresis": 0.5,
                    "summer_limit": point.limit_kw, "winter_limit": point.limit_kw,
                }  # fmt: skip
                alerts.ask("PUT", f"/v1/rules/{rule_id(point.number)}", json=rule)

    def send(self, deliveries: list[Delivery], over_s: float = 0.0) -> None:
        """Send deliveries from several head-ends at once, spread over a time, each until it is acknowledged."""
        began, next_one = time.monotonic(), count()

        def one_head_end() -> None:
            with self._client(INGEST_API, self._key) as client:
                while (index := next(next_one)) < len(deliveries):
                    time.sleep(max(0.0, began + over_s * index / len(deliveries) - time.monotonic()))
                    self._deliver(client, deliveries[index])

        with ThreadPoolExecutor(HEAD_ENDS) as threads:
            for done in [threads.submit(one_head_end) for _ in range(HEAD_ENDS)]:
                done.result()

    def _deliver(self, client: Client, delivery: Delivery) -> None:
        headers = {"Content-Type": delivery.content_type, "Idempotency-Key": delivery.key}
        answer = client.ask("POST", "/v1/readings", content=delivery.body, headers=headers).json()
        assert answer["taken"] == answer["items"] == delivery.rows, answer
        with self._writing:
            self.acknowledged[delivery.key] = UUID(answer["delivery_id"])

    def send_weather(self, over_s: float = 0.0) -> None:
        """Send what the weather station observed, spread over a time."""
        began, posts = time.monotonic(), self.town.temperatures
        with self._client(INGEST_API) as client:
            for index, observed in enumerate(posts):
                time.sleep(max(0.0, began + over_s * index / len(posts) - time.monotonic()))
                client.ask("POST", "/v1/outdoor-temperatures", json=observed)

    def change_contracts(self, over_s: float = 0.0) -> None:
        """Give every contract another power from a month on that nobody has billed, spread over a time."""
        began = time.monotonic()
        changed = [(path, document) for path, document in documents(self.town) if path.startswith("contracts/")]
        with self._client(CONTRACTS) as contracts:
            for index, (path, document) in enumerate(changed):
                time.sleep(max(0.0, began + over_s * index / len(changed) - time.monotonic()))
                powers = [*document["powers"], {"valid_from": "2018-11-01", "kw": "14.00"}]
                contracts.ask("PUT", f"/v1/{path}", json={**document, "powers": powers})

    def close_again_and_again(self, month: date, until: Event) -> None:
        """Close a month, over and over, until told to stop."""
        while not until.wait(1.0):
            self.close(month)

    def close(self, month: date) -> None:
        """Close a month."""
        with self._client(BILLING) as billing:
            billing.ask("POST", f"/v1/runs/{month:%Y-%m}")

    def lost(self) -> list[str]:
        """Give the keys of acknowledged deliveries that are not there, or have readings that nobody judged."""
        query = """
            SELECT wanted FROM unnest(%s::uuid[]) AS wanted
             WHERE NOT EXISTS (SELECT FROM ingest.delivery
                                WHERE delivery_id = wanted
                                  AND taken = (SELECT sum(readings) FROM ingest.delivery_result AS result
                                                WHERE result.delivery_id = wanted))
        """
        missing = {row[0] for row in self._system.rows(query, list(self.acknowledged.values()))}
        return [key for key, delivery_id in self.acknowledged.items() if delivery_id in missing]

    def _client(self, service: object, key: str | None = None) -> Client:
        return Client(self._stack, service, key, timeout_s=ANSWER_TIMEOUT_S, patience_s=PATIENCE_S)  # type: ignore[arg-type]


def rule_id(number: str) -> UUID:
    """Give the id of a metering point's rule, the same however often it is put."""
    return uuid5(NAMESPACE_URL, f"rule of {number}")
