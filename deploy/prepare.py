"""Make database and broker ready for the services: roles, tables, passwords, topics. Again changes nothing.

`python -m deploy.prepare` does so from the environment, before the services of a new version start.
"""

import asyncio
import sys
from collections.abc import Mapping
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy import places
from services.common import one_zone
from services.common.kafka import create_topics
from services.common.migrate import migrate
from services.common.proof import PutBackError
from services.common.settings import Settings, zone_named

LOGIN_ROLES = ("permissions", "contracts", "ingest", "billing", "alerts", "gateway")
USUAL_ZONE: str = Settings.model_fields["time_zone"].default


class PrepareSettings(BaseSettings):
    """What it must be told, each as KULVERT_<FIELD>; the services never get the administrator's address."""

    model_config = SettingsConfigDict(env_prefix="KULVERT_", frozen=True)

    admin_url: SecretStr
    kafka_bootstrap: str
    time_zone: str = USUAL_ZONE
    password_permissions: SecretStr
    password_contracts: SecretStr
    password_ingest: SecretStr
    password_billing: SecretStr
    password_alerts: SecretStr
    password_gateway: SecretStr

    @property
    def passwords(self) -> dict[str, str]:
        """The password of each role that a service logs in as."""
        return {role: getattr(self, f"password_{role}").get_secret_value() for role in LOGIN_ROLES}


def prepare(admin_url: str, passwords: Mapping[str, str], kafka_bootstrap: str, time_zone: str) -> None:
    """Bring roles, tables, passwords and topics up to date.

    Raises psycopg.Error or migrate.MigrationChangedError where the database refuses, one_zone.ZoneDiffersError where it
    was made for another time zone, ValueError for a name that is no zone's, and aiokafka.errors.KafkaError where no
    broker answers.
    """
    zone = zone_named(time_zone)
    migrate(admin_url)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        _remember_zone(connection, zone)
        for role in LOGIN_ROLES:
            # A parameter cannot stand in ALTER ROLE; Literal quotes the password for it.
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(passwords[role]))
            connection.execute(statement)
    asyncio.run(create_topics(kafka_bootstrap))


def _remember_zone(connection: psycopg.Connection, zone: ZoneInfo) -> None:
    # A database from before it remembered has days already, at the midnights that the services have been told.
    connection.execute("INSERT INTO installation.time_zone (name) VALUES (%s) ON CONFLICT DO NOTHING", [zone.key])
    row = connection.execute(one_zone.REMEMBERED).fetchone()
    one_zone.compare(row[0] if row else None, zone.key)


def main() -> None:
    """Run from the environment."""
    settings = PrepareSettings()
    admin_url = settings.admin_url.get_secret_value()
    try:
        prepare(admin_url, settings.passwords, settings.kafka_bootstrap, settings.time_zone)
        places.check(admin_url, settings.kafka_bootstrap)
    except (one_zone.ZoneDiffersError, PutBackError, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
