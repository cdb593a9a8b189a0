"""The only SQL of the billing service: copies that events keep, the close of a month, invoices to look at."""
