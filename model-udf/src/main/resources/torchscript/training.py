# Losses, gradients and the optimizer. Tokens are packed (see text.py), places (M) are those whose next token counts, targets (M) those tokens,
# and each has a weight: whoever calls puts the normaliser there, so that micro-batches add up exactly.
from typing import List, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor


def learning(learns: List[int], first: List[int], start: int, end: int) -> bool:
    """Whether one of the weights start … end - 1 learns, or an adapter of one."""
    found = False
    for i in range(start, end):
        found = found or learns[i] >= 0 or (len(first) > 0 and first[i + 1] > first[i])
    return found


def add_gradients(outputs: List[Tensor], by_outputs: List[Tensor], x: Tensor, leaves: List[Tensor], own: List[Tensor], learns: List[int], first: List[int],
                  start: int, end: int, again: bool, sums: List[Tensor]) -> Tensor:
    """Adds the gradients of the weights start … end - 1 and of their adapters to their sums. Returns that of x, nothing where it needs none.
    again: the graph is needed once more."""
    wanted: List[Tensor] = []
    places: List[int] = []
    if x.requires_grad:
        wanted.append(x)
        places.append(-1)
    for i in range(start, end):
        if learns[i] >= 0:
            wanted.append(leaves[i])
            places.append(learns[i])
        if len(first) > 0:
            for p in range(2 * first[i], 2 * first[i + 1]):
                wanted.append(own[p])
                places.append(len(sums) - len(own) + p)
    by: List[Optional[Tensor]] = []
    for gradient in by_outputs:
        by.append(gradient)
    by_x = torch.zeros([0])
    gradients = torch.autograd.grad(outputs, wanted, by, retain_graph=again, allow_unused=True)
    for i in range(len(wanted)):
        found = gradients[i]
        if found is not None:
            if places[i] < 0:
                by_x = found
            else:
                sums[places[i]].add_(found)
    return by_x


def scored(x: Tensor, targets: Tensor, norm: Tensor, head: Tensor, a: List[Tensor], at: int, temperature: float, bonus: float, epsilon: float) -> Tuple[Tensor, Tensor]:
    """Log-probability and entropy of targets (M) after hidden states (M, D); the entropy has a gradient where it earns a bonus."""
    logits = logits_of(x, norm, head, epsilon)
    if len(a) > 0:
        logits = adapted(logits, rms_norm(x, norm, epsilon), a, at)
    if temperature != 1.0:
        logits = logits / temperature
    lp = torch.log_softmax(logits, -1)
    return lp.gather(1, targets.unsqueeze(1)).squeeze(1), entropy_of(lp if bonus != 0.0 else lp.detach())


