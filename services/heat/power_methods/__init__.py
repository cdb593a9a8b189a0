"""How subscription power is measured: one file per method, since every utility has its own."""
