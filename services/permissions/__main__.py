"""`python -m services.permissions` runs the service."""

from services.common import process
from services.permissions.main import main

process.run("permissions", main)
