"""What runs on organic documents: ingest into a token store, and rows out of it."""
