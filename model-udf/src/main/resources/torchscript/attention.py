# Attention as training runs it, with its gradient. In the language model's spans it is by hand: a span is a root or a branch (see text.py), given by five
# numbers, where it begins, its length, where its root begins and how long that is (0, 0 of a root), and its first token that is asked for. Everywhere
# else it is torch's, on a graph of its own.
from typing import List

import torch
from torch import Tensor


def stacked(x: Tensor, n: int) -> Tensor:
    """Heads of tokens (T, H, d), those that share one of n key heads below each other: (KV, H/KV · T, d)."""
    t, h, d = x.size(0), x.size(1), x.size(2)
    return x.view(t, n, h // n, d).permute(1, 2, 0, 3).reshape(n, h // n * t, d)


def unstack(into: Tensor, x: Tensor) -> None:
    """Puts what is `stacked` (KV, H/KV · T, d) where its tokens lie (T, H, d)."""
    t, h, d, n = into.size(0), into.size(1), into.size(2), x.size(0)
    into.view(t, n, h // n, d).copy_(x.view(n, h // n, t, d).permute(2, 0, 1, 3))


def query_blocks(first: int, length: int) -> List[int]:
    """Where each block of a span's queries begins, and where the last one ends: no key behind a block is multiplied. 96 at most are our choice."""
    blocks = (length - first + 95) // 96
    return [first + (length - first) * i // blocks for i in range(blocks + 1)]


def attend_spans(qkv: Tensor, heads: List[int], spans: List[int], last: bool) -> List[Tensor]:
    """Attention of tokens (N, H + 2 KV, d), in the last layer from what is asked for on: what each saw (N, H · d), then for the gradient of each
    span its keys and values (S, 2 KV, d), and of each of its blocks the queries, scaled, and the probabilities. In float32: products of small
    bfloat16 tiles are slow on a processor."""
    h, n, d = heads[0], heads[1], heads[2]
    wide = qkv.to(torch.float32)
    queries, pairs = wide.narrow(1, 0, h) * float(d) ** -0.5, wide.narrow(1, h, 2 * n)
    seen = torch.empty_like(queries)
    kept: List[Tensor] = []
    later = torch.full([96, 96], float("-inf"), dtype=torch.float32, device=qkv.device).triu(1)
    for i in range(len(spans) // 5):
        start, length, root, shared = spans[5 * i], spans[5 * i + 1], spans[5 * i + 2], spans[5 * i + 3]
        kv = pairs.narrow(0, start, length)
        if shared > 0:
            kv = torch.cat([pairs.narrow(0, root, shared), kv], 0)
        kept.append(kv)
        keys, values = kv.narrow(1, 0, n).permute(1, 2, 0), kv.narrow(1, n, n).transpose(0, 1)
        blocks = query_blocks(spans[5 * i + 4] if last else 0, length)
        for b in range(len(blocks) - 1):
            at, own = start + blocks[b], blocks[b + 1] - blocks[b]
            sight = shared + blocks[b + 1]
            q = stacked(queries.narrow(0, at, own), n)
            scores = torch.bmm(q, keys.narrow(2, 0, sight))
            scores.view(n, h // n, own, sight).narrow(3, sight - own, own).add_(later.narrow(0, 0, own).narrow(1, 0, own))
            p = torch.softmax(scores, -1)
            unstack(seen.narrow(0, at, own), torch.bmm(p, values.narrow(1, 0, sight)))
            kept.append(q)
            kept.append(p)
    return [seen.view(-1, h * d).to(qkv.dtype)] + kept


def spans_gradient(by: Tensor, kept: List[Tensor], heads: List[int], spans: List[int], last: bool) -> Tensor:
    """Given that of what was seen, the gradient by q, k and v (N, (H + 2 KV) · d). With S = q kᵀ, P = softmax S and O = P v: of v Pᵀ dO, of P dO vᵀ."""
    h, n, d = heads[0], heads[1], heads[2]
    wide = by.to(torch.float32).view(-1, h, d)
    by_qkv = torch.zeros([by.size(0), h + 2 * n, d], dtype=torch.float32, device=by.device)
    by_queries, by_pairs = by_qkv.narrow(1, 0, h), by_qkv.narrow(1, h, 2 * n)
    next = 0
    for i in range(len(spans) // 5):
        start, length, root, shared = spans[5 * i], spans[5 * i + 1], spans[5 * i + 2], spans[5 * i + 3]
        kv = kept[next]
        keys, values = kv.narrow(1, 0, n).transpose(0, 1), kv.narrow(1, n, n).permute(1, 2, 0)
        by_kv = kv
        blocks = query_blocks(spans[5 * i + 4] if last else 0, length)
        for j in range(len(blocks) - 1):
            b = len(blocks) - 2 - j  # The last one sees all keys.
            at, own = start + blocks[b], blocks[b + 1] - blocks[b]
            sight = shared + blocks[b + 1]
            q, p = kept[next + 1 + 2 * b], kept[next + 2 + 2 * b]
            by_seen = stacked(wide.narrow(0, at, own), n)
            by_scores = torch._softmax_backward_data(torch.bmm(by_seen, values.narrow(2, 0, sight)), p, -1, torch.float32)
            unstack(by_queries.narrow(0, at, own), torch.bmm(by_scores, keys.narrow(1, 0, sight)))
            by_sight = torch.cat([torch.bmm(by_scores.transpose(1, 2), q), torch.bmm(p.transpose(1, 2), by_seen)], 0)
            if j == 0:
                by_kv = by_sight
            else:
                by_kv.narrow(1, 0, sight).add_(by_sight)
        next += 2 * len(blocks) - 1
        by_kv = by_kv.transpose(0, 1)
        by_pairs.narrow(0, start, length).copy_(by_kv.narrow(0, shared, length))
        if shared > 0:  # Roots come first.
            by_pairs.narrow(0, root, shared).add_(by_kv.narrow(0, 0, shared))
    by_queries.mul_(float(d) ** -0.5)
    return by_qkv.view(-1, (h + 2 * n) * d).to(by.dtype)


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


def rows_gradient(by: Tensor, groups: List[Tensor], heads: List[int], pack: List[Tensor]) -> Tensor:
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


def attention(qkv: Tensor, heads: List[int], pack: List[Tensor], masks: List[Tensor], runs: List[int], spans: List[int], last: bool) -> List[Tensor]:
    """What each token saw (N, H · d), then what the gradient needs."""
    if len(spans) > 0:
        return attend_spans(qkv, heads, spans, last)
    groups = attend_rows(qkv, heads, pack, masks, runs)
    return [seen_of(groups, pack)] + groups


def attention_gradient(by: Tensor, kept: List[Tensor], heads: List[int], pack: List[Tensor], spans: List[int], last: bool) -> Tensor:
    """Given that of what each token saw, the gradient by q, k and v (N, (H + 2 KV) · d); kept: of `attention`, behind what was seen."""
    return spans_gradient(by, kept, heads, spans, last) if len(spans) > 0 else rows_gradient(by, kept, heads, pack)
