"""`python -m services.ingest api` and `... mqtt` take deliveries in; `... worker` judges and stores them.

`... rebuild` holds what is stored against the readings, once.
"""

import sys
from functools import partial

from services.common import process
from services.ingest import main, rebuild_by_hand

PARTS = {"api": main.run_api, "worker": main.run_worker, "mqtt": main.run_mqtt}

if sys.argv[1:2] == ["rebuild"]:
    process.run("ingest-rebuild", partial(rebuild_by_hand.run, sys.argv[2:]))
    sys.exit()
if len(sys.argv) != 2 or sys.argv[1] not in PARTS:
    sys.exit(f"usage: python -m services.ingest {'|'.join([*PARTS, 'rebuild'])}")
process.run(f"ingest-{sys.argv[1]}", PARTS[sys.argv[1]])
