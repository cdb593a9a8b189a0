"""What the services say to each other: values, events and the map of topics."""
