"""How far a model's replies give the answers."""
