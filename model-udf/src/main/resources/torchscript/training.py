# Losses, gradients and the optimizer. A batch is rows (B, T) padded on the right, places (M) the flat positions whose next token counts,
# targets (M) those tokens, and a weight for each of them: whoever calls puts the normaliser there, so that micro-batches add up exactly.
from typing import List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def clipped_objective(log_probs: Tensor, old: Tensor, advantages: Tensor, low: float, high: float) -> Tensor:
    """-min(ρA, clip(ρ, 1-low, 1+high)A) a token, ρ = exp(log_probs - old) (PPO, arXiv 1707.06347; GRPO, arXiv 2402.03300)."""
    ratio = torch.exp(log_probs - old)
    return -torch.minimum(ratio * advantages, ratio.clamp(1.0 - low, 1.0 + high) * advantages)


def divergence(log_probs: Tensor, reference: Tensor) -> Tensor:
    """The estimator k3 of KL(policy ‖ reference) a token: exp(r) - r - 1, r = reference - log_probs (GRPO, equation 4)."""
    r = reference - log_probs
    return torch.exp(r) - r - 1.0


@torch.jit.export
def forward_backward(ids: Tensor, positions: Tensor, places: Tensor, targets: Tensor, weights: Tensor, advantages: Tensor, old: Tensor,
                     reference: Tensor, policy: bool, low: float, high: float, beta: float, temperature: float, patches: Tensor, patch_places: Tensor,
                     back: Tensor, at: Tensor, ends: List[Tensor], vision: List[Tensor], top: List[Tensor], text: List[Tensor], vision_heads: int,
                     full_blocks: List[int], windows: List[int], pictures: List[int], heads: List[int], sections: List[int], theta: float,
                     epsilon: float, sums: List[Tensor]) -> List[Tensor]:
    """Adds the gradient of the loss into `sums`, one a weight in order ends, vision, top, text. policy: the clipped objective with `advantages`
    and `old` (M), and beta · k3 against `reference` (M, empty where beta is 0); else the cross-entropy (advantages, old unused). back (N/4): a row of
    picture embeddings each, at (≥ N/4 where rows share a picture are given by repeating entries of back). top: embed, norm, head; the head is left out
    where tied. Returns float32: the loss, then per target: log-probability, entropy, k3 (empty where beta is 0)."""
    leaves: List[Tensor] = []
    for group in [ends, vision, top, text]:
        for weight in group:
            leaves.append(weight.detach().requires_grad_(True))
    e, v, t = len(ends), len(vision), len(top)
    own_ends, own_vision, own_top, own_text = leaves[:e], leaves[e:e + v], leaves[e + v:e + v + t], leaves[e + v + t:]
    seen = torch.zeros([0, own_top[0].size(1)], dtype=torch.float32, device=ids.device)
    if patches.size(0) > 0:
        seen = picture_embeddings(patches, patch_places, back, own_vision, own_ends, vision_heads, full_blocks, windows, pictures)
    x = text_hidden(embedded(ids, own_top[0], seen, at), own_text, positions, heads, sections, theta, epsilon)
    head = own_top[2] if t > 2 else own_top[0]
    lp = torch.log_softmax(logits_of(x.view(-1, x.size(2))[places], own_top[1], head, epsilon) / temperature, -1)
    chosen = lp.gather(1, targets.unsqueeze(1)).squeeze(1)
    losses = -chosen
    kl = torch.zeros([0], dtype=torch.float32, device=ids.device)
    if policy:
        losses = clipped_objective(chosen, old, advantages, low, high)
        if beta != 0.0:
            kl = divergence(chosen, reference)
            losses = losses + beta * kl
    loss = (losses * weights).sum()
    gradients = torch.autograd.grad([loss], leaves, allow_unused=True)
    for i in range(len(leaves)):
        gradient = gradients[i]
        if gradient is not None:
            sums[i].add_(gradient)
    free = lp.detach()
    return [loss.detach(), chosen.detach(), -(free.exp() * free).sum([-1]), kl.detach()]


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
