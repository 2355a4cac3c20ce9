# The layers that both halves of the model share. Shapes are written (B, T, D).
from typing import Optional

import torch
import torch.nn.functional as F
from torch import Tensor


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """x / sqrt(mean(x²) + ε) · weight, in float32 inside (arXiv 1910.07467)."""
    wide = x.to(torch.float32)
    wide = wide * torch.rsqrt(wide.pow(2).mean([-1], True) + epsilon)
    return weight * wide.to(x.dtype)


def gated(gate_up: Tensor) -> Tensor:
    """silu(gate) · up (arXiv 2002.05202), the two side by side. Split, not sliced: the gradient of a slice is a tensor of zeros for each."""
    parts = gate_up.chunk(2, -1)
    return F.silu(parts[0]) * parts[1]


def project(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """x Wᵀ + b; the weight may be packed (see `pack`), then without gradients."""
    if weight.is_mkldnn:
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return F.linear(x, weight, bias)


def project_alone(x: Tensor, weight: Tensor) -> Tensor:
    """x Wᵀ."""
    if weight.is_mkldnn:
        return torch.ops.mkldnn._linear_pointwise(x, weight, None, "none", [], "")
    return F.linear(x, weight)


def project_add(residual: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """residual + x Wᵀ."""
    if weight.is_mkldnn:
        return torch.ops.mkldnn._linear_pointwise(x, residual, weight, None, "add")
    return residual + F.linear(x, weight)
