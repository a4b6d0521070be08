"""Finished datasets as trainers read them: order, sharing between ranks, resuming, tensors, masks."""
