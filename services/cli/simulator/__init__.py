"""A simulated town: buildings, their meters and what these deliver, with every flaw known.

From a seed, a number of buildings and a period to readings in delivery order; pure, except `folder.py`, which
writes a town to files, and `posting.py`, which sends it to a running stack.
"""
