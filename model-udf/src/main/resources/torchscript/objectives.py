# Objectives of reinforcement learning on log-probabilities (B, T): pure functions, no model. A step minimises
#   Σ weights · surrogate + beta · Σ kl_weights · divergence - bonus · Σ entropy_weights · entropy.
# Whoever calls puts masks and divisors into the three weights, so micro-batches of whole rows add up exactly. All is computed in float64:
# the sums are tiny beside the model, and a threshold then never hangs on rounding. Symbols: A advantage, ρ ratio, sg stop-gradient,
# d = log_probs - old. Nothing here depends on a library; what TRL and verl choose differently is a number or a name that a preset sets.
from typing import List

import torch
from torch import Tensor


def row_mean(x: Tensor, mask: Tensor) -> Tensor:
    """(B, 1): the mean of each row's counted tokens, 0 for a row without any."""
    return (x * mask).sum([1], True) / mask.sum([1], True).clamp(min=1.0)


def log_ratios(lp: Tensor, old: Tensor, mask: Tensor, level: str, clamp: List[float]) -> Tensor:
    """(B, T) log ρ, clamped to clamp[0..1] (no gradient beyond). token: d (PPO, arXiv 1707.06347). sequence: the row's mean of d (GSPO,
    arXiv 2507.18071). sequence_token: that value, each token with its own gradient (GSPO-token, the same paper)."""
    if level == "token":
        return (lp - old).clamp(clamp[0], clamp[1])
    mean = row_mean(lp - old, mask)
    if level == "sequence":
        return mean.clamp(clamp[0], clamp[1]).expand_as(lp)
    return (lp - lp.detach() + mean.detach()).clamp(clamp[0], clamp[1])


def clipped(ratio: Tensor, a: Tensor, low: float, high: float, cap: float, dual: float) -> Tensor:
    """-min(min(ρ, cap) A, clip(ρ, 1-low, 1+high) A) (PPO; high apart from low: DAPO, arXiv 2503.14476; cap, the two-sided clip: INTELLECT-2,
    arXiv 2505.07291). Where A < 0 the loss is at most dual |A| (dual clip, arXiv 1912.09729). cap and dual may be infinite."""
    loss = -torch.minimum(ratio.clamp(max=cap) * a, ratio.clamp(1.0 - low, 1.0 + high) * a)
    if dual < float("inf"):
        loss = torch.where(a < 0.0, torch.minimum(loss, -a * dual), loss)
    return loss


def capped(lp: Tensor, ratio: Tensor, a: Tensor, floor: float, ceiling: float) -> Tensor:
    """-sg(clip(ρ, floor, ceiling)) A log p: every token keeps a gradient (CISPO, arXiv 2506.13585)."""
    return -ratio.clamp(floor, ceiling).detach() * a * lp


def soft_gate(ratio: Tensor, a: Tensor, positive: float, negative: float) -> Tensor:
    """-4/τ · sigmoid(τ (ρ - 1)) A, τ by the sign of A, `negative` where A is 0 (SAPO, arXiv 2511.20347)."""
    tau = torch.where(a > 0.0, torch.full_like(a, positive), torch.full_like(a, negative))
    return -torch.sigmoid(tau * (ratio - 1.0)) * 4.0 / tau * a


def gamma_weights(lp: Tensor, old: Tensor, mask: Tensor, a: Tensor, correction: Tensor, shape: List[float]) -> Tensor:
    """(B, T) φ(w) = exp(λ + k log w - λ w), without gradient; w the product of a row's ratios and corrections, (k, λ) by the sign of A (VESPO,
    arXiv 2602.10693). shape: k and λ for A ≥ 0, then for A < 0. Clamps are the authors' code's: ±20 a token, [log 1e-8, 20] a row."""
    w = (((lp - old).detach().clamp(-20.0, 20.0) + correction) * mask).sum([1], True).clamp(-18.420680743952367, 20.0)
    k = torch.where(a >= 0.0, torch.full_like(a, shape[0]), torch.full_like(a, shape[2]))
    l = torch.where(a >= 0.0, torch.full_like(a, shape[1]), torch.full_like(a, shape[3])).clamp(min=1e-4)
    return torch.exp(l + k * w - l * torch.exp(w))


