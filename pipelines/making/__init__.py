"""Making samples and rows: the work of one shard, which any worker can do."""
