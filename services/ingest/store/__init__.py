"""The only SQL of the ingest service, a file for each kind of row."""

from enum import StrEnum


class Change(StrEnum):
    """What putting a document did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