def trusted(lp: Tensor, old: Tensor, a: Tensor, kind: str, low: float, high: float) -> Tensor:
    """1 where a step along A stays inside a divergence's bound, else 0 (DPPO, arXiv 2602.04879). total_variation: p - p_old ≤ high where A > 0,
    ≥ -low elsewhere. binary_kl: KL of the token against all others within high or low, or the step leads back."""
    p, q = torch.exp(lp.detach()), torch.exp(old)
    if kind == "total_variation":
        return torch.where(a > 0.0, p - q <= high, p - q >= -low).to(torch.float64)
    kl = q * (old - lp.detach()) + (1.0 - q) * torch.log((1.0 - q + 1e-8) / (1.0 - p + 1e-8))
    return torch.where(a > 0.0, (kl <= high) | (p <= q), (kl <= low) | (p >= q)).to(torch.float64)


def geometric(lp: Tensor, old: Tensor, a: Tensor, mask: Tensor, low: float, high: float) -> Tensor:
    """-mean(A) · exp(mean of d, clipped to [-low, high] where that lowers the gain), one value a row (GMPO, arXiv 2507.20673)."""
    d, sign = lp - old, torch.sign(a)
    least = sign * torch.minimum(sign * d, sign * d.clamp(-low, high))
    return (-row_mean(a, mask) * torch.exp(row_mean(least, mask))).expand_as(lp)


def divergence(lp: Tensor, reference: Tensor, kind: str, bounds: List[float], straight: bool) -> Tensor:
    """(B, T) estimates of KL(policy ‖ reference) from single tokens (http://joschu.net/blog/kl-approx.html): k1 = r, abs = |r|, k2 = r²/2,
    k3 = exp(-r) - 1 + r, r = log_probs - reference; k3's -r is clamped to ±bounds[0], its value to ±bounds[1]. straight: the value stays, the gradient
    is that of k2, the right one in expectation."""
    r = lp - reference
    value = r
    if kind == "abs":
        value = r.abs()
    elif kind == "k2":
        value = 0.5 * r * r
    elif kind == "k3":
        back = (-r).clamp(-bounds[0], bounds[0])
        value = (torch.exp(back) - back - 1.0).clamp(-bounds[1], bounds[1])
    if straight:
        half = 0.5 * r * r
        value = half - half.detach() + value.detach()
    return value


def policy_objective(log_probs: Tensor, entropy: Tensor, given: Tensor, level: str, clamp: List[float], surrogate: str, shape: List[float], kl: str,
                     bounds: List[float], straight: bool, weighted: bool, beta: float, bonus: float, threshold: float) -> List[Tensor]:
    """The loss of rows (B, T) and its parts: [loss, surrogate's sum, divergence's sum, entropy's sum, then (B, T) each: ρ, the factor without gradient
    (φ or trusted, else 1), divergence]. given (10, B, T): mask (1 counts), advantages, old (NaN: the policy's own, ρ = 1 with a gradient),
    reference, sampler's (NaN: none), weights, kl_weights, entropy_weights, penalised tokens (1) of `penalised`, log of the sampler correction.
    weighted: the divergence is multiplied by ρ, which makes it unbiased off policy (DeepSeek-V3.2, arXiv 2512.02556). threshold: a row whose mean of
    sampler's minus policy's exceeds it has no surrogate where A < 0 (same paper; infinite: off)."""
    mask = given[0].to(torch.float64)
    seen, none = mask > 0.0, torch.zeros_like(mask)
    lp = torch.where(seen, log_probs.to(torch.float64), none)
    old = given[2].to(torch.float64)
    old = torch.where(seen, torch.where(torch.isnan(old), lp.detach(), old), none)
    a = torch.where(seen, given[1].to(torch.float64), none)
    ratio = torch.exp(log_ratios(lp, old, mask, level, clamp))
    factor = torch.ones_like(mask)
    if surrogate == "clip":
        losses = clipped(ratio, a, shape[0], shape[1], shape[2], shape[3])
    elif surrogate == "cap":
        losses = capped(lp, ratio, a, shape[0], shape[1])
    elif surrogate == "soft_gate":
        losses = soft_gate(ratio, a, shape[0], shape[1])
    elif surrogate == "gamma":
        factor = gamma_weights(lp, old, mask, a, given[9].to(torch.float64), shape)
        losses = -factor * a * lp
    elif surrogate == "total_variation" or surrogate == "binary_kl":
        factor = trusted(lp, old, a, surrogate, shape[0], shape[1])
        losses = -ratio.clamp(max=shape[2]).detach() * factor * a * lp
    elif surrogate == "geometric":
        losses = geometric(lp, old, a, mask, shape[0], shape[1])
    elif surrogate == "quadratic":  # DRO, arXiv 2405.19107
        losses = -(lp * a - 0.5 * shape[0] * (lp - old) * (lp - old))
    elif surrogate == "penalised":  # KL-Cov, arXiv 2505.22617: no clip, shape[0] · |d| on the tokens of largest covariance
        losses = -ratio * a + shape[0] * given[8].to(torch.float64) * (lp - old).abs()
    else:  # reinforce
        losses = -lp * a
    if threshold < float("inf"):
        sampler = given[4].to(torch.float64)
        gap = torch.where(seen & ~torch.isnan(sampler), sampler - lp.detach(), none)
        losses = losses * ((a >= 0.0) | (row_mean(gap, mask) <= threshold)).to(torch.float64)
    away = none
    if kl != "none":
        away = divergence(lp, torch.where(seen, given[3].to(torch.float64), none), kl, bounds, straight)
        if weighted:
            away = away * ratio
    policy = (losses * given[5].to(torch.float64)).sum()
    apart = (away * given[6].to(torch.float64)).sum()
    spread = (torch.where(seen, entropy.to(torch.float64), none) * given[7].to(torch.float64)).sum()
    loss = policy
    if kl != "none" and beta != 0.0:
        loss = loss + beta * apart
    if bonus != 0.0:
        loss = loss - bonus * spread
    return [loss, policy.detach(), apart.detach(), spread.detach(), ratio.detach(), factor, away.detach()]


