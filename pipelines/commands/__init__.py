"""The command line's words: one file a command, with its options, its one call and what it prints."""
