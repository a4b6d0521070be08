"""Finished rows as other projects read them, one file a project."""
