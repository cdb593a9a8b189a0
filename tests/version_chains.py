"""Every version of an hour or day is known from when the one before was replaced, and no revision is left out."""

BROKEN = """
    SELECT 'hour', point_id, starts_at::text, revision FROM (
        SELECT point_id, starts_at, revision, known_from,
               lag(revision) OVER chain AS before, lag(known_to) OVER chain AS replaced_at
          FROM ingest_v1.hour_version
        WINDOW chain AS (PARTITION BY point_id, starts_at ORDER BY revision)) AS version
     WHERE before IS NULL AND revision > 1 OR before + 1 <> revision OR replaced_at <> known_from
     UNION ALL
    SELECT 'day', point_id, day::text, revision FROM (
        SELECT point_id, day, revision, known_from,
               lag(revision) OVER chain AS before, lag(known_to) OVER chain AS replaced_at
          FROM ingest_v1.day_version
        WINDOW chain AS (PARTITION BY point_id, day ORDER BY revision, known_to)) AS version
     WHERE before IS NULL AND revision > 1 OR revision - before NOT IN (0, 1) OR replaced_at <> known_from
"""
"""Asks for what is broken: hour or day, metering point, when, and the revision behind the break."""
