# From logits to tokens. Shapes: R rows, V vocabulary entries.
from typing import Optional, Tuple

import torch
from torch import Tensor


@torch.jit.export
def filtered_logits(logits: Tensor, seen: Tensor, penalty: Tensor, temperature: Tensor, top_k: Tensor, top_p: Tensor, min_p: Tensor) -> Tensor:
    """What is sampled from, in transformers' order: repetition penalty (arXiv 1909.05858), temperature, top-k, top-p
    (arXiv 1904.09751), min-p (arXiv 2407.01082). logits (R, V) float32; seen (R, V) bool: the row's prompt and completion; the
    settings (R, 1): penalty 1, top_k V, top_p 1 and min_p 0 change nothing. Removed entries are -inf."""
    z = torch.where(seen, torch.where(logits < 0.0, logits * penalty, logits / penalty), logits) / temperature
    ordered = torch.sort(z, -1, True)[0]
    z = z.masked_fill(z < ordered.gather(1, top_k - 1), float("-inf"))
    ordered, order = torch.sort(z, -1, False)
    tail = torch.softmax(ordered, -1).cumsum(-1) <= 1.0 - top_p
    tail[:, -1] = False
    tail = tail.logical_and(top_p < 1.0)
    z = z.masked_fill(torch.zeros_like(tail).scatter(1, order, tail), float("-inf"))
    p = torch.softmax(z, -1)
    return z.masked_fill(p < min_p * p.amax([-1], True), float("-inf"))


def draw(p: Tensor, uniform: Tensor) -> Tensor:
    """One token a row by inversion of the distribution function, p (R, V) at uniform (R, 1) in [0, 1). What has no probability is never drawn."""
    edges = p.cumsum(-1)
    total = edges[:, -1:]
    at = torch.minimum(uniform * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(edges, at, right=True).squeeze(1)


def sample(raw: Tensor, held: Optional[Tensor], uniform: Tensor, temperature: Tensor, greedy: Tensor, any_greedy: bool, all_greedy: bool, filtered: bool,
           seen: Tensor, penalty: Tensor, top_k: Tensor, top_p: Tensor, min_p: Tensor) -> Tuple[Tensor, Tensor]:
    """The next token of each row (R) and its log-probability (R): under softmax(raw / temperature), before any filter, at temperature 1 where the
    row is greedy. raw (R, V): the model's logits; held (R, V): tokens that may not come yet. Rows do not see each other: every operation
    runs within a row."""
    logits = raw
    if held is not None:
        logits = raw.masked_fill(held, float("-inf"))
    if filtered:
        z = filtered_logits(logits, seen, penalty, temperature, top_k, top_p, min_p)
    else:
        z = logits / temperature
    if all_greedy:
        token = z.argmax(-1)
    else:
        p = torch.softmax(z, -1)
        token = draw(p, uniform)
        if any_greedy:
            token = torch.where(greedy, z.argmax(-1), token)
        if held is None and not filtered:
            return token, p.gather(1, token.unsqueeze(1)).squeeze(1).log()
    return token, torch.log_softmax(raw / temperature, -1).gather(1, token.unsqueeze(1)).squeeze(1)
