# The language half of Qwen2.5-VL: packed tokens (N) to hidden states and log-probabilities. Sequences lie one behind the other without padding.
# A root is a sequence from position 0 on; a branch goes on where its root ends and sees the root and itself, so that completions of one prompt
# share it. `pack` says what lies where:
#   back (N)                  where each token is among the rows of all groups, laid flat one after the other
# and then for each group of roots or of branches of similar length
#   places (R, C)             of each one's tokens, filled up with any place
#   keys (R, P + C)           what a branch sees: its root's places, filled up, then its own; (0, 0) for roots, which see themselves
#   lengths (R)               of each branch's root; (0) for roots
from typing import List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def mrope(positions: Tensor, theta: float, sections: List[int]) -> Tensor:
    """Angles (N, 1, d) of positions (3, N): time, height and width each turn their section of the d/2 pairs (arXiv 2409.12191)."""
    half = 0
    for s in sections:
        half += s
    inverse = 1.0 / theta ** (torch.arange(0, 2 * half, 2, dtype=torch.float32, device=positions.device) / (2 * half))
    parts: List[Tensor] = []
    at = 0
    for i in range(len(sections)):
        parts.append(positions[i % 3].to(torch.float32).unsqueeze(1) * inverse[at:at + sections[i]])
        at += sections[i]
    angles = torch.cat(parts, 1)
    return torch.cat([angles, angles], 1).unsqueeze(1)


@torch.jit.export
def rope_table(positions: int, theta: float, half: int, like: Tensor) -> Tensor:
    """(positions, 2, d): cosine and signed sine of a text token's place, for `decode`: x·cos + (x₂, x₁)·sin."""
    inverse = 1.0 / theta ** (torch.arange(0, 2 * half, 2, dtype=torch.float32, device=like.device) / (2 * half))
    angles = torch.arange(positions, dtype=torch.float32, device=like.device).unsqueeze(1) * inverse
    both = torch.cat([angles, angles], 1)
    return torch.stack([both.cos(), signed_sine(both)], 1)


def embedded(ids: Tensor, embed: Tensor, pictures: Tensor, at: Tensor) -> Tensor:
    """(N, D): the tokens' embeddings, at places `at` those of the pictures."""
    x = torch.embedding(embed, ids)
    if at.size(0) > 0:
        x = x.index_copy(0, at, pictures.to(x.dtype))
    return x


def attention_inputs(x: Tensor, w: List[Tensor], at: int, cos: Tensor, sin: Tensor, heads: List[int], epsilon: float) -> Tuple[Tensor, Tensor]:
    """q (N, H, d), k and v (N, 2 KV, d) of one layer; heads: H, KV, d."""
    h, kv, d = heads[0], heads[1], heads[2]
    x = rms_norm(x, w[at], epsilon)
    qkv = project(x, w[at + 1], w[at + 2]).view(x.size(0), h + 2 * kv, d)
    parts = qkv.split_with_sizes([h + kv, kv], 1)
    qk = rotate(parts[0], cos, sin).split_with_sizes([h, kv], 1)
    return qk[0], torch.cat([qk[1], parts[1]], 1)


