# A block of either half of the model as training runs it, with its gradient by hand (decision 0010); its attention is in attention.py.
# So little is kept, gradients are summed where they lie, and products may be oneDNN's. Weights are named by their number in one list w of all;
# learns[i] is the place of weight i's sum among `sums`, or -1. An adapter's gradients go to by_a, which is like a (see `adapters`). A block is the numbers
# of ten weights: norm, q k v, their bias, output, its bias, norm, gate and up, their bias, down, its bias; -1 where it has none.
from typing import List, Optional

import torch
import torch.nn.functional as F
from torch import Tensor


def add_product(total: Tensor, by: Tensor, x: Tensor) -> None:
    """total += byᵀ x."""
    if by.dtype == total.dtype:
        total.addmm_(by.t(), x)
    else:
        total.add_(torch.mm(by.t(), x))


def add_columns(total: Tensor, by: Tensor) -> None:
    """total += Σ by over its rows."""
    total.add_(torch.sum(by, [0], dtype=torch.float32))


def half_of(rows: Tensor, half: int) -> Tensor:
    """The first (0) or second (1) half of the rows; -1: all."""
    return rows if half < 0 else rows.chunk(2, 0)[half]


def product(x: Tensor, weight: Tensor, bias: Optional[Tensor]) -> Tensor:
    """x Wᵀ + b; in float32 on a processor by oneDNN, whose product has no gradient of its own, is quicker than MKL's and takes W as it lies."""
    if x.is_cuda or x.dtype != torch.float32:
        return F.linear(x, weight, bias)
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


def linear(x: Tensor, w: List[Tensor], a: List[Tensor], at: int, bias: int, half: int) -> Tensor:
    """x Wᵀ + b, with the adapter, of half of the rows of W or all."""
    b: Optional[Tensor] = None
    if bias >= 0:
        b = half_of(w[bias], half)
    y = product(x, half_of(w[at], half), b)
    if len(a) > 0 and a[2 * at].size(0) > 0:
        y.addmm_(F.linear(x, a[2 * at]), half_of(a[2 * at + 1], half).t())
    return y


def linear_gradient(by: Tensor, x: Tensor, w: List[Tensor], a: List[Tensor], at: int, bias: int, half: int, learns: List[int], sums: List[Tensor],
                    by_a: List[Tensor]) -> Tensor:
    """Adds the gradients of the weight, its bias and its adapter, given that of the result of `linear`; returns that of x."""
    if learns[at] >= 0:
        add_product(half_of(sums[learns[at]], half), by, x)
    if bias >= 0 and learns[bias] >= 0:
        add_columns(half_of(sums[learns[bias]], half), by)
    by_x = product(by, half_of(w[at], half).t(), None)
    if len(a) > 0 and a[2 * at].size(0) > 0:
        by_inner = torch.mm(by, half_of(a[2 * at + 1], half))
        add_product(by_a[2 * at], by_inner, x)
        add_product(half_of(by_a[2 * at + 1], half), by, F.linear(x, a[2 * at]))
        by_x.addmm_(by_inner, a[2 * at])
    return by_x


def norm_gradient(by: Tensor, unit_x: List[Tensor], w: List[Tensor], at: int, learns: List[int], sums: List[Tensor], above: Optional[Tensor]) -> Tensor:
    """Adds the gradient of the weight of `rms_norm`, given that of its result and `unit` of x; returns that of x, added to what comes from above."""
    weight, by_wide = w[at].to(torch.float32), by.to(torch.float32)
    by_weight = by_wide * unit_x[0]
    if learns[at] >= 0:
        add_columns(sums[learns[at]], by_weight)
    mean = torch.mv(by_weight, weight).unsqueeze(1) / by.size(1)
    by_x = (by_wide * weight).addcmul_(unit_x[0], mean, value=-1.0)
    if above is None:
        return by_x.mul_(unit_x[1]).to(by.dtype)
    return torch.addcmul(above.to(torch.float32), by_x, unit_x[1]).to(by.dtype)


