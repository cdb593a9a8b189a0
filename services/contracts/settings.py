"""Settings of the contracts service."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, field_validator, model_validator

from schemas.tariffs import OrganisationNumber
from services.common.settings import Settings


class ContractsSettings(Settings):
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
    bankid_url: str = Field(default="", description="of BankID's RP API, with /rp/v6.0; empty: nobody can sign")
    bankid_start_url: str = Field(
        default="https://app.bankid.com/", description="what a phone or computer opens its own BankID by"
    )
    bankid_certificate: str = Field(default="", description="file with the relying party's certificate, PEM")
    bankid_certificate_key: str = Field(default="", description="file with its key; empty: in the same file")
    bankid_authority: str = Field(default="", description="file with the certificate that BankID's own is issued under")
    bankid_answer_seconds: float = Field(default=5, gt=0, le=30)
    import_batch_rows: int = Field(default=500, ge=1, le=10_000, description="rows of an import stored at once")
    power_run_on: str = Field(
        default="04-15",
        pattern=r"^\d{2}-\d{2}$",
        description="month and day from which a winter's yearly run over all subscription powers is made",
    )
    power_run_batch: int = Field(
        default=2_000, ge=1, le=10_000, description="contracts that a yearly run measures at once"
    )

    @model_validator(mode="after")
    def _is_certified(self) -> Self:
        is_elsewhere = bool(self.bankid_url) and not self.local
        if is_elsewhere and not (self.bankid_url.startswith("https://") and self.bankid_certificate):
            raise ValueError("BankID is reached by https and with the relying party's certificate; name its file")
        return self

    @field_validator("power_run_on")
    @classmethod
    def _exists_every_year(cls, month_day: str) -> str:
        date.fromisoformat(f"2001-{month_day}")  # Raises ValueError in a year without a leap day.
        return month_day
