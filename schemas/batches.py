"""Record batches: many rows of figures in one message, as an Arrow stream, described as an event is."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class RecordBatches:
    """What a topic of figures carries. A published version only gains columns that may be null, at the end."""

    name: str
    schema_version: int
    columns: pa.Schema
    description: str

    def schema_id(self) -> str:
        """Name the batches and their version as the `schema` header does, for example `hourly-power/1`."""
        return f"{self.name}/{self.schema_version}"
