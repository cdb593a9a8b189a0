"""Settings of the contracts service."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, FilePath, SecretStr, StringConstraints, field_validator

from schemas.tariffs import OrganisationNumber
from services.common.bankid import rp_api


class ContractsSettings(rp_api.BankIdSettings):
    """What this service must be told beside what every service is told."""

    identity_key: SecretStr = Field(
        min_length=64,
        max_length=64,
        description="256-bit key, hexadecimal, that seals personal and organisation numbers and makes their digests",
    )
    seller_name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        default="Fjärrvärmebolaget", description="whose prices the tariff interface gives"
    )
    seller_organisation_number: OrganisationNumber = "000000-0000"
    energy_profiles: FilePath = Field(
        default=Path(__file__).parent / "energy_profiles.json",
        description="how a year's energy falls on its months, by category; JSON",
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
