"""Settings that every service has. They come only from the environment, each named KULVERT_<FIELD>."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.common import day_zones


def zone_named(name: str) -> ZoneInfo:
    """Give a time zone by its name. Raises ValueError, with what to write, where it is none or parts no days."""
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"KULVERT_TIME_ZONE is '{name}'; write a time zone as in Europe/Stockholm") from error
    why_not = day_zones.why_not(zone)
    if why_not:
        raise ValueError(
            f"KULVERT_TIME_ZONE is '{name}', by which days cannot be cut: {why_not}; write a zone whose clocks show"
            " each midnight of 1990 to 2060 once, on a whole hour of UTC and at most twelve hours from it, as in"
            " Europe/Stockholm"
        )
    return zone


class Settings(BaseSettings):
    """What a service must be told from outside. A missing or malformed value stops it at the start, by name."""

    model_config = SettingsConfigDict(env_prefix="KULVERT_", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr = Field(description="PostgreSQL address with the service's own login role")
    kafka_bootstrap: str = Field(description="host:port of a Kafka broker")
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535)
    metrics_port: int = Field(default=0, ge=0, le=65535)
    time_zone: str = "Europe/Stockholm"
    integration_key_sha256: str = Field(
        default="",
        pattern="^([0-9a-f]{64})?$",
        description="SHA-256 of the key for staff systems, hexadecimal",
    )
    local: bool = Field(default=False, description="True only on the local stack, where log-in links are allowed")
    database_pool: int = Field(default=4, ge=1, le=50)
    database_answer_seconds: float = Field(
        default=10, gt=0, description="how long PostgreSQL may take over one question of a request"
    )

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        return zone_named(name).key

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of customers, days, months and invoices."""
        return ZoneInfo(self.time_zone)
