"""What goes beside a dataset's shards when it is finished."""
