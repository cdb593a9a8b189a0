"""`python -m services.ingest api` and `... mqtt` take deliveries in; `... worker` judges and stores them.

`... rebuild` holds what is stored against the readings, once.
"""

import sys
from functools import partial
from importlib import import_module

from services.common import process

# Each process loads its own part alone: the worker's memory need not hold the doors.
PARTS = {
    "api": ("services.ingest.main_doors", "run_api"),
    "worker": ("services.ingest.main", "run_worker"),
    "mqtt": ("services.ingest.main_doors", "run_mqtt"),
    "rebuild": ("services.ingest.rebuild_by_hand", "run"),
}

part, *more = sys.argv[1:] or [""]
if part not in PARTS or (more and part != "rebuild"):
    sys.exit(f"usage: python -m services.ingest {'|'.join(PARTS)}")
module, name = PARTS[part]
run = getattr(import_module(module), name)
process.run(f"ingest-{part}", partial(run, more) if part == "rebuild" else run)
