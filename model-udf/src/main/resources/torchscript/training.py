# Losses, gradients and the optimizer. A batch is rows (B, T) padded on the right, places (M) the flat positions whose next token counts,
# targets (M) those tokens, and a weight for each of them: whoever calls puts the normaliser there, so that micro-batches add up exactly.
from typing import List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


@torch.jit.export
def forward_backward(ids: Tensor, positions: Tensor, places: Tensor, targets: Tensor, cells: Tensor, given: Tensor, level: str, clamp: List[float],
                     surrogate: str, shape: List[float], kl: str, bounds: List[float], straight: bool, weighted: bool, beta: float, bonus: float,
                     threshold: float, temperature: float, patches: Tensor, patch_places: Tensor, back: Tensor, at: Tensor, ends: List[Tensor],
                     vision: List[Tensor], top: List[Tensor], text: List[Tensor], pairs: List[Tensor], first: List[int], rows_around: List[int],
                     scale: float, trained: List[int], vision_heads: int, full_blocks: List[int], windows: List[int],
                     pictures: List[int], heads: List[int], sections: List[int], theta: float, epsilon: float, learn: bool, sums: List[Tensor]) -> List[Tensor]:
    """Adds the gradient of `policy_objective` into `sums`, one a trained weight in order ends, vision, top, text, then the adapters' pairs; where not
    `learn`, only measures. trained (0 or 1 each): vision tower, merger, language model. pairs, first, rows_around, scale: see `adapters`. A batch
    holds whole completions: cells (M) are the targets' flat places in its rows (B, C), given (10, B, C); the cross-entropy is `reinforce` with
    advantages of 1. back (N/4): a row of picture embeddings each, at (≥ N/4 where rows share a picture are given by repeating entries of back).
    top: embed, norm, head; the head is left out where tied. Returns the four sums (float64), then float32 per target: log-probability, entropy,
    ratio, factor, divergence."""
    e, v, t = len(ends), len(vision), len(top)
    leaves: List[Tensor] = []
    learnt: List[Tensor] = []
    for weight in ends + vision + top + text:
        i = len(leaves)
        part = 0 if i == 0 else 1 if i < e else 0 if i < e + v else 2
        leaf = weight.detach()
        if trained[part] > 0:
            learnt.append(leaf.requires_grad_(learn))
        leaves.append(leaf)
    own: List[Tensor] = []
    for pair in pairs:
        own.append(pair.detach().requires_grad_(learn))
    a: List[Tensor] = []
    if len(own) > 0:
        a = adapters(len(leaves), first, rows_around, scale, own)
        learnt = learnt + own
    own_ends, own_vision, own_top, own_text = leaves[:e], leaves[e:e + v], leaves[e + v:e + v + t], leaves[e + v + t:]
    seen = torch.zeros([0, own_top[0].size(1)], dtype=torch.float32, device=ids.device)
    if patches.size(0) > 0:
        seen = picture_embeddings(patches, patch_places, back, own_vision, own_ends, a[2 * e:2 * (e + v)], a[:2 * e], vision_heads, full_blocks, windows, pictures)
    x = text_hidden(embedded(ids, own_top[0], seen, at), own_text, a[2 * (e + v + t):], positions, heads, sections, theta, epsilon)
    head = own_top[2] if t > 2 else own_top[0]
    x = x.view(-1, x.size(2))[places]
    logits = logits_of(x, own_top[1], head, epsilon)
    if t > 2 and len(a) > 0:
        logits = adapted(logits, rms_norm(x, own_top[1], epsilon), a[2 * (e + v):], 2)
    lp = torch.log_softmax(logits / temperature, -1)
    chosen = lp.gather(1, targets.unsqueeze(1)).squeeze(1)
    entropy = entropy_of(lp if bonus != 0.0 else lp.detach())
    rows = torch.zeros([given.size(1) * given.size(2)], dtype=torch.float64, device=ids.device)
    parts = policy_objective(rows.index_copy(0, cells, chosen.to(torch.float64)).view(given.size(1), given.size(2)),
                             rows.index_copy(0, cells, entropy.to(torch.float64)).view(given.size(1), given.size(2)), given, level, clamp, surrogate,
                             shape, kl, bounds, straight, weighted, beta, bonus, threshold)
    loss = parts[0]
    if learn and loss.requires_grad:  # Not where only the picture half learns and there is no picture.
        gradients = torch.autograd.grad([loss], learnt, allow_unused=True)
        for i in range(len(learnt)):
            gradient = gradients[i]
            if gradient is not None:
                sums[i].add_(gradient)
    results = [torch.stack(parts[:4]).detach(), chosen.detach(), entropy.detach()]
    for part in parts[4:]:
        results.append(part.reshape([-1])[cells].to(torch.float32))
    return results


@torch.jit.export
def clip_gradients(sums: List[Tensor], longest: float) -> Tensor:
    """Scales all gradients so that their joint norm is at most `longest` (0: left alone); returns the norm before, as torch does."""
    norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(sums)))
    if longest > 0.0:
        torch._foreach_mul_(sums, (longest / (norm + 1e-6)).clamp(0.0, 1.0))
    return norm


@torch.jit.export
def adamw(weights: List[Tensor], sums: List[Tensor], first: List[Tensor], second: List[Tensor], step: int, rate: float, beta1: float, beta2: float,
          epsilon: float, decay: float) -> List[Tensor]:
    """One AdamW step (arXiv 1711.05101), in place, step counted from 1; then the sums are zero."""
    count = torch.tensor(float(step), dtype=torch.float32, device=weights[0].device)
    torch._fused_adamw_(weights, sums, first, second, [], [count for w in weights], lr=rate, beta1=beta1, beta2=beta2, weight_decay=decay, eps=epsilon,
                        amsgrad=False, maximize=False)
    torch._foreach_zero_(sums)
    return weights


@torch.jit.export
def zeros_like(tensors: List[Tensor]) -> List[Tensor]:
    """Float32 zeros of the same shapes."""
    return [torch.zeros_like(x, dtype=torch.float32) for x in tensors]


@torch.jit.export
def merged(weight: Tensor, row: int, a: Tensor, b: Tensor, scale: float) -> Tensor:
    """W + scale · B A of the rows from `row` on that B has, W left alone."""
    return weight[row:row + b.size(0)] + torch.matmul(b, a) * scale
