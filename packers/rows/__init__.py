"""Which documents share a row, and the rows themselves."""
