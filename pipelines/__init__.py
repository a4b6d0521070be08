"""What runs: build and ingest, the steps that they are made of, and what looks at their results."""
