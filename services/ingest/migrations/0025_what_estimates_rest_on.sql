-- contracts estimates a year's cost by the months of a metering point and the normal year of its station.
SET LOCAL ROLE ingest_views;

GRANT SELECT ON ingest_v1.month, ingest_v1.normal_year TO contracts;

RESET ROLE;
