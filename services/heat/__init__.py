"""The pure kernel that several services share: registers, hours, days, power and price. No I/O, no clock."""
