-- A line may count flow, return temperature, or what was used above a chosen power, too.
SET LOCAL ROLE billing_owner;

ALTER TABLE billing.invoice_line DROP CONSTRAINT invoice_line_component_check;
ALTER TABLE billing.invoice_line ADD CONSTRAINT invoice_line_component_check
    CHECK (component IN ('energy', 'power', 'fixed', 'volume', 'return_temperature', 'overrun'));

RESET ROLE;
