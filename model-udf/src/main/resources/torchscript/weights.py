# Checkpoint bytes to weights.
from typing import List

import torch
from torch import Tensor


@torch.jit.export
def map_file(path: str, offset: int, size: int, stored: int, compute: int, shape: List[int]) -> Tensor:
    """A tensor's bytes out of a memory-mapped file, cast to the compute type: always memory of its own."""
    all = torch.from_file(path, False, offset + size, dtype=torch.uint8)
    own = all[offset:offset + size].clone()
    return own.view(stored).view(shape).to(compute)

