"""Which of how many data-parallel ranks this process is."""

# PyTorch is an extra: what comes from it is checked where it is installed.
# pyright: reportMissingImports=false

import os

import torch

from ...schemas.errors import UsageError


def find_ranks(rank: int | None, world_size: int | None) -> tuple[int, int]:
    """The rank and the number of ranks, from torch.distributed or else RANK and WORLD_SIZE where they are not given.

    Raises UsageError where they cannot be meant.
    """
    if (rank is None) != (world_size is None):
        raise UsageError("give both rank and world_size, or neither")
    if rank is None or world_size is None:
        rank, world_size = _running()
    if not 0 <= rank < world_size:
        raise UsageError(f"rank must be from 0 to {world_size - 1} for {world_size} ranks, got {rank}")
    return rank, world_size


def _running() -> tuple[int, int]:
    """The rank and the number of ranks by torch.distributed, else by what torchrun sets before the ranks have met."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
