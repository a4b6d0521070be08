"""Documents into rows: tokens, exact lengths, masks, Parquet."""
