# Generation: R slots decode together, C neighbouring slots (a bank) share one prompt. B = R/C banks, KV key heads, d wide; a layer has
#   prompt cache: keys and values   (B·KV, positions, d) each
#   own cache:    keys, then values (2·B·KV·C, positions, d), a lane a slot and head
# All positions of a cache are looked at, a multiple of the block; those that a row does not have weigh exactly zero, so its sums do not depend on
# what its neighbours hold. The last token of the prompt is not in the prompt cache: it is the first that a slot decodes.
from typing import List, Optional

import torch
import torch.nn.functional as F
from torch import Tensor


def key_mask(valid: Tensor, dtype: int) -> Tensor:
    """0 where true, -inf elsewhere."""
    return torch.zeros(valid.shape, dtype=dtype, device=valid.device).masked_fill(valid.logical_not(), float("-inf"))


def decode_layer(x: Tensor, w: List[Tensor], at: int, kp: Tensor, vp: Tensor, own: Tensor, write: Tensor, cos: Tensor, sin: Tensor, mask: Tensor,
                 heads: List[int], epsilon: float) -> Tensor:
    """One layer for the newest token of each slot, x (R, D). mask (B, 1, C, 1, prompt + own positions); heads: H, KV, d, C. cos, sin
    (R, H+2 KV, d), the softmax scale already in the part of the queries; values do not turn. write (2 R KV): where in the own cache keys and values go."""
    h, kv, d, c, rows = heads[0], heads[1], heads[2], heads[3], x.size(0)
    g, banks, lanes, p, n = h // kv, rows // c, rows * kv, kp.size(1), own.size(1)
    qkv = project(rms_norm(x, w[at], epsilon), w[at + 1], w[at + 2]).view(rows, h + 2 * kv, d)
    qkv = torch.addcmul(qkv * cos, qkv.roll([d // 2], [2]), sin)
    own.view(-1, d).index_copy_(0, write, qkv[:, h:].reshape(2 * lanes, d))
    q = qkv[:, :h].view(banks, c, kv, g, d).transpose(1, 2).reshape(banks * kv, c * g, d)
    sp = torch.bmm(q, kp.transpose(1, 2)).view(lanes, g, p)
    so = torch.bmm(q.view(lanes, g, d), own[:lanes].transpose(1, 2))
    a = torch.softmax(torch.cat([sp, so], 2).view(banks, kv, c, g, p + n).add_(mask), -1).view(lanes, g, p + n)
    seen = torch.bmm(a[:, :, :p].view(banks * kv, c * g, p), vp).view(lanes, g, d)
    seen = torch.baddbmm(seen, a[:, :, p:], own[lanes:]).view(banks, kv, c, g, d)
    x = project_add(x, seen.transpose(1, 2).reshape(rows, h * d), w[at + 3])
    return project_add(x, gated(project_alone(rms_norm(x, w[at + 4], epsilon), w[at + 5])), w[at + 6])


@torch.jit.export
def decode(embed: Tensor, norm: Tensor, head: Tensor, w: List[Tensor], kp: List[Tensor], vp: List[Tensor], own: List[Tensor],
           rope: Tensor, token: Tensor, length: Tensor, position: Tensor, alive: Tensor, limit: Tensor, least: Tensor, stops: Tensor, prompt: Tensor,
           uniform: Tensor, temperature: Tensor, greedy: Tensor, seen: Tensor, penalty: Tensor, top_k: Tensor, top_p: Tensor, min_p: Tensor,
           any_greedy: bool, all_greedy: bool, filtered: bool, tracked: bool, heads: List[int], epsilon: float) -> List[Tensor]:
    """uniform (steps, R): so many tokens for each slot. token, length, position, alive (R) are written in place: the newest token, the
    number of own tokens in the cache, the newest token's position, whether the slot still generates. limit, least (R): new tokens at most
    and at least; stops (R, S) ids that end the row, padded by -1; prompt (banks): keys of each bank's prompt; rope (positions, 2, d): cosine and
    signed sine. Returns tokens (steps, R), -1 where the slot had ended, and their log-probabilities."""
    steps, rows, h, kv, d, c = uniform.size(0), token.size(0), heads[0], heads[1], heads[2], heads[3]
    banks, p, n, dtype = rows // c, kp[0].size(1), own[0].size(1), embed.dtype
    tokens = torch.full([steps, rows], -1, dtype=torch.int64, device=embed.device)
    log_probs = torch.zeros([steps, rows], dtype=torch.float32, device=embed.device)
    own_keys = torch.arange(n, device=embed.device)
    prompt_mask = key_mask(torch.arange(p, device=embed.device).unsqueeze(0) < prompt.unsqueeze(1), dtype)
    prompt_mask = prompt_mask.unsqueeze(1).expand([banks, c, p]).reshape(rows, p)
    lane = torch.arange(2 * rows * kv, device=embed.device).view(2, banks, kv, c).permute(1, 3, 0, 2).reshape(rows, 2 * kv) * n
    scale = torch.ones([h + kv, 1], dtype=torch.float32, device=embed.device)
    scale[:h] = float(d) ** -0.5
    turn = torch.zeros([rows, 2, h + 2 * kv, d], dtype=torch.float32, device=embed.device)
    turn[:, 0, h + kv:] = 1.0
    has_stops, has_least = stops.size(1) > 0, bool((least > 0).any())
    t = 0
    while t < steps and bool(alive.any()):
        turn[:, :, :h + kv] = rope[position].unsqueeze(2) * scale
        cos, sin = turn[:, 0].to(dtype), turn[:, 1].to(dtype)
        # A row that has ended at the cache's end writes to its own last position, not into the next lane.
        write = (lane + length.clamp(max=n - 1).unsqueeze(1)).reshape(-1)
        own_mask = key_mask(own_keys.unsqueeze(0) <= length.unsqueeze(1), dtype)
        mask = torch.cat([prompt_mask, own_mask], 1).view(banks, 1, c, 1, p + n)
        x = embed[token]
        for l in range(len(kp)):
            x = decode_layer(x, w, 7 * l, kp[l], vp[l], own[l], write, cos, sin, mask, heads, epsilon)
        raw = project_alone(rms_norm(x, norm, epsilon), head).to(torch.float32)
        held: Optional[Tensor] = None
        if has_stops and has_least:
            early = (length < least).unsqueeze(1).logical_and(stops >= 0)
            held = torch.zeros(raw.shape, dtype=torch.bool, device=embed.device).scatter_add(1, stops.clamp(0), early)
        drawn, its_log_prob = sample(raw, held, uniform[t].unsqueeze(1), temperature, greedy, any_greedy, all_greedy, filtered, seen, penalty, top_k, top_p, min_p)
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
    """Writes one prompt's keys and values, a layer (KV, T, d), into the bank's lanes."""
    for l in range(len(keys)):
        kv, n = keys[l].size(0), keys[l].size(1)
        kp[l][bank * kv:(bank + 1) * kv, :n] = keys[l]
        vp[l][bank * kv:(bank + 1) * kv, :n] = values[l]
    return kp[0]


@torch.jit.export
def fitted(cache: Tensor, positions: int) -> Tensor:
    """A cache of so many positions with what it holds at the first of them. Products of part of a cache would copy it at every token."""
    kept = min(positions, cache.size(1))
    fresh = torch.zeros([cache.size(0), positions, cache.size(2)], dtype=cache.dtype, device=cache.device)
    fresh[:, :kept] = cache[:, :kept]
    return fresh


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
