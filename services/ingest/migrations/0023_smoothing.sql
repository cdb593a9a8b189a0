-- Hours of meters whose register is shown in coarse steps may be smoothed within each day.

ALTER TABLE ingest.meter ADD COLUMN smoothing boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN ingest.meter.smoothing IS 'spread each day''s energy over its hours as evenly as the steps allow';
GRANT UPDATE (smoothing) ON ingest.meter TO ingest;
