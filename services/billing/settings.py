"""Settings of the billing service."""

from typing import Annotated

from pydantic import Field, StringConstraints

from services.common.settings import Settings

# Without a default: it stands on every invoice, and an invoice stays as it was issued.
Stated = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class BillingSettings(Settings):
    """What this service must be told beside what every service is told: who sells, and on what terms of payment."""

    seller_name: Stated
    seller_address: Stated
    seller_organisation_number: Stated
    seller_vat_number: Stated
    seller_bankgiro: Stated
    seller_contact: Stated
    payment_days: int = Field(default=30, ge=1, le=365, description="days from issue until an invoice is due")
    close_batch: int = Field(
        default=1_000,
        ge=1,
        le=20_000,
        description="contracts closed in one transaction; more hold up other runs longer",
    )
