"""A stand-in for BankID's servers and a person's phone, for the local stack alone. It proves nobody's identity."""