def gradients_of(loss: Tensor, leaves: List[Tensor]) -> List[Tensor]:
    """Zeros for a leaf that the loss does not depend on."""
    return gradients_through([loss], [torch.ones_like(loss)], leaves)


@torch.jit.export
def objective_gradients(log_probs: Tensor, entropy: Tensor, given: Tensor, level: str, clamp: List[float], surrogate: str, shape: List[float], kl: str,
                        bounds: List[float], straight: bool, weighted: bool, beta: float, bonus: float, threshold: float) -> List[Tensor]:
    """`policy_objective` of given values, in float32: [the four sums, gradient by log_probs, gradient by entropy, ρ, factor, divergence]."""
    p = log_probs.detach().requires_grad_(True)
    h = entropy.detach().requires_grad_(True)
    parts = policy_objective(p, h, given, level, clamp, surrogate, shape, kl, bounds, straight, weighted, beta, bonus, threshold)
    results = [torch.stack(parts[:4]).detach()] + gradients_of(parts[0], [p, h])
    for part in parts[4:]:
        results.append(part.to(torch.float32))
    return results


def entropy_of(lp: Tensor) -> Tensor:
    """-Σ p log p over the last dimension, in nats."""
    return -(lp.exp() * lp).sum([-1])


@torch.jit.export
def entropy_gradients(logits: Tensor, weights: Tensor) -> List[Tensor]:
    """[Σ weights · entropy, its gradient] of logits (B, T, V)."""
    x = logits.detach().requires_grad_(True)
    loss = (entropy_of(torch.log_softmax(x.to(torch.float64), -1)) * weights.to(torch.float64)).sum()
    return [loss.detach()] + gradients_of(loss, [x])


@torch.jit.export
def value_gradients(values: Tensor, old: Tensor, returns: Tensor, weights: Tensor, clip: float) -> List[Tensor]:
    """[loss, its gradient, 1 where the clip acts] of a critic: ½ max((v - R)², (clip(v, old ± clip) - R)²) (PPO's code; arXiv 1707.06347
    has no such clip), all (B, T)."""
    v = values.detach().requires_grad_(True)
    x, before, goal = v.to(torch.float64), old.to(torch.float64), returns.to(torch.float64)
    near = torch.maximum(torch.minimum(x, before + clip), before - clip)
    free, held = (x - goal) * (x - goal), (near - goal) * (near - goal)
    loss = 0.5 * (torch.maximum(free, held) * weights.to(torch.float64)).sum()
    return [loss.detach()] + gradients_of(loss, [v]) + [(held > free).to(torch.float32)]
