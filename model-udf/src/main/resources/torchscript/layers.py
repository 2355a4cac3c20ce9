# The layers that both halves of the model share. Shapes are written (B, T, D).
from typing import List, Optional

import torch
import torch.nn.functional as F
from torch import Tensor


def unit(x: Tensor, epsilon: float) -> List[Tensor]:
    """x / sqrt(mean(x²) + ε) in float32, and what x is multiplied by."""
    wide = x.to(torch.float32)
    norm = torch.ops.aten.linalg_vector_norm(wide, 2.0, [-1], True)
    scale = torch.rsqrt(norm * norm / x.size(-1) + epsilon)
    return [wide * scale, scale]


def rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """x / sqrt(mean(x²) + ε) · weight, in float32 inside (arXiv 1910.07467)."""
    return weight * unit(x, epsilon)[0].to(x.dtype)


def gated(gate_up: Tensor) -> Tensor:
    """silu(gate) · up (arXiv 2002.05202), the two side by side."""
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
    return torch.addmm(residual, x, weight.t())


def adapters(weights: int, first: List[int], rows: List[int], scale: float, pairs: List[Tensor], compute: int) -> List[Tensor]:
    """What `linear` adds, A (R, in) and B (out, R) of each weight with the scale in B, both empty where it has none, out of pairs A (r, in), B (rows, r): those of weight i are number first[i] … first[i + 1] - 1. A weight may be several
    tensors one below the other (q, k and v), each with a pair of its own: the As are stacked, and each B stands in its own columns at
    its tensor's rows. rows: above and below each B. So one product of each kind serves them all; in the compute type."""
    results: List[Tensor] = []
    for i in range(weights):
        a: List[Tensor] = []
        b: List[Tensor] = []
        for p in range(first[i], first[i + 1]):
            a.append(pairs[2 * p])
            b.append(torch.constant_pad_nd(pairs[2 * p + 1] * scale, [0, 0, rows[2 * p], rows[2 * p + 1]]))
        if len(a) == 0:
            none = torch.zeros([0])
            results.append(none)
            results.append(none)
        else:
            results.append(torch.cat(a, 0).to(compute))
            results.append(torch.cat(b, 1).to(compute))
    return results


def gradients_through(outputs: List[Tensor], by_outputs: List[Tensor], leaves: List[Tensor]) -> List[Tensor]:
    """Gradients of the leaves, given those of the outputs; zeros for a leaf that no output depends on."""
    by: List[Optional[Tensor]] = []
    for gradient in by_outputs:
        by.append(gradient)
    gradients = torch.autograd.grad(outputs, leaves, by, allow_unused=True)
    results: List[Tensor] = []
    for i in range(len(leaves)):
        gradient = gradients[i]
        results.append(torch.zeros_like(leaves[i]) if gradient is None else gradient)
    return results
