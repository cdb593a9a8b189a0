"""Kulvert's processes as data: what the supervisor starts, and what the container file must agree with."""

import os
from dataclasses import dataclass

from deploy.local.folder import ROOT


@dataclass(frozen=True)
class Service:
    """One process. `name` is what people, logs and ports call it; `role` is its login at the database."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()

    @property
    def role(self) -> str:
        """The database role that the process logs in as."""
        return self.module.rpartition(".")[2]

    @property
    def http(self) -> str:
        """The name of the port that its API listens on."""
        return f"{self.name}_http"

    @property
    def metrics(self) -> str:
        """The name of the port with its health and metrics."""
        return f"{self.name}_metrics"

    @property
    def exists(self) -> bool:
        """Tell whether the module can be run at all."""
        return (ROOT / self.module.replace(".", "/") / "__main__.py").exists()


PERMISSIONS = Service("permissions", "services.permissions")
CONTRACTS = Service("contracts", "services.contracts")
INGEST_API = Service("ingest_api", "services.ingest", ("api",))
INGEST_MQTT = Service("ingest_mqtt", "services.ingest", ("mqtt",))
BILLING = Service("billing", "services.billing")
ALERTS = Service("alerts", "services.alerts")
GATEWAY = Service("gateway", "services.gateway")
BANKID_RP = Service("bankid_rp", "deploy.local.bankid_rp")
"""Stands in for BankID on the local stack, unless the environment names another address."""
BANKID_URL = "KULVERT_BANKID_URL"

OWNERS_OF_COMMANDS = {
    "KULVERT_PERMISSIONS_URL": PERMISSIONS,
    "KULVERT_ALERTS_URL": ALERTS,
    "KULVERT_BILLING_URL": BILLING,
    "KULVERT_CONTRACTS_URL": CONTRACTS,
}
"""Where the gateway sends what a visitor decides."""

SELLER = {
    "KULVERT_SELLER_NAME": "Exempelstads Fjärrvärme AB",
    "KULVERT_SELLER_ADDRESS": "Verksgatan 1, 123 45 Exempelstad",
    "KULVERT_SELLER_ORGANISATION_NUMBER": "556000-0000",
    "KULVERT_SELLER_VAT_NUMBER": "SE556000000001",
    "KULVERT_SELLER_BANKGIRO": "000-0000",
    "KULVERT_SELLER_CONTACT": "kundservice@fjarrvarme.example",
}
"""Whose invoices the local stack issues, unless its own environment says otherwise: no real company's."""

OPERATOR = ("KULVERT_SELLER_NAME", "KULVERT_SELLER_ORGANISATION_NUMBER")
"""What the tariff interface tells of who sells."""


def ingest_worker(number: int) -> Service:
    """Give the ingest worker with a number; workers share the partitions of the readings between them."""
    return Service(f"ingest_worker_{number}", "services.ingest", ("worker",))


EVERY_SERVICE = [PERMISSIONS, CONTRACTS, INGEST_API, ingest_worker(1), BILLING, ALERTS, GATEWAY]
"""What always runs; INGEST_MQTT does where there is a broker to listen to."""


def services(workers: int = 1) -> list[Service]:
    """Give every process that can be run, with as many ingest workers as wanted."""
    more_workers = [ingest_worker(number) for number in range(2, workers + 1)]
    listeners = [INGEST_MQTT] if os.environ.get("KULVERT_MQTT_HOST") else []
    stand_ins = [] if os.environ.get(BANKID_URL) else [BANKID_RP]
    return [service for service in (*EVERY_SERVICE, *more_workers, *listeners, *stand_ins) if service.exists]
