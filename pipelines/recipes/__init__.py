"""Recipes as people write them: YAML files and flags of a command."""
