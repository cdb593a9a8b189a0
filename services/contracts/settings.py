"""Settings of the contracts service."""

from datetime import date

from pydantic import Field, SecretStr, field_validator

from services.common.settings import Settings


class ContractsSettings(Settings):
    """What this service must be told beside what every service is told."""

    identity_key: SecretStr = Field(
        min_length=64,
        max_length=64,
        description="256-bit key, hexadecimal, that seals personal and organisation numbers and makes their digests",
    )
    import_batch_rows: int = Field(default=500, ge=1, le=10_000, description="rows of an import stored at once")
    power_run_on: str = Field(
        default="04-15",
        pattern=r"^\d{2}-\d{2}$",
        description="month and day from which a winter's yearly run over all subscription powers is made",
    )
    power_run_batch: int = Field(
        default=2_000, ge=1, le=10_000, description="contracts that a yearly run measures at once"
    )

    @field_validator("power_run_on")
    @classmethod
    def _exists_every_year(cls, month_day: str) -> str:
        date.fromisoformat(f"2001-{month_day}")  # Raises ValueError in a year without a leap day.
        return month_day
