-- What a window that is judged again starts from and ends at: known for every day, whether or not the registers at
-- its midnight are (a reading without a volume leaves them unknown).
SET LOCAL ROLE ingest_owner;

ALTER TABLE ingest.day ADD COLUMN offset_wh bigint, ADD COLUMN offset_l bigint;
COMMENT ON COLUMN ingest.day.offset_wh IS
    'what is to be added to the register of the last accepted reading of the day so that it runs on';

RESET ROLE;