def rotate_(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """`rotate` in place, by the sine with the sign of each half: x·cos + (x₂, x₁)·sin; with -sin it is the gradient."""
    wide = x.to(cos.dtype)
    turned = torch.roll(wide, [x.size(-1) // 2], [-1])
    return x.copy_(wide.mul_(cos).addcmul_(turned, sin))


def run_block(x: Tensor, w: List[Tensor], a: List[Tensor], block: List[int], cos: Tensor, sin: Tensor, heads: List[int], epsilon: float, pack: List[Tensor],
              masks: List[Tensor], runs: List[int], spans: List[int], asked: Optional[Tensor]) -> List[Tensor]:
    """What the gradient needs beside x (N, D): what attention saw, the sum after it, gate, its silu, up, then what `attention` keeps. asked: the places (M) whose
    results are needed, of the last layer; else all are."""
    h, n, d = heads[0], heads[1], heads[2]
    qkv = linear(rms_norm(x, w[block[0]], epsilon), w, a, block[1], block[2], -1).view(-1, h + 2 * n, d)
    rotate_(qkv.narrow(1, 0, h + n), cos, sin)
    attended = attention(qkv, heads, pack, masks, runs, spans, asked is not None)
    seen = attended[0]
    if asked is not None:
        x, seen = torch.embedding(x, asked), torch.embedding(seen, asked)
    middle = linear(seen, w, a, block[3], block[4], -1).add_(x)
    inner = rms_norm(middle, w[block[5]], epsilon)
    gate, up = linear(inner, w, a, block[6], block[7], 0), linear(inner, w, a, block[6], block[7], 1)
    return [seen, middle, gate, F.silu(gate), up] + attended[1:]


def block_result(kept: List[Tensor], w: List[Tensor], a: List[Tensor], block: List[int]) -> Tensor:
    """Of `run_block`."""
    return linear(kept[3] * kept[4], w, a, block[8], block[9], -1).add_(kept[1])


def block_gradient(by: Tensor, x: Tensor, kept: List[Tensor], w: List[Tensor], a: List[Tensor], block: List[int], cos: Tensor, sin: Tensor, heads: List[int],
                   epsilon: float, pack: List[Tensor], spans: List[int], asked: Optional[Tensor], learns: List[int], sums: List[Tensor],
                   by_a: List[Tensor]) -> Tensor:
    """Adds the gradients of the block's weights, given that of its result; returns that of x."""
    seen, middle, gate, active, up = kept[0], kept[1], kept[2], kept[3], kept[4]
    by_product = linear_gradient(by, active * up, w, a, block[8], block[9], -1, learns, sums, by_a)
    unit_middle = unit(middle, epsilon)
    inner = w[block[5]] * unit_middle[0].to(x.dtype)
    by_inner = linear_gradient(by_product * active, inner, w, a, block[6], block[7], 1, learns, sums, by_a)
    by_gate = torch.ops.aten.silu_backward(by_product.mul_(up), gate)
    by_inner.add_(linear_gradient(by_gate, inner, w, a, block[6], block[7], 0, learns, sums, by_a))
    by_middle = norm_gradient(by_inner, unit_middle, w, block[5], learns, sums, by)
    by_seen = linear_gradient(by_middle, seen, w, a, block[3], block[4], -1, learns, sums, by_a)
    if asked is not None:
        by_middle, by_seen = scattered(by_middle, asked, x.size(0)), scattered(by_seen, asked, x.size(0))
    by_qkv = attention_gradient(by_seen, kept[5:], heads, pack, spans, asked is not None)
    rotate_(by_qkv.view(-1, heads[0] + 2 * heads[1], heads[2]).narrow(1, 0, heads[0] + heads[1]), cos, -sin)
    unit_x = unit(x, epsilon)
    by_inner = linear_gradient(by_qkv, w[block[0]] * unit_x[0].to(x.dtype), w, a, block[1], block[2], -1, learns, sums, by_a)
    return norm_gradient(by_inner, unit_x, w, block[0], learns, sums, by_middle)
