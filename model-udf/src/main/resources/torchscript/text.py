# The language half of Qwen2.5-VL: rows (B, T) of token ids, padded on the right, to hidden states and log-probabilities. Padding is never
# seen: attention is causal and what stands behind a row's end is not read.
from typing import List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def mrope(positions: Tensor, theta: float, sections: List[int]) -> Tensor:
    """Angles (B, T, d) of positions (3, B, T): time, height and width each turn their section of the d/2 pairs (arXiv 2409.12191)."""
    half = 0
    for s in sections:
        half += s
    inverse = 1.0 / theta ** (torch.arange(0, 2 * half, 2, dtype=torch.float32, device=positions.device) / (2 * half))
    parts: List[Tensor] = []
    at = 0
    for i in range(len(sections)):
        parts.append(positions[i % 3].to(torch.float32).unsqueeze(2) * inverse[at:at + sections[i]])
        at += sections[i]
    angles = torch.cat(parts, 2)
    return torch.cat([angles, angles], 2)


@torch.jit.export
def rope_table(positions: int, theta: float, half: int, like: Tensor) -> Tensor:
    """(positions, 2, d): cosine and signed sine of a text token's place, for `decode`: x·cos + (x₂, x₁)·sin."""
    inverse = 1.0 / theta ** (torch.arange(0, 2 * half, 2, dtype=torch.float32, device=like.device) / (2 * half))
    angles = torch.arange(positions, dtype=torch.float32, device=like.device).unsqueeze(1) * inverse
    return torch.stack([torch.cat([angles.cos(), angles.cos()], 1), torch.cat([-angles.sin(), angles.sin()], 1)], 1)


def embedded(ids: Tensor, embed: Tensor, pictures: Tensor, at: Tensor) -> Tensor:
    """(B, T, D): the tokens' embeddings, at flat places `at` those of the pictures."""
    x = torch.embedding(embed, ids)
    if at.size(0) > 0:
        x = x.view(-1, x.size(2)).index_copy(0, at, pictures.to(x.dtype)).view(x.shape)
    return x


def attention_inputs(x: Tensor, w: List[Tensor], a: List[Tensor], at: int, cos: Tensor, sin: Tensor, heads: List[int], epsilon: float) -> Tuple[Tensor, Tensor, Tensor]:
    """q (B, H, T, d), k and v (B, KV, T, d) of one layer; a: its adapters (see `adapted`); heads: H, KV, d."""
    h, kv, d = heads[0], heads[1], heads[2]
    x = rms_norm(x, w[at], epsilon)
    qkv = adapted(project(x, w[at + 1], w[at + 2]), x, a, at + 1).view(x.size(0), x.size(1), h + 2 * kv, d)
    parts = qkv.split_with_sizes([h + kv, kv], 2)
    qk = rotate(parts[0], cos, sin).transpose(1, 2).split_with_sizes([h, kv], 1)
    return qk[0], qk[1], parts[1].transpose(1, 2)


