"""Why a document of a staff system is refused: one name each."""

from enum import StrEnum


class Refusal(StrEnum):
    """The value stands in answers to staff systems and is never renamed."""

    UNKNOWN_METERING_POINT = "unknown_metering_point"
    INSTALLATIONS_OVERLAP = "installations_overlap"
    KEY_IS_TAKEN = "key_is_taken"
    UNKNOWN_STATION = "unknown_station"
    EDIT_ID_IS_TAKEN = "edit_id_is_taken"
    NOTHING_THERE = "nothing_there"
    NOT_ACCEPTABLE = "not_acceptable"
    TOO_MANY_READINGS = "too_many_readings"
    UNUSABLE = "unusable"


class RefusedError(Exception):
    """A document that cannot be taken in; the text says why and what to do."""

    def __init__(self, refusal: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.refusal = refusal
        self.detail = detail
