"""Corpora on disk: read, joined, tokenized once and stored by length, looked at and verified."""
