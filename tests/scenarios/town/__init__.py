"""A simulated town on the running stack, held against its truth: `python -m tests.scenarios.town --buildings 200`.

Its readings come in several orders. Each must end in the same tables, find every definite flaw, flag few good hours,
and give hours that sum to the registers.
"""
