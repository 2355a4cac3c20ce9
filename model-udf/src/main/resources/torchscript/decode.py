# Generation: R slots decode together, C neighbouring slots (a bank) share one prompt. Keys and values lie in blocks of fixed size, block
# first, so that every product has a shape that depends on R and C alone: a row's sums do not depend on what its neighbours hold.
#   own cache, a layer:     (blocks, R·KV, BLOCK, d)      prompt cache, a layer: (blocks, R/C·KV, BLOCK, d)
# The last token of the prompt is not in the prompt cache: it is the first token that a slot decodes.
from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def key_mask(valid: Tensor, dtype: int) -> Tensor:
    """0 where true, -inf elsewhere."""
    return torch.zeros(valid.shape, dtype=dtype, device=valid.device).masked_fill(valid.logical_not(), float("-inf"))


def decode_layer(x: Tensor, w: List[Tensor], at: int, kp: Tensor, vp: Tensor, ko: Tensor, vo: Tensor, write: Tensor, cos: Tensor, sin: Tensor,
                 mask: Tensor, blocks: List[int], heads: List[int], epsilon: float) -> Tensor:
    """One layer for the newest token of each slot, x (R, D). mask (banks, C, 1, 1, prompt + own blocks, BLOCK); blocks: prompt, own;
    heads: H, KV, d, C. cos, sin (R, H+KV, d), the softmax scale already in the part of the queries."""
    h, kv, d, c, rows = heads[0], heads[1], heads[2], heads[3], x.size(0)
    g, banks, half, np, no, size = h // kv, rows // c, d // 2, blocks[0], blocks[1], ko.size(2)
    qkv = project(rms_norm(x, w[at], epsilon), w[at + 1], w[at + 2]).view(rows, h + 2 * kv, d)
    qk = qkv[:, :h + kv]
    qk = torch.addcmul(qk * cos, qk.roll([half], [2]), sin)
    ko.view(-1, d).index_copy_(0, write, qk[:, h:].reshape(rows * kv, d))
    vo.view(-1, d).index_copy_(0, write, qkv[:, h + kv:].reshape(rows * kv, d))
    q = qk[:, :h].view(banks, c, kv, g, d)
    qp = q.permute(0, 2, 1, 3, 4).unsqueeze(0).expand([np, banks, kv, c, g, d]).reshape(np * banks * kv, c * g, d)
    sp = torch.bmm(qp, kp[:np].view(np * banks * kv, size, d).transpose(1, 2)).view(np, banks, kv, c, g, size).permute(1, 3, 2, 4, 0, 5)
    qo = q.unsqueeze(0).expand([no, banks, c, kv, g, d]).reshape(no * rows * kv, g, d)
    so = torch.bmm(qo, ko[:no].view(no * rows * kv, size, d).transpose(1, 2)).view(no, banks, c, kv, g, size).permute(1, 2, 3, 4, 0, 5)
    s = torch.cat([sp, so], 4).add_(mask)
    a = torch.softmax(s.view(rows, h, (np + no) * size), -1).view(banks, c, kv, g, np + no, size)
    ap = a[:, :, :, :, :np].permute(4, 0, 2, 1, 3, 5).reshape(np * banks * kv, c * g, size)
    ao = a[:, :, :, :, np:].permute(4, 0, 1, 2, 3, 5).reshape(no * rows * kv, g, size)
    op = torch.bmm(ap, vp[:np].view(np * banks * kv, size, d)).view(np, banks, kv, c, g, d).sum([0]).transpose(1, 2)
    oo = torch.bmm(ao, vo[:no].view(no * rows * kv, size, d)).view(no, banks, c, kv, g, d).sum([0])
    x = project_add(x, (op + oo).reshape(rows, h * d), w[at + 3])
    return project_add(x, gated(project_alone(rms_norm(x, w[at + 4], epsilon), w[at + 5])), w[at + 6])


