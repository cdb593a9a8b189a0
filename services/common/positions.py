"""How far each partition is stored, kept in the same transaction as what was stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import sql

from services.common.postgres import Transaction


class LostPartitionError(Exception):
    """Another worker has stored this partition meanwhile; whatever this transaction did is to be undone."""


class ClusterChangedError(Exception):
    """The broker is another than the one whose positions are stored."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a partition goes on, and the crc32 of the last stored message's value; None where it is not known."""

    next_offset: int
    last_value_crc: int | None


@dataclass(frozen=True, slots=True)
class Advance:
    """A move of one partition's position: from where this worker believes it stands to where it goes."""

    topic: str
    partition: int
    base: int
    end: int
    last_value_crc: int


class Positions:
    """The stored positions of one service on one cluster."""

    def __init__(self, schema: str, cluster_id: str) -> None:
        self._cluster_id = cluster_id
        table = sql.Identifier(schema, "stored_position")
        self._clusters = sql.SQL("SELECT DISTINCT cluster_id FROM {} WHERE topic = ANY(%s)").format(table)
        self._load = sql.SQL(
            "SELECT topic, partition, next_offset, last_value_crc FROM {}"
            " WHERE cluster_id = %s AND topic = ANY(%s) AND partition = ANY(%s)"
        ).format(table)
        self._begin = sql.SQL(
            "INSERT INTO {} (cluster_id, topic, partition, next_offset) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (cluster_id, topic, partition) DO NOTHING"
        ).format(table)
        self._advance = sql.SQL(
            "UPDATE {} AS stored SET next_offset = step.end_offset, last_value_crc = step.crc"
            "  FROM unnest(%s::text[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[])"
            "       AS step(topic, partition, base_offset, end_offset, crc)"
            " WHERE stored.cluster_id = %s AND stored.topic = step.topic"
            "   AND stored.partition = step.partition AND stored.next_offset = step.base_offset"
        ).format(table)

    async def check_cluster(self, tx: Transaction, topics: Iterable[str]) -> None:
        """Stop before anything is taken for stored that is not. Raises ClusterChangedError."""
        known = {row[0] for row in await (await tx.execute(self._clusters, [list(topics)])).fetchall()}
        if known and self._cluster_id not in known:
            raise ClusterChangedError(
                f"positions are stored for Kafka cluster {', '.join(sorted(known))}, but this broker is cluster"
                f" {self._cluster_id}: point the service at the old broker, or, if that one is gone for good, delete"
                " the rows of stored_position and send again what was not stored"
            )

    async def load(self, tx: Transaction, partitions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Place]:
        """Give the place of each partition; one never stored is left out."""
        wanted = list(partitions)
        rows = await tx.execute(
            self._load, [self._cluster_id, [topic for topic, _ in wanted], [number for _, number in wanted]]
        )
        found = {(topic, partition): Place(*place) for topic, partition, *place in await rows.fetchall()}
        return {key: found[key] for key in wanted if key in found}

    async def begin(self, tx: Transaction, starts: Mapping[tuple[str, int], int]) -> None:
        """Note where partitions that were never stored begin."""
        for (topic, partition), offset in starts.items():
            await tx.execute(self._begin, [self._cluster_id, topic, partition, offset])

    async def advance(self, tx: Transaction, steps: Iterable[Advance]) -> None:
        """Move positions. Raises LostPartitionError where one does not stand where this worker left it."""
        moves = list(steps)
        moved = await tx.execute(
            self._advance,
            [
                [move.topic for move in moves],
                [move.partition for move in moves],
                [move.base for move in moves],
                [move.end for move in moves],
                [move.last_value_crc for move in moves],
                self._cluster_id,
            ],
        )
        if moved.rowcount != len(moves):
            raise LostPartitionError(f"{len(moves) - moved.rowcount} of {len(moves)} partitions have another owner")
