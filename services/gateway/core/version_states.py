"""Which version of a price list counts, has counted or will."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any


class VersionState(StrEnum):
    """How a firm version stands on a day; one that is not firm stands as what it is."""

    IN_FORCE = "in_force"
    COMING = "coming"
    PASSED = "passed"
    REPLACED = "replaced"


def version_states(versions: Sequence[Any], today: date) -> list[str]:
    """Say of each version of one price list how it stands, in the order given.

    A version counts until the next firm one begins, or its own period ends; of two that begin on the same day the newer
    one counts.
    """
    firm = [one for one in versions if one["status"] == "firm"]
    newest = {
        one["valid_from"]: max(o["version"] for o in firm if o["valid_from"] == one["valid_from"]) for one in firm
    }
    begun = max((day for day in newest if day <= today), default=None)

    def state(one: Any) -> str:
        if one["status"] != "firm":
            return str(one["status"])
        if one["version"] != newest[one["valid_from"]]:
            return VersionState.REPLACED
        if one["valid_from"] > today:
            return VersionState.COMING
        is_last = one["valid_from"] == begun and (one["valid_to"] is None or today < one["valid_to"])
        return VersionState.IN_FORCE if is_last else VersionState.PASSED

    return [state(one) for one in versions]
