"""Where and how work runs: the one Ray file, the one write protocol, the folder that a dataset grows in."""
