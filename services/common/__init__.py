"""The plumbing that every service uses; no domain word in it."""
