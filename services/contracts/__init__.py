"""Contracts: facilities, customers, price lists and subscription power."""
