# What the machine reaches in the process that runs the model: the figures that place a benchmark's.
import torch
from torch import Tensor


@torch.jit.export
def random_matrix(size: int, compute: int) -> Tensor:
    """Normal values (size, size) of a type."""
    return torch.randn([size, size], dtype=torch.float32).to(compute)


@torch.jit.export
def product_into(out: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """out = a b."""
    return torch.mm(a, b, out=out)


@torch.jit.export
def zero_bytes(count: int) -> Tensor:
    """So many bytes."""
    return torch.zeros([count], dtype=torch.uint8)


@torch.jit.export
def copy_into(out: Tensor, source: Tensor) -> Tensor:
    """out = source."""
    return out.copy_(source)
