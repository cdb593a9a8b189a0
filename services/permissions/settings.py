"""Settings of the permissions service."""

from datetime import timedelta

from services.common.settings import Settings

LINK_LIFE = timedelta(minutes=10)
SESSION_LIFE = timedelta(hours=12)
"""At most; 30 idle minutes end a session before, which the migration's functions see to."""


class PermissionsSettings(Settings):
    """What every service must be told; this one needs nothing more."""
