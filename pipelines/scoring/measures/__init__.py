"""What a reply is worth, by name: pure functions of what was given and what was wanted, light to import."""
