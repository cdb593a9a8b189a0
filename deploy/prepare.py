"""Make database and broker ready for the services: roles, tables, passwords, topics. Again changes nothing.

`python -m deploy.prepare` does so from the environment, before the services of a new version start.
"""

import asyncio
from collections.abc import Mapping

import psycopg
from psycopg import sql
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common.kafka import create_topics
from services.common.migrate import migrate

LOGIN_ROLES = ("permissions", "contracts", "ingest", "billing", "alerts", "gateway")


class PrepareSettings(BaseSettings):
    """What it must be told, each as KULVERT_<FIELD>; the services never get the administrator's address."""

    model_config = SettingsConfigDict(env_prefix="KULVERT_", frozen=True)

    admin_url: SecretStr
    kafka_bootstrap: str
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


def prepare(admin_url: str, passwords: Mapping[str, str], kafka_bootstrap: str) -> None:
    """Bring roles, tables, passwords and topics up to date.

    Raises psycopg.Error or migrate.MigrationChangedError where the database refuses, and
    aiokafka.errors.KafkaError where no broker answers.
    """
    migrate(admin_url)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role in LOGIN_ROLES:
            # A parameter cannot stand in ALTER ROLE; Literal quotes the password for it.
            statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(passwords[role]))
            connection.execute(statement)
    asyncio.run(create_topics(kafka_bootstrap))


def main() -> None:
    """Run from the environment."""
    settings = PrepareSettings()
    prepare(settings.admin_url.get_secret_value(), settings.passwords, settings.kafka_bootstrap)


if __name__ == "__main__":
    main()
