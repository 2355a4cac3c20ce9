# The layers that both halves of the model share. Shapes are written (B, T, D).
from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """x / sqrt(mean(x²) + ε) · weight, in float32 inside (arXiv 1910.07467)."""
    wide = x.to(torch.float32)
    wide = wide * torch.rsqrt(wide.pow(2).mean([-1], True) + epsilon)
    return weight * wide.to(x.dtype)
