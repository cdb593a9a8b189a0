"""What `kulvert demo` shows: a real house's three years, a simulated town, and what follows from their readings."""
