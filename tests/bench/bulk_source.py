"""A bulk source as a process of its own: sends readings from a file in several lanes and waits when it is asked to.

Arguments: address, key, an Arrow file of record batches of readings, each sent as one import. Prints when it began, in
seconds of the clock that all processes share; it ends when everything is taken.
"""

import sys
import time

import pyarrow as pa

from services.ingest.sending.client import PatientClient
from services.ingest.sending.deliveries import deliver

PATIENCE_S = 600


def send(address: str, key: str, file: str) -> float:
    """Send everything; gives when it began."""
    with (
        PatientClient(address, key, "the ingest API does not answer", patience_s=PATIENCE_S) as source,
        pa.memory_map(file) as mapped,
    ):
        batches = pa.ipc.open_file(mapped)
        began = time.monotonic()
        for number in range(batches.num_record_batches):
            deliver(source, pa.Table.from_batches([batches.get_batch(number)]), f"bench {number}", lambda _: None)
    return began


if __name__ == "__main__":
    print(send(*sys.argv[1:]))
