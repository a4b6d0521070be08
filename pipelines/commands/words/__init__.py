"""How commands speak: to a person in tables and bars, to a program in JSON, or not at all."""
