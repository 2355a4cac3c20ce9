# Losses, gradients and the optimizer. Tokens are packed (see text.py), places (M) are those whose next token counts, targets (M) those tokens,
# and each has a weight: whoever calls puts the normaliser there, so that micro-batches add up exactly.
from typing import List, Optional

import torch
import torch.nn.functional as F
from torch import Tensor


def learning(learns: List[int], first: List[int], start: int, end: int) -> bool:
    """Whether one of the weights start … end - 1 learns, or an adapter of one."""
    found = False
    for i in range(start, end):
        found = found or learns[i] >= 0 or (len(first) > 0 and first[i + 1] > first[i])
    return found


def add_adapters(joined: List[Tensor], by_joined: List[Tensor], own: List[Tensor], sums: List[Tensor]) -> None:
    """Adds the gradients of the pairs, given those of what `adapters` made of them, to the last of the sums."""
    outputs: List[Tensor] = []
    by: List[Tensor] = []
    for i in range(len(joined)):
        if joined[i].size(0) > 0:
            outputs.append(joined[i])
            by.append(by_joined[i])
    if len(outputs) > 0:
        gradients = gradients_through(outputs, by, own)
        for p in range(len(own)):
            sums[len(sums) - len(own) + p].add_(gradients[p])


def vision_weights(first: int, l: int) -> List[int]:
    """The weights of block l (see gradients.py), of the vision tower from weight number `first` on."""
    return [first + 10 * l + i for i in range(10)]


def text_weights(first: int, l: int) -> List[int]:
    """The same of the language model."""
    at = first + 7 * l
    return [at, at + 1, at + 2, at + 3, -1, at + 4, at + 5, -1, at + 6, -1]


def run_merger(x: Tensor, w: List[Tensor], a: List[Tensor]) -> List[Tensor]:
    """`merger` with its adapters, and what came before its gelu."""
    before = linear(rms_norm(x, w[1], 1e-6).view(-1, 4 * x.size(1)), w, a, 2, 3, -1)
    return [linear(F.gelu(before), w, a, 4, 5, -1), before]


def merger_gradient(by: Tensor, x: Tensor, before: Tensor, w: List[Tensor], a: List[Tensor], learns: List[int], sums: List[Tensor],
                    by_a: List[Tensor]) -> Tensor:
    """Adds the gradients of the merger's weights, given that of what `run_merger` returns, and what came before its gelu; returns that of x."""
    unit_x = unit(x, 1e-6)
    inner = (w[1] * unit_x[0].to(x.dtype)).view(-1, 4 * x.size(1))
    by = linear_gradient(by, F.gelu(before), w, a, 4, 5, -1, learns, sums, by_a)
    by = linear_gradient(torch.ops.aten.gelu_backward(by, before), inner, w, a, 2, 3, -1, learns, sums, by_a)
    return norm_gradient(by.view(x.size(0), x.size(1)), unit_x, w, 1, learns, sums, None)


def scored(x: Tensor, w: List[Tensor], a: List[Tensor], norm: int, head: int, temperature: float, epsilon: float) -> Tensor:
    """Log-probabilities (M, V) float32 after hidden states (M, D)."""
    logits = linear(rms_norm(x, w[norm], epsilon), w, a, head, -1, -1).to(torch.float32)
    return torch.log_softmax(logits if temperature == 1.0 else logits / temperature, -1)


def scored_gradient(by_chosen: Tensor, by_entropy: Tensor, lp: Tensor, targets: Tensor, x: Tensor, w: List[Tensor], a: List[Tensor], norm: int, head: int,
                    temperature: float, bonus: float, epsilon: float, learns: List[int], sums: List[Tensor], by_a: List[Tensor]) -> Tensor:
    """Adds the gradients of norm and head, given those of the targets' log-probabilities and, where it earns a bonus, of the entropy, each (M);
    returns that of x. With p = softmax: of log p of the target by the logits 1 - p, of the entropy H -p (log p + H)."""
    by_p = by_chosen.unsqueeze(1)
    if bonus != 0.0:
        by_p = by_p + (lp + entropy_of(lp).unsqueeze(1)) * by_entropy.unsqueeze(1)
    by = lp.exp().mul_(-by_p)
    by.scatter_add_(1, targets.unsqueeze(1), by_chosen.unsqueeze(1))
    if temperature != 1.0:
        by.div_(temperature)
    unit_x = unit(x, epsilon)
    by_x = linear_gradient(by.to(x.dtype), w[norm] * unit_x[0].to(x.dtype), w, a, head, -1, -1, learns, sums, by_a)
    return norm_gradient(by_x, unit_x, w, norm, learns, sums, None)


