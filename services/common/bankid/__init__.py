"""Orders with BankID: how it is asked, what an order goes through, and whether what completes it is genuine."""
