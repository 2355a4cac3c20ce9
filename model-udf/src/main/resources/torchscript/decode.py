# Generation: R slots decode together, C neighbouring slots (a bank) share one prompt. A lane is a slot's or a prompt's key head.
#   own cache, a layer:     (R·KV, positions, d)      prompt cache, a layer: (R/C·KV, positions, d)
# A call looks at the same number of positions of every lane, a multiple of the block; those that a row does not have weigh exactly zero, so its
# sums do not depend on what its neighbours hold. The last token of the prompt is not in the prompt cache: it is the first that a slot decodes.
from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def key_mask(valid: Tensor, dtype: int) -> Tensor:
    """0 where true, -inf elsewhere."""
    return torch.zeros(valid.shape, dtype=dtype, device=valid.device).masked_fill(valid.logical_not(), float("-inf"))


def decode_layer(x: Tensor, w: List[Tensor], at: int, kp: Tensor, vp: Tensor, ko: Tensor, vo: Tensor, write: Tensor, cos: Tensor, sin: Tensor,
                 mask: Tensor, seen: List[int], heads: List[int], epsilon: float) -> Tensor:
    """One layer for the newest token of each slot, x (R, D). mask (banks, C, 1, 1, prompt + own positions); seen: those positions, prompt and own;
    heads: H, KV, d, C. cos, sin (R, H+KV, d), the softmax scale already in the part of the queries."""
    h, kv, d, c, rows = heads[0], heads[1], heads[2], heads[3], x.size(0)
    g, banks, p, n = h // kv, rows // c, seen[0], seen[1]
    qkv = project(rms_norm(x, w[at], epsilon), w[at + 1], w[at + 2]).view(rows, h + 2 * kv, d)
    qk = qkv[:, :h + kv]
    qk = torch.addcmul(qk * cos, qk.roll([d // 2], [2]), sin)
    ko.view(-1, d).index_copy_(0, write, qk[:, h:].reshape(rows * kv, d))
    vo.view(-1, d).index_copy_(0, write, qkv[:, h + kv:].reshape(rows * kv, d))
    q = qk[:, :h].view(banks, c, kv, g, d)
    sp = torch.bmm(q.transpose(1, 2).reshape(banks * kv, c * g, d), kp[:, :p].transpose(1, 2)).view(banks, kv, c, g, p).transpose(1, 2)
    so = torch.bmm(q.reshape(rows * kv, g, d), ko[:, :n].transpose(1, 2)).view(banks, c, kv, g, n)
    a = torch.softmax(torch.cat([sp, so], 4).add_(mask), -1)
    op = torch.bmm(a[:, :, :, :, :p].transpose(1, 2).reshape(banks * kv, c * g, p), vp[:, :p]).view(banks, kv, c, g, d).transpose(1, 2)
    oo = torch.bmm(a[:, :, :, :, p:].view(rows * kv, g, n), vo[:, :n]).view(banks, c, kv, g, d)
    x = project_add(x, (oo + op).reshape(rows, h * d), w[at + 3])
    return project_add(x, gated(project_alone(rms_norm(x, w[at + 4], epsilon), w[at + 5])), w[at + 6])


@torch.jit.export
def decode(embed: Tensor, norm: Tensor, head: Tensor, w: List[Tensor], kp: List[Tensor], vp: List[Tensor], ko: List[Tensor], vo: List[Tensor],
           rope: Tensor, token: Tensor, length: Tensor, position: Tensor, alive: Tensor, limit: Tensor, least: Tensor, stops: Tensor, prompt: Tensor,
           uniform: Tensor, temperature: Tensor, greedy: Tensor, seen: Tensor, penalty: Tensor, top_k: Tensor, top_p: Tensor, min_p: Tensor,
           any_greedy: bool, all_greedy: bool, filtered: bool, tracked: bool, reach: List[int], heads: List[int], epsilon: float) -> List[Tensor]:
    """uniform (steps, R): so many tokens for each slot. token, length, position, alive (R) are written in place: the newest token, the
    number of own tokens in the cache, the newest token's position, whether the slot still generates. limit, least (R): new tokens at most
    and at least; reach: positions of the prompt and own caches that any slot can need, whole blocks; stops (R, S) ids that end the row, padded by -1; prompt (banks): keys of each bank's prompt; rope (positions, 2, d):
    cosine and signed sine. Returns tokens (steps, R), -1 where the slot had ended, and their log-probabilities."""
    steps, rows, h, kv, d, c = uniform.size(0), token.size(0), heads[0], heads[1], heads[2], heads[3]
    positions, dtype = ko[0].size(1), embed.dtype
    tokens = torch.full([steps, rows], -1, dtype=torch.int64, device=embed.device)
    log_probs = torch.zeros([steps, rows], dtype=torch.float32, device=embed.device)
    own_keys = torch.arange(reach[1], device=embed.device)
    prompt_mask = key_mask(torch.arange(reach[0], device=embed.device).unsqueeze(0) < prompt.unsqueeze(1), dtype)
    prompt_mask = prompt_mask.unsqueeze(1).expand([rows // c, c, reach[0]]).reshape(rows, reach[0])
    lane = torch.arange(rows * kv, device=embed.device).view(rows, kv) * positions
    scale = torch.ones([h + kv, 1], dtype=torch.float32, device=embed.device)
    scale[:h] = float(d) ** -0.5
    has_stops, has_least = stops.size(1) > 0, bool((least > 0).any())
    t = 0
    while t < steps and bool(alive.any()):
        table = rope[position].unsqueeze(2) * scale
        cos, sin = table[:, 0].to(dtype), table[:, 1].to(dtype)
        # A row that has ended at the cache's end writes to its own last position, not into the next lane.
        write = (lane + length.clamp(max=positions - 1).unsqueeze(1)).view(-1)
        own_mask = key_mask(own_keys.unsqueeze(0) <= length.unsqueeze(1), dtype)
        mask = torch.cat([prompt_mask, own_mask], 1).view(rows // c, c, 1, 1, reach[0] + reach[1])
        x = embed[token]
        for l in range(len(kp)):
            x = decode_layer(x, w, 7 * l, kp[l], vp[l], ko[l], vo[l], write, cos, sin, mask, reach, heads, epsilon)
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
    """Writes one prompt's keys and values, a layer (KV, T, d), into the bank's lanes."""
    for l in range(len(keys)):
        kv, n = keys[l].size(0), keys[l].size(1)
        kp[l][bank * kv:(bank + 1) * kv, :n] = keys[l]
        vp[l][bank * kv:(bank + 1) * kv, :n] = values[l]
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
