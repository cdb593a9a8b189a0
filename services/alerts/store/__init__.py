"""The only SQL of the alerts service, a file for each kind of object."""
