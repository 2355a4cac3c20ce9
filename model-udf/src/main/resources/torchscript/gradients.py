# A block of either half of the model as training runs it, with its gradient by hand: so nothing but `kept` lives on, attention runs in products that
# the processor is good at, and gradients are summed where they lie. Weights are named by their number in one list w of all; learns[i] is the place of
# weight i's sum among `sums`, or -1. An adapter's gradients go to by_a, which is like a (see `adapted`). A block is ten numbers of weights: norm, q, k
# and v, their bias, output, its bias, norm, gate and up, their bias, down, its bias; -1 where it has none.
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


def linear(x: Tensor, w: List[Tensor], a: List[Tensor], at: int, bias: int) -> Tensor:
    """x Wᵀ + b, with the adapter; in float32 by oneDNN's product, which has no gradient of its own and is quicker than MKL's."""
    b: Optional[Tensor] = None
    if bias >= 0:
        b = w[bias]
    if x.is_cuda or x.dtype != torch.float32:
        return adapted(F.linear(x, w[at], b), x, a, at)
    return adapted(torch.ops.mkldnn._linear_pointwise(x, w[at], b, "none", [], ""), x, a, at)


def linear_gradient(by: Tensor, x: Tensor, w: List[Tensor], a: List[Tensor], at: int, bias: int, learns: List[int], sums: List[Tensor],
                    by_a: List[Tensor]) -> Tensor:
    """Adds the gradients of the weight, its bias and its adapter, given that of the result; returns that of x."""
    if learns[at] >= 0:
        add_product(sums[learns[at]], by, x)
    if bias >= 0 and learns[bias] >= 0:
        sums[learns[bias]].add_(by.sum([0], dtype=torch.float32))
    by_x = torch.mm(by, w[at])
    if len(a) > 0 and a[2 * at].size(0) > 0:
        by_inner = torch.mm(by, a[2 * at + 1])
        by_a[2 * at] = torch.mm(by_inner.t(), x)
        by_a[2 * at + 1] = torch.mm(by.t(), F.linear(x, a[2 * at]))
        by_x.addmm_(by_inner, a[2 * at])
    return by_x


def norm_gradient(by: Tensor, x: Tensor, w: List[Tensor], at: int, epsilon: float, learns: List[int], sums: List[Tensor], above: Tensor) -> Tensor:
    """Adds the gradient of the weight of `rms_norm`; returns that of x, added to what comes from above."""
    weight = w[at].to(torch.float32)
    wide, by_wide = x.to(torch.float32), by.to(torch.float32)
    norm = torch.ops.aten.linalg_vector_norm(wide, 2.0, [-1], True)
    scale = torch.rsqrt(norm * norm / x.size(-1) + epsilon)
    wide = wide * scale
    by_weight = by_wide * wide
    if learns[at] >= 0:
        sums[learns[at]].add_(by_weight.sum([0]))
    mean = torch.mv(by_weight, weight).unsqueeze(1) / x.size(-1)
    return torch.addcmul(above.to(torch.float32), (by_wide * weight).addcmul_(wide, mean, value=-1.0), scale).to(x.dtype)


