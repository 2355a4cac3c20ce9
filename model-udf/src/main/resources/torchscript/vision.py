# The picture half of Qwen2.5-VL (arXiv 2502.13923): patches (N, 1176) of any number of pictures to one embedding a 2 × 2 block of patches.
# The caller orders the patches window by window, so that each attention runs over segments that lie together. `runs` names the segments:
# length, count, length, count, …: so many segments of so many patches.
from typing import List

import torch
import torch.nn.functional as F
from torch import Tensor


def vision_rope(places: Tensor, half: int) -> Tensor:
    """Angles (N, d) of 2-D rotary positions: places (N, 2) are the patch's row and column; the first half of `half` = d/2 angles turns with
    the row, the second with the column, and all repeat once for the two halves that rotate together."""
    inverse = 1.0 / 10000.0 ** (torch.arange(0, half, 2, dtype=torch.float32, device=places.device) / half)
    angles = (places.to(torch.float32).unsqueeze(2) * inverse).flatten(1)
    return torch.cat([angles, angles], 1)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """x (…, d) turned by the angles: x·cos + (-x₂, x₁)·sin (arXiv 2104.09864, in halves)."""
    parts = x.chunk(2, -1)
    return torch.addcmul(x * cos, torch.cat([-parts[1], parts[0]], -1), sin)


def signed_sine(angles: Tensor) -> Tensor:
    """(-sin, sin) of the two halves of angles: x·cos + (x₂, x₁)·sin is `rotate`."""
    parts = angles.sin().chunk(2, -1)
    return torch.cat([-parts[0], parts[1]], -1)


def everywhere(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention of sequences that see all of themselves, (B, T, H, d) each → (B · T, H · d)."""
    seen = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
    return seen.transpose(1, 2).reshape(q.size(0) * q.size(1), q.size(2) * q.size(3))


def segment_attention(q: Tensor, k: Tensor, v: Tensor, runs: List[int]) -> Tensor:
    """Attention inside each segment; q, k, v (N, H, d) → (N, H·d). Segments of equal length run as one batch."""
    outputs: List[Tensor] = []
    at = 0
    for i in range(len(runs) // 2):
        length, count = runs[2 * i], runs[2 * i + 1]
        end = at + length * count
        shape = [count, length, q.size(1), q.size(2)]
        outputs.append(everywhere(q[at:end].view(shape), k[at:end].view(shape), v[at:end].view(shape)))
        at = end
    return torch.cat(outputs, 0)


def vision_block(x: Tensor, w: List[Tensor], at: int, cos: Tensor, sin: Tensor, heads: int, runs: List[int]) -> Tensor:
    """x (N, D)."""
    n, d = x.size(0), x.size(1) // heads
    qkv = project(rms_norm(x, w[at], 1e-6), w[at + 1], w[at + 2]).view(n, 3, heads, d)
    parts = qkv.unbind(1)
    q, k = rotate(parts[0].to(torch.float32), cos, sin).to(x.dtype), rotate(parts[1].to(torch.float32), cos, sin).to(x.dtype)
    seen = segment_attention(q, k, parts[2], runs)
    x = x + project(seen, w[at + 3], w[at + 4])
    inner = gated(project(rms_norm(x, w[at + 5], 1e-6), w[at + 6], w[at + 7]))
    return x + project(inner, w[at + 8], w[at + 9])


def patch_embeddings(patches: Tensor, weight: Tensor) -> Tensor:
    """patches (N, 1176) float32 → (N, D)."""
    return project_alone(patches.to(weight.dtype), weight)


def merger(x: Tensor, ends: List[Tensor]) -> Tensor:
    """(N, D), four patches together → (N/4, D of the language model); ends: patch embedding, merger norm, merger weight and bias twice."""
    inner = rms_norm(x, ends[1], 1e-6).view(-1, 4 * x.size(1))
    return project(F.gelu(project(inner, ends[2], ends[3])), ends[4], ends[5])


@torch.jit.export
def encode_pictures(patches: Tensor, places: Tensor, back: Tensor, w: List[Tensor], ends: List[Tensor], heads: int, full_blocks: List[int],
                    windows: List[int], pictures: List[int]) -> Tensor:
    """patches (N, 1176) float32 in window order with their places (N, 2); back: where each embedding that is asked for lies in window order;
    w: 10 tensors a block. Returns the embeddings (N/4, D of the language model)."""
    x = patch_embeddings(patches, ends[0])
    angles = vision_rope(places, x.size(1) // heads // 2).unsqueeze(1)
    cos, sin = angles.cos(), angles.sin()
    for l in range(len(w) // 10):
        x = vision_block(x, w, 10 * l, cos, sin, heads, pictures if l in full_blocks else windows)
    return merger(x, ends)[back]
