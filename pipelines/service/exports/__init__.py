"""The same schedule for engines that people already run, one file an engine."""