@torch.jit.export
def forward_backward(ids: Tensor, positions: Tensor, pack: List[Tensor], places: Tensor, targets: Tensor, cells: Tensor, given: Tensor, level: str,
                     clamp: List[float], surrogate: str, shape: List[float], kl: str, bounds: List[float], straight: bool, weighted: bool, beta: float,
                     bonus: float, threshold: float, temperature: float, patches: Tensor, patch_places: Tensor, back: Tensor, kept: Tensor, at: Tensor,
                     ends: List[Tensor], vision: List[Tensor], top: List[Tensor], text: List[Tensor], pairs: List[Tensor], first: List[int],
                     rows_around: List[int], scale: float, trained: List[int], vision_heads: int, full_blocks: List[int], windows: List[int],
                     pictures: List[int], heads: List[int], sections: List[int], theta: float, epsilon: float, at_once: int, recompute: bool, learn: bool,
                     sums: List[Tensor]) -> List[Tensor]:
    """Adds the gradient of `policy_objective` into `sums`, one a trained weight in order ends, vision, top, text, then the adapters' pairs; where not
    `learn`, only measures. The tokens are packed (see text.py) and hold whole completions: cells (M) are the targets' flat places in their rows
    (B, C), given (10, B, C); the cross-entropy is `reinforce` with advantages of 1. Pictures are patches, or, if there are none, embeddings that were
    kept; back: which embedding stands at each of the places at. trained (0 or 1 each): vision tower, merger, language
    model. pairs, first, rows_around, scale: see `adapters`. top: embed, norm, head; the head is left out where tied. Logits exist for at_once
    targets at a time. The gradient goes through the model block by block; recompute: nothing but each block's input is kept for it. Returns the four
    sums (float64), then float32 per target: log-probability, entropy, ratio, factor, divergence."""
    e, v, t, layers = len(ends), len(vision), len(top), len(text) // 7
    embed, body = e + v, e + v + t
    leaves: List[Tensor] = []
    learns: List[int] = []
    count = 0
    for weight in ends + vision + top + text:
        i = len(leaves)
        part = trained[0 if i == 0 else 1 if i < e else 0 if i < e + v else 2]
        leaves.append(weight.detach().requires_grad_(learn and part > 0))
        learns.append(count if part > 0 else -1)
        count += part
    own: List[Tensor] = []
    for pair in pairs:
        own.append(pair.detach().requires_grad_(learn))
    a: List[Tensor] = []
    if len(own) > 0:
        a = adapters(len(leaves), first, rows_around, scale, own, top[0].dtype)
    own_ends, own_vision, own_top, own_text = leaves[:e], leaves[e:embed], leaves[embed:body], leaves[body:]
    a_ends, a_vision, a_top, a_text = a[:2 * e], a[2 * e:2 * embed], a[2 * embed:2 * body], a[2 * body:]

    # The pictures.
    tower = learn and patches.size(0) > 0 and (learning(learns, first, 0, 1) or learning(learns, first, e, embed))
    merging = learn and patches.size(0) > 0 and (tower or learning(learns, first, 1, e))
    vision_in: List[Tensor] = []
    vision_out: List[Tensor] = []
    seen = kept
    vision_cos, vision_sin = kept, kept
    if patches.size(0) > 0:
        x = patch_embeddings(patches, own_ends[0])
        vision_out.append(x)
        angles = vision_rope(patch_places, x.size(1) // vision_heads // 2).unsqueeze(1)
        vision_cos, vision_sin = angles.cos(), angles.sin()
        for l in range(v // 10):
            vision_in.append(x.detach().requires_grad_(tower))
            x = vision_block(vision_in[l], own_vision, a_vision, 10 * l, vision_cos, vision_sin, vision_heads, pictures if l in full_blocks else windows)
            vision_out.append(x.detach() if recompute else x)
        vision_in.append(x.detach().requires_grad_(tower))
        seen = merger(vision_in[v // 10], own_ends, a_ends)[back]
    else:
        seen = kept[back]

    # The language model.
    below = merging or (learn and learns[embed] >= 0)
    x = embedded(ids, own_top[0].detach(), seen.detach(), at)
    angles = mrope(positions, theta, sections)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    masks = branch_masks(pack, heads, torch.float32 if not x.is_cuda else x.dtype)
    text_in: List[Tensor] = []
    text_out: List[Tensor] = []
    needed = below
    for l in range(layers):
        text_in.append(x.detach().requires_grad_(needed))
        asked = places if l + 1 == layers else None
        x = packed_layer(text_in[l], own_text, a_text, 7 * l, cos, sin, pack, masks, True, heads, epsilon, asked)
        text_out.append(x.detach() if recompute else x)
        needed = needed or (learn and learning(learns, first, body + 7 * l, body + 7 * l + 7))

    # The targets.
    head = own_top[2] if t > 2 else own_top[0]
    last = x.detach()
    slices = (places.size(0) + at_once - 1) // at_once
    head_in: List[Tensor] = []
    chosen: List[Tensor] = []
    entropies: List[Tensor] = []
    for i in range(slices):
        head_in.append(last[at_once * i:at_once * i + at_once].detach().requires_grad_(needed))
        lp, entropy = scored(head_in[i], targets[at_once * i:at_once * i + at_once], own_top[1], head, a_top, t - 1, temperature, bonus, epsilon)
        chosen.append(lp if slices == 1 else lp.detach())
        entropies.append(entropy if slices == 1 else entropy.detach())
    all_chosen = torch.cat(chosen).detach().requires_grad_(learn)
    all_entropies = torch.cat(entropies).detach().requires_grad_(learn)
    rows = torch.zeros([given.size(1) * given.size(2)], dtype=torch.float64, device=ids.device)
    parts = policy_objective(rows.index_copy(0, cells, all_chosen.to(torch.float64)).view(given.size(1), given.size(2)),
                             rows.index_copy(0, cells, all_entropies.to(torch.float64)).view(given.size(1), given.size(2)), given, level, clamp, surrogate,
                             shape, kl, bounds, straight, weighted, beta, bonus, threshold)

    # Back again.
    if learn and parts[0].requires_grad:
        by_scores = gradients_of(parts[0], [all_chosen, all_entropies])
        by_last: List[Tensor] = []
        for i in range(slices):
            lp, entropy = chosen[i], entropies[i]
            if slices > 1:
                lp, entropy = scored(head_in[i], targets[at_once * i:at_once * i + at_once], own_top[1], head, a_top, t - 1, temperature, bonus, epsilon)
            outputs, by_outputs = [lp], [by_scores[0][at_once * i:at_once * i + at_once]]
            if bonus != 0.0:
                outputs, by_outputs = [lp, entropy], [by_outputs[0], by_scores[1][at_once * i:at_once * i + at_once]]
            if lp.requires_grad:
                by_last.append(add_gradients(outputs, by_outputs, head_in[i], leaves, own, learns, first, embed, body, True, sums))
        if needed:
            by_x = torch.cat(by_last, 0)
            for i in range(layers):
                l = layers - 1 - i
                start = body + 7 * l
                if text_in[l].requires_grad or learning(learns, first, start, start + 7):
                    y = text_out[l]
                    if recompute:
                        asked = places if l + 1 == layers else None
                        y = packed_layer(text_in[l], own_text, a_text, 7 * l, cos, sin, pack, masks, True, heads, epsilon, asked)
                    by_x = add_gradients([y], [by_x], text_in[l], leaves, own, learns, first, start, start + 7, False, sums)
            if learns[embed] >= 0:  # In float32, or frequent tokens' sums would stand still in bfloat16.
                by_tokens = by_x.to(torch.float32).index_fill(0, at, 0.0)
                sums[learns[embed]].add_(torch.ops.aten.embedding_dense_backward(by_tokens, ids, own_top[0].size(0), -1, False))
            if merging:
                by_x = add_gradients([seen], [by_x[at]], vision_in[v // 10], leaves, own, learns, first, 1, e, False, sums)
            if tower:
                for i in range(v // 10):
                    l = v // 10 - 1 - i
                    y = vision_out[l + 1]
                    if recompute:
                        y = vision_block(vision_in[l], own_vision, a_vision, 10 * l, vision_cos, vision_sin, vision_heads, pictures if l in full_blocks else windows)
                    by_x = add_gradients([y], [by_x], vision_in[l], leaves, own, learns, first, e + 10 * l, e + 10 * l + 10, False, sums)
                if learns[0] >= 0:
                    add_gradients([vision_out[0]], [by_x], patches, leaves, own, learns, first, 0, 1, False, sums)
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
def clip_gradients(sums: List[Tensor], longest: float) -> Tensor:
    """Scales all gradients so that their joint norm is at most `longest` (0: left alone); returns the norm before, as torch does."""
    norm = torch.ops.aten.linalg_vector_norm(torch.stack(torch._foreach_norm(sums)))
    if longest > 0.0 and float(norm) + 1e-6 > longest:
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
