"""`python -m services.ingest.folder` takes files from watched folders to the ingest service."""

from services.common import process
from services.ingest.folder.main import run

process.run("ingest-folder", run)