def rotate_(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """`rotate` in place; with -sin it is the gradient."""
    wide = x.to(cos.dtype)
    parts = wide.chunk(2, -1)
    turned = torch.cat([-parts[1], parts[0]], -1)
    return x.copy_(wide.mul_(cos).addcmul_(turned, sin))


def attend_rows(qkv: Tensor, heads: List[int], pack: List[Tensor], masks: List[Tensor], runs: List[int]) -> List[Tensor]:
    """Attention of tokens (N, H + 2 KV, d) laid out by a pack (see text.py), or else by runs (see vision.py). Of each group of rows its queries
    (R, C, H, d), its keys and values (R, S, 2 KV, d) and what they give (R · C, H · d), whose graph goes back to the two."""
    h, n, d = heads[0], heads[1], heads[2]
    groups: List[Tensor] = []
    at = 0
    for i in range(len(runs) // 2):
        length, count = runs[2 * i], runs[2 * i + 1]
        own = qkv.narrow(0, at, length * count).view(count, length, h + 2 * n, d)
        q, kv = own.narrow(2, 0, h).requires_grad_(), own.narrow(2, h, 2 * n).requires_grad_()
        keys = kv.chunk(2, 2)
        groups += [q, kv, everywhere(q, keys[0], keys[1])]
        at += length * count
    flat = qkv.view(qkv.size(0), (h + 2 * n) * d)
    for g in range(len(masks)):
        places, keys = pack[1 + 3 * g], pack[2 + 3 * g]
        own = torch.embedding(flat, places).view(places.size(0), places.size(1), h + 2 * n, d)
        q, kv = own.narrow(2, 0, h).requires_grad_(), own.narrow(2, h, 2 * n)
        if keys.size(0) == 0:
            kv = kv.requires_grad_()
            groups += [q, kv, causal(q, kv, True)]
        else:
            shared = torch.embedding(flat.narrow(1, h * d, 2 * n * d), keys.narrow(1, 0, keys.size(1) - places.size(1)))
            kv = torch.cat([shared.view(keys.size(0), -1, 2 * n, d), kv], 1).requires_grad_()
            groups += [q, kv, branching(q, kv, masks[g], True)]
    return groups


def seen_of(groups: List[Tensor], pack: List[Tensor]) -> Tensor:
    """What each token saw (N, H · d), of `attend_rows`."""
    seen = torch.cat([groups[i].detach() for i in range(2, len(groups), 3)], 0)
    return torch.embedding(seen, pack[0]) if len(pack) > 0 else seen


def scattered(x: Tensor, places: Tensor, count: int) -> Tensor:
    """(count, D): each row of x (N, D) added at its place, the gradient of looking rows up."""
    return torch.ops.aten.embedding_dense_backward(x, places, count, -1, False)


def attention_gradient(by: Tensor, groups: List[Tensor], heads: List[int], pack: List[Tensor]) -> Tensor:
    """Given that of `seen_of`, the gradient by q, k and v (N, (H + 2 KV) · d)."""
    h, n, d = heads[0], heads[1], heads[2]
    tokens = by.size(0)
    if len(pack) > 0:
        cells = 0
        for i in range(2, len(groups), 3):
            cells += groups[i].size(0)
        by = scattered(by, pack[0], cells)
    by_own: List[Tensor] = []
    by_roots: List[Tensor] = []
    roots: List[Tensor] = []
    rows = 0
    for g in range(len(groups) // 3):
        q, kv, seen = groups[3 * g], groups[3 * g + 1], groups[3 * g + 2]
        by_parts = gradients_through([seen], [by.narrow(0, rows, seen.size(0))], [q, kv])
        by_q, by_kv = by_parts[0], by_parts[1]
        rows += seen.size(0)
        shared = kv.size(1) - q.size(1)
        by_own.append(torch.cat([by_q, by_kv.narrow(1, shared, q.size(1))], 2).view(-1, (h + 2 * n) * d))
        if shared > 0:
            by_roots.append(by_kv.narrow(1, 0, shared).reshape(-1, 2 * n * d))
            roots.append(pack[2 + 3 * g].narrow(1, 0, shared).flatten())
    by_qkv = torch.cat(by_own, 0)
    if len(pack) > 0:
        by_qkv = torch.embedding(by_qkv, pack[0])
    if len(roots) > 0:
        by_qkv.narrow(1, h * d, 2 * n * d).add_(scattered(torch.cat(by_roots, 0), torch.cat(roots, 0), tokens))
    return by_qkv


def block_inputs(x: Tensor, w: List[Tensor], a: List[Tensor], block: List[int], cos: Tensor, sin: Tensor, heads: List[int], epsilon: float) -> Tensor:
    """q, k and v (N, H + 2 KV, d), the first two turned."""
    h, n, d = heads[0], heads[1], heads[2]
    qkv = linear(rms_norm(x, w[block[0]], epsilon), w, a, block[1], block[2]).view(-1, h + 2 * n, d)
    rotate_(qkv.narrow(1, 0, h + n), cos, sin)
    return qkv


def run_block(x: Tensor, w: List[Tensor], a: List[Tensor], block: List[int], cos: Tensor, sin: Tensor, heads: List[int], epsilon: float, pack: List[Tensor],
              masks: List[Tensor], runs: List[int], asked: Optional[Tensor]) -> List[Tensor]:
    """What the gradient needs beside x (N, D): what attention saw, the sum after it, gate and up, then `attend_rows`. asked: the places (M) whose results are
    needed, of the last layer; else all are."""
    groups = attend_rows(block_inputs(x, w, a, block, cos, sin, heads, epsilon), heads, pack, masks, runs)
    seen = seen_of(groups, pack)
    if asked is not None:
        x, seen = torch.embedding(x, asked), torch.embedding(seen, asked)
    middle = linear(seen, w, a, block[3], block[4]).add_(x)
    return [seen, middle, linear(rms_norm(middle, w[block[5]], epsilon), w, a, block[6], block[7])] + groups


def block_result(kept: List[Tensor], w: List[Tensor], a: List[Tensor], block: List[int]) -> Tensor:
    """Of `run_block`."""
    return linear(gated(kept[2]), w, a, block[8], block[9]).add_(kept[1])


def block_gradient(by: Tensor, x: Tensor, kept: List[Tensor], w: List[Tensor], a: List[Tensor], block: List[int], cos: Tensor, sin: Tensor, heads: List[int],
                   epsilon: float, pack: List[Tensor], asked: Optional[Tensor], learns: List[int], sums: List[Tensor], by_a: List[Tensor]) -> Tensor:
    """Adds the gradients of the block's weights, given that of its result; returns that of x."""
    seen, middle, gate_up = kept[0], kept[1], kept[2]
    parts = gate_up.chunk(2, -1)
    active = F.silu(parts[0])
    by_product = linear_gradient(by, active * parts[1], w, a, block[8], block[9], learns, sums, by_a)
    by_gate_up = torch.empty_like(gate_up)
    by_parts = by_gate_up.chunk(2, -1)
    torch.mul(by_product, active, out=by_parts[1])
    by_parts[0].copy_(torch.ops.aten.silu_backward(by_product.mul_(parts[1]), parts[0]))
    by_inner = linear_gradient(by_gate_up, rms_norm(middle, w[block[5]], epsilon), w, a, block[6], block[7], learns, sums, by_a)
    by_middle = norm_gradient(by_inner, middle, w, block[5], epsilon, learns, sums, by)
    by_seen = linear_gradient(by_middle, seen, w, a, block[3], block[4], learns, sums, by_a)
    if asked is not None:
        by_middle, by_seen = scattered(by_middle, asked, x.size(0)), scattered(by_seen, asked, x.size(0))
    by_qkv = attention_gradient(by_seen, kept[3:], heads, pack)
    rotate_(by_qkv.view(-1, heads[0] + 2 * heads[1], heads[2]).narrow(1, 0, heads[0] + heads[1]), cos, -sin)
    by_inner = linear_gradient(by_qkv, rms_norm(x, w[block[0]], epsilon), w, a, block[1], block[2], learns, sums, by_a)
    return norm_gradient(by_inner, x, w, block[0], epsilon, learns, sums, by_middle)
