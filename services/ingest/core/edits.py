"""What operators do about readings, as they ask for it."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.values import Key
from services.ingest.core.documents import Meter, Moment, Register, Text
from services.ingest.core.verdict import Verdict

CAN_BE_ACCEPTED = (Verdict.ABOVE_PLAUSIBLE_MAXIMUM, Verdict.SENTINEL)
"""Refusals that a register may deserve or not; of the others one must mend what the reading is judged by."""
Cause = Annotated[str, Field(min_length=3, max_length=1_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
Sample = Annotated[float, Field(ge=-1e9, le=1e9, allow_inf_nan=False)]


class _Edit(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    who: Text
    cause: Cause


class Correct(_Edit):
    """The registers of an instant as they were, whatever was sent; an instant that was not read may be given, too."""

    action: Literal["correct"]
    metering_point: Key
    read_at: Moment
    energy_wh: Register
    volume_l: Register | None = None
    forward_lc: Register | None = None
    return_lc: Register | None = None


class Accept(_Edit):
    """A reading that was refused is right as it came."""

    action: Literal["accept"]
    metering_point: Key
    read_at: Moment


class _OfSpan(_Edit):
    metering_point: Key
    from_at: Moment
    to_at: Moment

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.to_at < self.from_at:
            raise ValueError("to_at must not lie before from_at; both are included")
        return self


class Withdraw(_OfSpan):
    """Every reading of a span is taken back, whoever sent it."""

    action: Literal["withdraw"]


class Restore(_OfSpan):
    """What operators took back in a span counts again, as if they never had."""

    action: Literal["restore"]


class Settle(_OfSpan):
    """Somebody has looked at what is refused or flagged in a span, and leaves it as it is."""

    action: Literal["settle"]


class Reopen(_OfSpan):
    """What was settled in a span waits for somebody again."""

    action: Literal["reopen"]


class AssignMeter(_Edit):
    """A meter, with where it sat: the same document as is put at /meters/{serial}."""

    action: Literal["assign_meter"]
    serial: Key
    meter: Meter


class Replay(_Edit):
    """A delivery of telegrams is read again, by today's decoders and what is noted of meters today."""

    action: Literal["replay"]
    delivery_id: UUID


Edit = Annotated[
    Correct | Accept | Withdraw | Restore | Settle | Reopen | AssignMeter | Replay, Field(discriminator="action")
]


def said_of(correct: Correct) -> dict[str, Any]:
    """Give the registers of a correction as a reading says them."""
    fields = {"metering_point", "read_at", "energy_wh", "volume_l", "forward_lc", "return_lc"}
    return correct.model_dump(mode="json", include=fields, exclude_none=True)