def spread(x: Tensor, heads: int) -> Tensor:
    """Each key or value head for the query heads that share it: (B, KV, T, d) → (B, H, T, d) (arXiv 2305.13245)."""
    b, kv, t, d = x.size(0), x.size(1), x.size(2), x.size(3)
    return x.unsqueeze(2).expand([b, kv, heads // kv, t, d]).reshape(b, heads, t, d)


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Optional[Tensor], wide: bool) -> Tensor:
    """Attention over (B, H, T, d), causal where there is no mask. wide: in float32 on a processor, whose products of small bfloat16 tiles are
    slow, the more so in gradients."""
    if wide and not q.is_cuda and q.dtype != torch.float32:
        seen = F.scaled_dot_product_attention(q.to(torch.float32), k.to(torch.float32), v.to(torch.float32), mask, 0.0, mask is None)
        return seen.to(q.dtype)
    return F.scaled_dot_product_attention(q, k, v, mask, 0.0, mask is None)


def causal(q: Tensor, kv: Tensor, wide: bool) -> Tensor:
    """Attention of sequences, q (B, T, H, d), keys and values (B, T, 2 KV, d) → (B · T, H · d)."""
    h = q.size(2)
    keys = kv.transpose(1, 2).chunk(2, 1)
    seen = attend(q.transpose(1, 2), spread(keys[0], h), spread(keys[1], h), None, wide)
    return seen.transpose(1, 2).reshape(q.size(0) * q.size(1), h * q.size(3))


def alone(q: Tensor, kv: Tensor) -> Tensor:
    """The same of one sequence, q (N, H, d), kv (N, 2 KV, d) → (N, H · d)."""
    return causal(q.unsqueeze(0), kv.unsqueeze(0), False)


def branching(q: Tensor, kv: Tensor, mask: Tensor, wide: bool) -> Tensor:
    """q (R, C, H, d) over keys and values (R, S, 2 KV, d) → (R · C, H · d); mask (R, 1, H/KV · C, S). The query heads that share a key head
    stand below each other, so that no key is copied."""
    r, c, h, d = q.size(0), q.size(1), q.size(2), q.size(3)
    n = kv.size(2) // 2
    keys = kv.transpose(1, 2).chunk(2, 1)
    rows = q.reshape(r, c, n, h // n, d).permute(0, 2, 3, 1, 4).reshape(r, n, h // n * c, d)
    seen = attend(rows, keys[0], keys[1], mask, wide)
    return seen.view(r, n, h // n, c, d).permute(0, 3, 1, 2, 4).reshape(r * c, h * d)


def branch_masks(pack: List[Tensor], heads: List[int], dtype: int) -> List[Tensor]:
    """(R, 1, H/KV · C, P + C) a group of branches, 0 where a token sees: its root, and itself up to there; -inf elsewhere. Nothing of roots."""
    masks: List[Tensor] = []
    for g in range(1, len(pack), 3):
        places, keys, lengths = pack[g], pack[g + 1], pack[g + 2]
        own, shared = places.size(1), keys.size(1) - places.size(1)
        at = torch.arange(keys.size(1), device=keys.device)
        root = (at < shared).logical_and(at.unsqueeze(0) < lengths.unsqueeze(1))
        before = (at >= shared).logical_and((at - shared).unsqueeze(0) <= torch.arange(own, device=at.device).unsqueeze(1))
        seen = root.unsqueeze(1).logical_or(before.unsqueeze(0)).repeat([1, heads[0] // heads[1], 1])
        masks.append(key_mask(seen, dtype).unsqueeze(1))
    return masks


def packed(q: Tensor, kv: Tensor, pack: List[Tensor], masks: List[Tensor]) -> Tensor:
    """Attention of packed tokens, q (N, H, d), kv (N, 2 KV, d) → (N, H · d)."""
    h, n, d = q.size(1), kv.size(1), q.size(2)
    flat_q, flat_kv = q.reshape(-1, h * d), kv.view(-1, n * d)
    seen: List[Tensor] = []
    for g in range(len(masks)):
        places, keys = pack[1 + 3 * g], pack[2 + 3 * g]
        r, c, s = places.size(0), places.size(1), keys.size(1)
        rows = torch.embedding(flat_q, places).view(r, c, h, d)
        if s == 0:
            seen.append(causal(rows, torch.embedding(flat_kv, places).view(r, c, n, d), False))
        else:
            seen.append(branching(rows, torch.embedding(flat_kv, keys).view(r, s, n, d), masks[g], False))
    return torch.embedding(torch.cat(seen, 0), pack[0])


def text_layer(x: Tensor, w: List[Tensor], at: int, seen: Tensor, epsilon: float) -> Tensor:
    """x (N, D), with what its attention saw, through the rest of a layer."""
    x = project_add(x, seen, w[at + 3])
    inner = gated(project_alone(rms_norm(x, w[at + 4], epsilon), w[at + 5]))
    return project_add(x, inner, w[at + 6])


def packed_layer(x: Tensor, w: List[Tensor], at: int, cos: Tensor, sin: Tensor, pack: List[Tensor], masks: List[Tensor], heads: List[int], epsilon: float,
                 asked: Optional[Tensor]) -> Tensor:
    """One layer. asked (M): the places whose results are needed, of the last layer; else all are."""
    q, kv = attention_inputs(x, w, at, cos, sin, heads, epsilon)
    seen = packed(q, kv, pack, masks)
    if asked is not None:
        x, seen = torch.embedding(x, asked), torch.embedding(seen, asked)
    return text_layer(x, w, at, seen, epsilon)


def text_hidden(x: Tensor, w: List[Tensor], positions: Tensor, pack: List[Tensor], places: Tensor, heads: List[int], sections: List[int], theta: float,
                epsilon: float) -> Tensor:
    """x (N, D) through all layers, before the last norm, at places (M)."""
    angles = mrope(positions, theta, sections)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    masks = branch_masks(pack, heads, x.dtype)
    for l in range(len(w) // 7):
        x = packed_layer(x, w, 7 * l, cos, sin, pack, masks, heads, epsilon, places if l + 1 == len(w) // 7 else None)
    return x


@torch.jit.export
def prefill(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, embed: Tensor, w: List[Tensor], heads: List[int], sections: List[int],
            theta: float, epsilon: float) -> List[Tensor]:
    """The keys, then the values, of each layer (KV, N, d) for one prompt, ids (N)."""
    x = embedded(ids, embed, pictures, at)
    angles = mrope(positions, theta, sections)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    keys: List[Tensor] = []
    values: List[Tensor] = []
    for l in range(len(w) // 7):
        q, kv = attention_inputs(x, w, 7 * l, cos, sin, heads, epsilon)
        both = kv.transpose(0, 1).chunk(2, 0)
        keys.append(both[0].contiguous())
        values.append(both[1].contiguous())
        if l + 1 < len(w) // 7:
            x = text_layer(x, w, 7 * l, alone(q, kv), epsilon)
    return keys + values


@torch.jit.export
def hidden_states(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, embed: Tensor, norm: Tensor, w: List[Tensor], heads: List[int],
                  sections: List[int], theta: float, epsilon: float) -> List[Tensor]:
    """After the embedding and after each layer (N, D) float32, of one sequence; the last one after the last norm."""
    x = embedded(ids, embed, pictures, at)
    angles = mrope(positions, theta, sections)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    states = [x.to(torch.float32)]
    for l in range(len(w) // 7):
        q, kv = attention_inputs(x, w, 7 * l, cos, sin, heads, epsilon)
        x = text_layer(x, w, 7 * l, alone(q, kv), epsilon)
        last = l + 1 == len(w) // 7
        states.append((rms_norm(x, norm, epsilon) if last else x).to(torch.float32))
    return states


def logits_of(x: Tensor, norm: Tensor, head: Tensor, epsilon: float) -> Tensor:
    """(M, D) → (M, V) float32."""
    return project_alone(rms_norm(x, norm, epsilon), head).to(torch.float32)


@torch.jit.export
def logits_at(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, pack: List[Tensor], places: Tensor, embed: Tensor, norm: Tensor, head: Tensor,
              w: List[Tensor], heads: List[int], sections: List[int], theta: float, epsilon: float) -> Tensor:
    """The logits (M, V) float32 at places (M)."""
    x = text_hidden(embedded(ids, embed, pictures, at), w, positions, pack, places, heads, sections, theta, epsilon)
    return logits_of(x, norm, head, epsilon)


@torch.jit.export
def log_probs(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, pack: List[Tensor], places: Tensor, targets: Tensor, temperature: float,
              embed: Tensor, norm: Tensor, head: Tensor, w: List[Tensor], heads: List[int], sections: List[int], theta: float, epsilon: float) -> List[Tensor]:
    """log softmax(logits / temperature) of targets (M) that follow places (M), and the entropy (M) in nats; both float32. Logits exist for 256
    places at a time."""
    x = text_hidden(embedded(ids, embed, pictures, at), w, positions, pack, places, heads, sections, theta, epsilon)
    chosen: List[Tensor] = []
    entropies: List[Tensor] = []
    for i in range((places.size(0) + 255) // 256):
        lp = torch.log_softmax(logits_of(x[256 * i:256 * i + 256], norm, head, epsilon) / temperature, -1)
        chosen.append(lp.gather(1, targets[256 * i:256 * i + 256].unsqueeze(1)).squeeze(1))
        entropies.append(-(lp.exp() * lp).sum([-1]))
    return [torch.cat(chosen), torch.cat(entropies)]


def attention_at(q: Tensor, kv: Tensor, at: Tensor, first: int, heads: List[int]) -> Tensor:
    """(H, S, N) float32: of the query at each place from `first` on, what falls to places `at` (N); one sequence."""
    t = q.size(0)
    later = torch.arange(t, device=q.device).unsqueeze(0) > torch.arange(first, t, device=q.device).unsqueeze(1)
    keys = spread(kv[:, :heads[1]].transpose(0, 1).unsqueeze(0), heads[0])[0]
    s = torch.matmul(q[first:].transpose(0, 1), keys.transpose(1, 2)).to(torch.float32) * float(heads[2]) ** -0.5
    return torch.softmax(s.masked_fill(later, float("-inf")), -1).index_select(2, at)


@torch.jit.export
def attention_on_image(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, first: int, embed: Tensor, w: List[Tensor], heads: List[int],
                       sections: List[int], theta: float, epsilon: float) -> Tensor:
    """(S, layers, H) float32: how much attention the query at each place from `first` on pays to all picture tokens together; one sequence."""
    x = embedded(ids, embed, pictures, at)
    angles = mrope(positions, theta, sections)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    shares: List[Tensor] = []
    for l in range(len(w) // 7):
        q, kv = attention_inputs(x, w, 7 * l, cos, sin, heads, epsilon)
        shares.append(attention_at(q, kv, at, first, heads).sum([2]))
        x = text_layer(x, w, 7 * l, alone(q, kv), epsilon)
    return torch.stack(shares, 0).permute(2, 0, 1).contiguous()


@torch.jit.export
def attention_map(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, first: int, embed: Tensor, w: List[Tensor], heads: List[int],
                  sections: List[int], theta: float, epsilon: float) -> Tensor:
    """(S, N) float32: how much attention the query at each place from `first` on pays to each of N picture tokens, mean over layers and heads; one
    sequence."""
    x = embedded(ids, embed, pictures, at)
    angles = mrope(positions, theta, sections)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    layers = len(w) // 7
    total = torch.zeros([ids.size(0) - first, at.size(0)], dtype=torch.float32, device=x.device)
    for l in range(layers):
        q, kv = attention_inputs(x, w, 7 * l, cos, sin, heads, epsilon)
        total = total + attention_at(q, kv, at, first, heads).mean([0])
        x = text_layer(x, w, 7 * l, alone(q, kv), epsilon)
    return total / float(layers)
