"""Organic documents: reading corpora, length buckets, and what to draw from them."""
