"""Rules that flag hours: each a small pure function on whole days, listed in `rules`."""
