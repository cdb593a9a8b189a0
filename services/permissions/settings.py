"""Settings of the permissions service."""

from datetime import timedelta

from pydantic import Field, SecretStr

from services.common.bankid import rp_api

LINK_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(hours=12)
"""At most; 30 idle minutes end a session before, which the migration's functions see to."""


class PermissionsSettings(rp_api.BankIdSettings):
    """What this service must be told beside what every service is told."""

    identity_key: SecretStr = Field(
        min_length=64,
        max_length=64,
        description="256-bit key, hexadecimal, that seals personal numbers; the same as contracts'",
    )
