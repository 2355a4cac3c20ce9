# Checkpoint bytes to weights, and memory for caches.
from typing import List

import torch
from torch import Tensor


@torch.jit.export
def map_file(path: str, first: int, count: int, stored: int, compute: int, shape: List[int]) -> Tensor:
    """Values number first … first + count of a memory-mapped file of the stored type, cast to the compute type: always memory of its own."""
    return torch.from_file(path, False, first + count, dtype=stored)[first:].view(shape).to(compute, copy=True)


@torch.jit.export
def stack_rows(parts: List[Tensor]) -> Tensor:
    """Weights one below the other."""
    return torch.cat(parts, 0)


@torch.jit.export
def pack(weight: Tensor, rows: int) -> Tensor:
    """The weight of a linear layer in the order that oneDNN's products like best; only project, project_alone and project_add read it."""
    return torch.ops.mkldnn._reorder_linear_weight(weight, rows)


@torch.jit.export
def try_packing(compute: int) -> Tensor:
    """Fails where the machine has no packed products in this type."""
    x = torch.ones([32, 64], dtype=torch.float32).to(compute)
    return project_add(x, x, pack(torch.ones([64, 64], dtype=torch.float32).to(compute), 32)).to(torch.float32)


@torch.jit.export
def empty_cache(layers: int, shape: List[int], like: Tensor) -> List[Tensor]:
    """Zeros of the type of `like`, one tensor a layer."""
    return [torch.zeros(shape, dtype=like.dtype, device=like.device) for i in range(layers)]


@torch.jit.export
def as_float(x: Tensor) -> Tensor:
    """float32, which Java reads."""
    return x.to(torch.float32)
