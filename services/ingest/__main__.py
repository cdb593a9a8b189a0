"""`python -m services.ingest api` takes deliveries in; `python -m services.ingest worker` judges and stores them."""

import sys

from services.common import process
from services.ingest import main

PARTS = {"api": main.run_api, "worker": main.run_worker}

if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
    sys.exit(f"usage: python -m services.ingest {'|'.join(PARTS)}")
process.run(f"ingest-{sys.argv[1]}", PARTS[sys.argv[1]])
