-- What meters said of themselves is read by the service that keeps it: for staff, explanations and the work list.
SET LOCAL ROLE ingest_views;

GRANT SELECT ON ingest_v1.meter_status TO ingest;

RESET ROLE;
