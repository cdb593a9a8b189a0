-- Which days a method chooses follows from the weather of all that it looked at: a temperature that comes later, beside the
-- measuring period, makes it another one. What was determined before has no sum over these, and stays compared as it was;
-- else all of it would be told of as corrected at once.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.determination ADD COLUMN weather_of_period boolean NOT NULL DEFAULT false;
ALTER TABLE contracts.power_proposal ADD COLUMN weather_of_period boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN contracts.determination.weather_of_period IS
    'whether revision_sum holds the temperatures of all days from period_from to period_to; else those of the measuring period alone';
COMMENT ON COLUMN contracts.determination.revision_sum IS
    'over the revisions of the days of the measuring period and of temperatures; they only rise, so that another sum tells of a correction';
COMMENT ON COLUMN contracts.power_proposal.weather_of_period IS 'as of a determination, which takes it over';
GRANT UPDATE (weather_of_period) ON contracts.determination TO contracts;

RESET ROLE;
