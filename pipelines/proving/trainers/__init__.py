"""Proof that a trainer as installed reads the rows as they are meant."""
