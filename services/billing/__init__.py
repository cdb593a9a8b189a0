"""Monthly invoices from whole days, dated contracts and price lists."""
