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
                     vision: List[Tensor], top: List[Tensor], text: List[Tensor], vision_heads: int, full_blocks: List[int], windows: List[int],
                     pictures: List[int], heads: List[int], sections: List[int], theta: float, epsilon: float, learn: bool, sums: List[Tensor]) -> List[Tensor]:
    """Adds the gradient of `policy_objective` into `sums`, one a weight in order ends, vision, top, text; where not `learn`, only measures. A batch holds whole completions: cells (M)
    are the targets' flat places in its rows (B, C), given (10, B, C); the cross-entropy is `reinforce` with advantages of 1. back (N/4): a row of
    picture embeddings each, at (≥ N/4 where rows share a picture are given by repeating entries of back). top: embed, norm, head; the head is left out
    where tied. Returns the four sums (float64), then float32 per target: log-probability, entropy, ratio, factor, divergence."""
    leaves: List[Tensor] = []
    for group in [ends, vision, top, text]:
        for weight in group:
            leaves.append(weight.detach().requires_grad_(learn))
    e, v, t = len(ends), len(vision), len(top)
    own_ends, own_vision, own_top, own_text = leaves[:e], leaves[e:e + v], leaves[e + v:e + v + t], leaves[e + v + t:]
    seen = torch.zeros([0, own_top[0].size(1)], dtype=torch.float32, device=ids.device)
    if patches.size(0) > 0:
        seen = picture_embeddings(patches, patch_places, back, own_vision, own_ends, vision_heads, full_blocks, windows, pictures)
    x = text_hidden(embedded(ids, own_top[0], seen, at), own_text, positions, heads, sections, theta, epsilon)
    head = own_top[2] if t > 2 else own_top[0]
    lp = torch.log_softmax(logits_of(x.view(-1, x.size(2))[places], own_top[1], head, epsilon) / temperature, -1)
    chosen = lp.gather(1, targets.unsqueeze(1)).squeeze(1)
    entropy = entropy_of(lp if bonus != 0.0 else lp.detach())
    rows = torch.zeros([given.size(1) * given.size(2)], dtype=torch.float64, device=ids.device)
    parts = policy_objective(rows.index_copy(0, cells, chosen.to(torch.float64)).view(given.size(1), given.size(2)),
                             rows.index_copy(0, cells, entropy.to(torch.float64)).view(given.size(1), given.size(2)), given, level, clamp, surrogate,
                             shape, kl, bounds, straight, weighted, beta, bonus, threshold)
    loss = parts[0]
    if learn:
        gradients = torch.autograd.grad([loss], leaves, allow_unused=True)
        for i in range(len(leaves)):
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
