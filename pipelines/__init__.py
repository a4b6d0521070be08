"""What runs: gen, show, inspect, verify, doctor, and the one Ray file."""
