"""What a reply states, as a person reads it."""
