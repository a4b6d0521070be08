"""One file a task: what a sample says, decided by (settings, seed, index) alone."""
