"""The only SQL of the contracts service, a file for each kind of object."""

from enum import StrEnum


class Change(StrEnum):
    """What putting a document did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