@torch.jit.export
def forward_backward(ids: Tensor, positions: Tensor, pack: List[Tensor], spans: List[int], places: Tensor, targets: Tensor, cells: Tensor,
                     given: Tensor, level: str, clamp: List[float], surrogate: str, shape: List[float], kl: str, bounds: List[float], straight: bool, weighted: bool, beta: float,
                     bonus: float, threshold: float, temperature: float, patches: Tensor, patch_places: Tensor, back: Tensor, kept: Tensor, at: Tensor,
                     ends: List[Tensor], vision: List[Tensor], top: List[Tensor], text: List[Tensor], pairs: List[Tensor], first: List[int],
                     rows_around: List[int], scale: float, trained: List[int], vision_heads: int, full_blocks: List[int], windows: List[int],
                     pictures: List[int], heads: List[int], sections: List[int], theta: float, epsilon: float, at_once: int, recompute: bool, learn: bool,
                     sums: List[Tensor]) -> List[Tensor]:
    """Adds the gradient of `policy_objective` into `sums`, one a trained weight in order ends, vision, top, text, then the adapters' pairs; where not
    `learn`, only measures. The tokens are packed (pack: see text.py, or else spans: see attention.py) and hold whole completions: cells (M) are the
    targets' flat places in their rows (B, C), given (10, B, C); the cross-entropy is `reinforce` with advantages of 1. Pictures are patches, or, if there are none, embeddings that were
    kept; back: which embedding stands at each of the places at. trained (0 or 1 each): vision tower, merger, language
    model. pairs, first, rows_around, scale: see `adapters`. top: embed, norm, head; the head is left out where tied. Logits exist for at_once
    targets at a time. The gradient goes through the model block by block; recompute: nothing but each block's input is kept for it. Returns the four
    sums (float64), then float32 per target: log-probability, entropy, ratio, factor, divergence."""
    e, v, t, layers = len(ends), len(vision), len(top), len(text) // 7
    embed, body = e + v, e + v + t
    norm, head = embed + 1, embed + (2 if t > 2 else 0)
    w = ends + vision + top + text
    learns: List[int] = []
    count = 0
    for i in range(len(w)):
        part = trained[0 if i == 0 else 1 if i < e else 0 if i < embed else 2]
        learns.append(count if part > 0 else -1)
        count += part
    own = [pair.detach().requires_grad_(learn) for pair in pairs]
    joined: List[Tensor] = []
    if len(own) > 0:
        joined = adapters(len(w), first, rows_around, scale, own, top[0].dtype)
    a = [x.detach() for x in joined]
    by_a = [torch.zeros_like(x) for x in a]

    # The pictures.
    tower = learn and patches.size(0) > 0 and (learning(learns, first, 0, 1) or learning(learns, first, e, embed))
    merging = learn and patches.size(0) > 0 and (tower or learning(learns, first, 1, e))
    sizes = [vision_heads, vision_heads, w[0].size(0) // vision_heads]
    none: List[Tensor] = []
    nothing: List[int] = []
    vision_in: List[Tensor] = []
    vision_kept: List[List[Tensor]] = []
    seen, before_gelu = kept, kept
    vision_cos, vision_sin = kept, kept
    if patches.size(0) > 0:
        x = patch_embeddings(patches, w[0])
        angles = vision_rope(patch_places, sizes[2] // 2).unsqueeze(1)
        vision_cos, vision_sin = angles.cos(), signed_sine(angles)
        for l in range(v // 10):
            runs = pictures if l in full_blocks else windows
            block = vision_weights(e, l)
            made = run_block(x, w, a, block, vision_cos, vision_sin, sizes, 1e-6, none, none, runs, nothing, None)
            vision_in.append(x)
            vision_kept.append(made if tower and not recompute else none)
            x = block_result(made, w, a, block)
        vision_in.append(x)
        ended = run_merger(x, w, a)
        seen, before_gelu = ended[0], ended[1]
    seen = seen[back]

    # The language model.
    below = merging or (learn and learns[embed] >= 0)
    x = embedded(ids, w[embed], seen, at)
    angles = mrope(positions, theta, sections)
    cos, sin = angles.cos().to(x.dtype), signed_sine(angles).to(x.dtype)
    masks = branch_masks(pack, heads, torch.float32 if not x.is_cuda else x.dtype)
    text_in: List[Tensor] = []
    text_kept: List[List[Tensor]] = []
    needs: List[bool] = []
    needed = below
    for l in range(layers):
        asked = places if l + 1 == layers else None
        block = text_weights(body, l)
        made = run_block(x, w, a, block, cos, sin, heads, epsilon, pack, masks, nothing, spans, asked)
        needed = needed or (learn and learning(learns, first, body + 7 * l, body + 7 * l + 7))
        needs.append(needed)
        text_in.append(x)
        text_kept.append(made if needed and not recompute else none)
        x = block_result(made, w, a, block)

    # The targets.
    slices = (places.size(0) + at_once - 1) // at_once
    chosen: List[Tensor] = []
    entropies: List[Tensor] = []
    lp = kept
    for i in range(slices):
        lp = scored(x[at_once * i:at_once * i + at_once], w, a, norm, head, temperature, epsilon)
        chosen.append(lp.gather(1, targets[at_once * i:at_once * i + at_once].unsqueeze(1)).squeeze(1))
        entropies.append(entropy_of(lp))
    all_chosen = torch.cat(chosen).requires_grad_(learn)
    all_entropies = torch.cat(entropies).requires_grad_(learn)
    rows = torch.zeros([given.size(1) * given.size(2)], dtype=torch.float64, device=ids.device)
    parts = policy_objective(rows.index_copy(0, cells, all_chosen.to(torch.float64)).view(given.size(1), given.size(2)),
                             rows.index_copy(0, cells, all_entropies.to(torch.float64)).view(given.size(1), given.size(2)), given, level, clamp, surrogate,
                             shape, kl, bounds, straight, weighted, beta, bonus, threshold)

    # Back again.
    if learn and parts[0].requires_grad:
        by_scores = gradients_of(parts[0], [all_chosen, all_entropies])
        by_last: List[Tensor] = []
        for i in range(slices):
            start, end = at_once * i, min(at_once * i + at_once, places.size(0))
            if slices > 1:
                lp = scored(x[start:end], w, a, norm, head, temperature, epsilon)
            by_last.append(scored_gradient(by_scores[0][start:end], by_scores[1][start:end], lp, targets[start:end], x[start:end], w, a, norm, head, temperature,
                                           bonus, epsilon, learns, sums, by_a))
        by_x = torch.cat(by_last, 0)
        for i in range(layers):
            l = layers - 1 - i
            if needs[l]:
                asked = places if l + 1 == layers else None
                block = text_weights(body, l)
                made = text_kept[l]
                if recompute:
                    made = run_block(text_in[l], w, a, block, cos, sin, heads, epsilon, pack, masks, nothing, spans, asked)
                by_x = block_gradient(by_x, text_in[l], made, w, a, block, cos, sin, heads, epsilon, pack, spans, asked, learns, sums, by_a)
                text_kept[l] = none
        if learns[embed] >= 0:  # In float32, or frequent tokens' sums would stand still in bfloat16.
            sums[learns[embed]].add_(scattered(by_x.to(torch.float32).index_fill(0, at, 0.0), ids, w[embed].size(0)))
        if merging:
            by_x = merger_gradient(scattered(by_x[at], back, patches.size(0) // 4), vision_in[v // 10], before_gelu, w, a, learns, sums, by_a)
        if tower:
            for i in range(v // 10):
                l = v // 10 - 1 - i
                runs = pictures if l in full_blocks else windows
                block = vision_weights(e, l)
                made = vision_kept[l]
                if recompute:
                    made = run_block(vision_in[l], w, a, block, vision_cos, vision_sin, sizes, 1e-6, none, none, runs, nothing, None)
                by_x = block_gradient(by_x, vision_in[l], made, w, a, block, vision_cos, vision_sin, sizes, 1e-6, none, nothing, None, learns, sums, by_a)
                vision_kept[l] = none
            if learns[0] >= 0:
                add_product(sums[learns[0]], by_x, patches.to(by_x.dtype))
        add_adapters(joined, by_a, own, sums)
    results = [torch.stack(parts[:4]).detach(), all_chosen.detach(), all_entropies.detach()]
    for part in parts[4:]:
        results.append(part.reshape([-1])[cells].to(torch.float32))
    return results


@torch.jit.export
def clear(sums: List[Tensor]) -> List[Tensor]:
    """All to zero."""
    torch._foreach_zero_(sums)
    return sums


@torch.jit.export
def add_to(sums: List[Tensor], more: List[Tensor]) -> List[Tensor]:
    """Adds each tensor to its sum."""
    torch._foreach_add_(sums, more)
    return sums


@torch.jit.export
def norms(sums: List[Tensor]) -> Tensor:
    """Of each tensor."""
    return torch.stack(torch._foreach_norm(sums))


@torch.jit.export
def scale(sums: List[Tensor], by: float) -> List[Tensor]:
    """Multiplies each tensor."""
    torch._foreach_mul_(sums, by)
    return sums


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
def rounded(tensors: List[Tensor], compute: int) -> List[Tensor]:
    """The same values in a compute type."""
    return [x.to(compute) for x in tensors]


@torch.jit.export
def copy_to(tensors: List[Tensor], sources: List[Tensor]) -> List[Tensor]:
    """Each source's values into its tensor, in the tensor's type."""
    torch._foreach_copy_(tensors, sources)
    return tensors


@torch.jit.export
def zeros_like(tensors: List[Tensor]) -> List[Tensor]:
    """Float32 zeros of the same shapes."""
    return [torch.zeros_like(x, dtype=torch.float32) for x in tensors]


@torch.jit.export
def merged(weight: Tensor, row: int, a: Tensor, b: Tensor, scale: float) -> Tensor:
    """W + scale · B A of the rows from `row` on that B has, W left alone; float32."""
    return weight[row:row + b.size(0)].to(torch.float32) + torch.matmul(b, a) * scale