@torch.jit.export
def decode(embed: Tensor, norm: Tensor, head: Tensor, w: List[Tensor], kp: List[Tensor], vp: List[Tensor], ko: List[Tensor], vo: List[Tensor],
           rope: Tensor, token: Tensor, length: Tensor, position: Tensor, alive: Tensor, limit: Tensor, least: Tensor, stops: Tensor, prompt: Tensor,
           uniform: Tensor, temperature: Tensor, greedy: Tensor, seen: Tensor, penalty: Tensor, top_k: Tensor, top_p: Tensor, min_p: Tensor,
           any_greedy: bool, all_greedy: bool, filtered: bool, tracked: bool, blocks: List[int], heads: List[int], epsilon: float) -> List[Tensor]:
    """uniform (steps, R): so many tokens for each slot. token, length, position, alive (R) are written in place: the newest token, the
    number of own tokens in the cache, the newest token's position, whether the slot still generates. limit, least (R): new tokens at most
    and at least; stops (R, S) ids that end the row, padded by -1; prompt (banks): keys of each bank's prompt; rope (positions, 2, d):
    cosine and signed sine. Returns tokens (steps, R), -1 where the slot had ended, and their log-probabilities."""
    steps, rows, h, kv, d, c = uniform.size(0), token.size(0), heads[0], heads[1], heads[2], heads[3]
    size, dtype = ko[0].size(2), embed.dtype
    tokens = torch.full([steps, rows], -1, dtype=torch.int64, device=embed.device)
    log_probs = torch.zeros([steps, rows], dtype=torch.float32, device=embed.device)
    own_keys = torch.arange(blocks[1] * size, device=embed.device)
    prompt_mask = key_mask(torch.arange(blocks[0] * size, device=embed.device).unsqueeze(0) < prompt.unsqueeze(1), dtype)
    prompt_mask = prompt_mask.unsqueeze(1).expand([rows // c, c, blocks[0] * size]).reshape(rows, blocks[0] * size)
    lane = torch.arange(rows * kv, device=embed.device).view(rows, kv)
    scale = torch.ones([h + kv, 1], dtype=torch.float32, device=embed.device)
    scale[:h] = float(d) ** -0.5
    has_stops, has_least = stops.size(1) > 0, bool((least > 0).any())
    t = 0
    while t < steps and bool(alive.any()):
        table = rope[position].unsqueeze(2) * scale
        cos, sin = table[:, 0].to(dtype), table[:, 1].to(dtype)
        write = (((length // size).unsqueeze(1) * rows * kv + lane) * size + (length % size).unsqueeze(1)).view(-1)
        own_mask = key_mask(own_keys.unsqueeze(0) <= length.unsqueeze(1), dtype)
        mask = torch.cat([prompt_mask, own_mask], 1).view(rows // c, c, 1, 1, blocks[0] + blocks[1], size)
        x = embed[token]
        for l in range(len(kp)):
            x = decode_layer(x, w, 7 * l, kp[l], vp[l], ko[l], vo[l], write, cos, sin, mask, blocks, heads, epsilon)
        raw = project_alone(rms_norm(x, norm, epsilon), head).to(torch.float32)
        logits = raw
        if has_stops and has_least:
            early = (length < least).unsqueeze(1).logical_and(stops >= 0)
            held = torch.zeros(logits.shape, dtype=torch.bool, device=embed.device).scatter_add(1, stops.clamp(0), early)
            logits = raw.masked_fill(held, float("-inf"))
        drawn, its_log_prob = sample(logits, raw, uniform[t].unsqueeze(1), temperature, greedy, any_greedy, all_greedy, filtered, seen, penalty, top_k, top_p, min_p)
        tokens[t] = torch.where(alive, drawn, tokens[t])
        log_probs[t] = torch.where(alive, its_log_prob, log_probs[t])
        if tracked:
            seen.scatter_(1, drawn.unsqueeze(1), True)
        token.copy_(torch.where(alive, drawn, token))
        length.add_(alive)
        position.add_(alive)
        ended = length >= limit
        if has_stops:
            ended = ended.logical_or((drawn.unsqueeze(1) == stops).any(1))
        alive.logical_and_(ended.logical_not())
        t += 1
    return [tokens, log_probs]


@torch.jit.export
def fill_bank(bank: int, keys: List[Tensor], values: List[Tensor], kp: List[Tensor], vp: List[Tensor]) -> Tensor:
    """Writes one prompt's keys and values, a layer (KV, T, d), into the bank's blocks."""
    for l in range(len(keys)):
        kv, n, d, size = keys[l].size(0), keys[l].size(1), keys[l].size(2), kp[l].size(2)
        blocks = (n + size - 1) // size
        if blocks > 0:
            room = [0, 0, 0, blocks * size - n]
            at = bank * kv
            kp[l][:blocks, at:at + kv] = F.pad(keys[l], room).view(kv, blocks, size, d).transpose(0, 1)
            vp[l][:blocks, at:at + kv] = F.pad(values[l], room).view(kv, blocks, size, d).transpose(0, 1)
    return kp[0]


@torch.jit.export
def nothing_seen(rows: int, vocabulary: int, like: Tensor) -> Tensor:
    """No token seen by any row."""
    return torch.zeros([rows, vocabulary], dtype=torch.bool, device=like.device)


@torch.jit.export
def start_seen(seen: Tensor, row: int, ids: Tensor) -> Tensor:
    """A row's tokens so far are those of its prompt."""
    seen[row] = False
    seen[row].index_fill_(0, ids, True)
    return seen
