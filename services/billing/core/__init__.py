"""Pure: which parts a month has, what they cost, and what stands on the invoice."""
