"""Finished datasets written for others: samples as JSON lines, rows as another project reads them."""
