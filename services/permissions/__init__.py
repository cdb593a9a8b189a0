"""Who people are, and what each may see and do."""