def spread(x: Tensor, heads: int) -> Tensor:
    """Each key or value head for the query heads that share it: (B, KV, T, d) → (B, H, T, d) (arXiv 2305.13245)."""
    b, kv, t, d = x.size(0), x.size(1), x.size(2), x.size(3)
    return x.unsqueeze(2).expand([b, kv, heads // kv, t, d]).reshape(b, heads, t, d)


def text_layer(x: Tensor, w: List[Tensor], a: List[Tensor], at: int, q: Tensor, k: Tensor, v: Tensor, epsilon: float) -> Tensor:
    """x (B, T, D) through causal attention over q, k, v and the gated layer."""
    h = q.size(1)
    seen = F.scaled_dot_product_attention(q, spread(k, h), spread(v, h), None, 0.0, True)
    seen = seen.transpose(1, 2).reshape(x.size(0), x.size(1), h * q.size(3))
    x = adapted(project_add(x, seen, w[at + 3]), seen, a, at + 3)
    inner = rms_norm(x, w[at + 4], epsilon)
    inner = gated(adapted(project_alone(inner, w[at + 5]), inner, a, at + 5))
    return adapted(project_add(x, inner, w[at + 6]), inner, a, at + 6)


def text_hidden(x: Tensor, w: List[Tensor], a: List[Tensor], positions: Tensor, heads: List[int], sections: List[int], theta: float, epsilon: float) -> Tensor:
    """x (B, T, D) through all layers, with their adapters if a has any, before the last norm."""
    angles = mrope(positions, theta, sections).unsqueeze(2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    for l in range(len(w) // 7):
        q, k, v = attention_inputs(x, w, a, 7 * l, cos, sin, heads, epsilon)
        x = text_layer(x, w, a, 7 * l, q, k, v, epsilon)
    return x


@torch.jit.export
def prefill(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, embed: Tensor, w: List[Tensor], heads: List[int], sections: List[int],
            theta: float, epsilon: float) -> List[Tensor]:
    """The keys, then the values, of each layer (KV, T, d) for one prompt, ids (1, T)."""
    x = embedded(ids, embed, pictures, at)
    angles = mrope(positions, theta, sections).unsqueeze(2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    keys: List[Tensor] = []
    values: List[Tensor] = []
    for l in range(len(w) // 7):
        q, k, v = attention_inputs(x, w, [], 7 * l, cos, sin, heads, epsilon)
        keys.append(k.squeeze(0).contiguous())
        values.append(v.squeeze(0).contiguous())
        if l + 1 < len(w) // 7:
            x = text_layer(x, w, [], 7 * l, q, k, v, epsilon)
    return keys + values


@torch.jit.export
def hidden_states(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, embed: Tensor, norm: Tensor, w: List[Tensor], heads: List[int],
                  sections: List[int], theta: float, epsilon: float) -> List[Tensor]:
    """After the embedding and after each layer (B, T, D) float32; the last one after the last norm."""
    x = embedded(ids, embed, pictures, at)
    angles = mrope(positions, theta, sections).unsqueeze(2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    states = [x.to(torch.float32)]
    for l in range(len(w) // 7):
        q, k, v = attention_inputs(x, w, [], 7 * l, cos, sin, heads, epsilon)
        x = text_layer(x, w, [], 7 * l, q, k, v, epsilon)
        last = l + 1 == len(w) // 7
        states.append((rms_norm(x, norm, epsilon) if last else x).to(torch.float32))
    return states


def logits_of(x: Tensor, norm: Tensor, head: Tensor, epsilon: float) -> Tensor:
    """(M, D) → (M, V) float32."""
    return project_alone(rms_norm(x, norm, epsilon), head).to(torch.float32)


@torch.jit.export
def logits_at(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, places: Tensor, embed: Tensor, norm: Tensor, head: Tensor, w: List[Tensor],
              heads: List[int], sections: List[int], theta: float, epsilon: float) -> Tensor:
    """The logits (M, V) float32 at flat places (M) of the rows."""
    x = text_hidden(embedded(ids, embed, pictures, at), w, [], positions, heads, sections, theta, epsilon)
    return logits_of(x.view(-1, x.size(2))[places], norm, head, epsilon)


@torch.jit.export
def log_probs(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, places: Tensor, targets: Tensor, temperature: float, embed: Tensor,
              norm: Tensor, head: Tensor, w: List[Tensor], heads: List[int], sections: List[int], theta: float, epsilon: float) -> List[Tensor]:
    """log softmax(logits / temperature) of targets (M) at flat places (M), and the entropy (M) in nats; both float32. Logits exist for 256
    places at a time."""
    x = text_hidden(embedded(ids, embed, pictures, at), w, [], positions, heads, sections, theta, epsilon)
    x = x.view(-1, x.size(2))[places]
    chosen: List[Tensor] = []
    entropies: List[Tensor] = []
    for i in range((places.size(0) + 255) // 256):
        lp = torch.log_softmax(logits_of(x[256 * i:256 * i + 256], norm, head, epsilon) / temperature, -1)
        chosen.append(lp.gather(1, targets[256 * i:256 * i + 256].unsqueeze(1)).squeeze(1))
        entropies.append(-(lp.exp() * lp).sum([-1]))
    return [torch.cat(chosen), torch.cat(entropies)]


@torch.jit.export
def attention_on_image(ids: Tensor, pictures: Tensor, at: Tensor, positions: Tensor, first: int, embed: Tensor, w: List[Tensor], heads: List[int],
                       sections: List[int], theta: float, epsilon: float) -> Tensor:
    """(S, layers, H) float32: how much attention the query at each place from `first` on pays to all picture tokens together; ids (1, T)."""
    x = embedded(ids, embed, pictures, at)
    angles = mrope(positions, theta, sections).unsqueeze(2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    t = ids.size(1)
    later = torch.arange(t, device=x.device).unsqueeze(0) > torch.arange(first, t, device=x.device).unsqueeze(1)
    shares: List[Tensor] = []
    for l in range(len(w) // 7):
        q, k, v = attention_inputs(x, w, [], 7 * l, cos, sin, heads, epsilon)
        s = torch.matmul(q[:, :, first:], spread(k, heads[0]).transpose(2, 3)).to(torch.float32) * float(heads[2]) ** -0.5
        shares.append(torch.softmax(s.masked_fill(later, float("-inf")), -1)[0].index_select(2, at).sum([2]))
        x = text_layer(x, w, [], 7 * l, q, k, v, epsilon)
    return torch.stack(shares, 0).permute(2, 0, 1).contiguous()
