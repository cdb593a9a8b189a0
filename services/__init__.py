"""The services of Kulvert, one folder each, and what they share."""
