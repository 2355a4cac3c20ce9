"""Ratios, ours / peer, of the JSON lines that both sides printed. Needs nothing but Python.

    python ratio.py generate LINES WORKLOAD      python ratio.py train LINES
"""
import json, statistics, sys
from pathlib import Path


def median(row, name="tokens_per_s"):
    return row[name][1] if isinstance(row[name], list) else row[name]


def fastest(rows, figure=median):
    return max(rows, key=figure) if rows else None


def told(row):
    way = " ".join(str(row[k]) for k in ("mode", "variant", "head") if k in row and row["name"] != "generate_relook")
    return f"{way + ' ' if way else ''}{row['dtype']} batch {row['batch']}" + (f" banks of {row['bank']}" if "bank" in row else "")


def show(what, ours, our_figure, peer, peer_figure):
    print(f"{what}: ours {our_figure:,.1f} tokens/s ({told(ours)}), peer {peer_figure:,.1f} ({told(peer)}), ratio {our_figure / peer_figure:.2f}")


def machine(rows):
    own = [r for r in rows if "cpu" in r]
    print(f"{own[0]['size']}, {own[0]['threads']} threads, {own[0]['cpu']}; others kept at most {max(r['others_busy_cores'] for r in own)} cores busy (above 0.2: measure again)")


def useful_share(lengths, row):
    """What a peer that runs each batch to its longest row makes of lengths that differ, against its figure at equal lengths."""
    lengths, size = lengths[:row["sequences"]], row["batch"]
    return sum(lengths) / sum(len(b) * max(b) for b in (lengths[i:i + size] for i in range(0, len(lengths), size)))


def generate(rows, workload):
    work = json.loads((Path(workload) / "workload.json").read_text())
    lengths, longest = [len(c["ids"]) for c in work["completions"]], work["settings"]["new_tokens"]
    of = lambda name, **want: [r for r in rows if r["name"] == name and all(r.get(k) == v for k, v in want.items())]
    machine(rows)
    hf, ours = of("generate_hf"), [r for r in of("generate_relook") if r["image"] != "none"]
    same, differ = (fastest([r for r in ours if r["mode"] == m]) for m in ("same", "differ"))
    rows_of = f"{same['sequences']} rows, image {same['image']}"
    best = fastest(hf)
    show(f"{rows_of}, {longest} tokens each, Hugging Face's fastest", same, median(same), best, median(best))
    stopped = lambda r: median(r) * useful_share(lengths, r)
    best = fastest(hf, stopped)
    show(f"{rows_of}, lengths that differ, Hugging Face's fastest", differ, median(differ), best, stopped(best))
    for row in (same, differ):
        print(f"  share of the matmul peak ({row['mode']}, {row['dtype']}): {row['share_of_matmul_peak'][1]}; most memory {row['peak_rss_gb']} GiB")
    decoded = lambda r: median(r, "decode_tokens_per_s")
    if text := fastest(of("generate_relook", image="none"), decoded):
        for mode, what in (("dist", "llama.cpp"), ("none", "llama.cpp without sampling, a bound")):
            if best := fastest(of("generate_llamacpp", mode=mode), decoded):
                show(f"decoding of the text alone, {what}", text, decoded(text), best, decoded(best))
    if floor := fastest(of("floor_decode")):
        mine = fastest([r for r in ours if r["mode"] == "same"], decoded)
        show("decoding, the plainest loop (no peer: a floor)", mine, decoded(mine), floor, median(floor))


def over_rounds(rows):
    """One line of each side's way out of those of all rounds: the median of the medians, the least and the most of all."""
    rounds = {}
    for row in rows:
        rounds.setdefault(tuple(row.get(k) for k in ("name", "variant", "head", "dtype", "sequences", "checkpointing")), []).append(row)
    for same in rounds.values():
        one = dict(same[0])
        for name, value in one.items():
            if isinstance(value, list):
                lists = [row[name] for row in same]
                one[name] = [min(x[0] for x in lists), statistics.median(x[1] for x in lists), max(x[2] for x in lists)]
        one["peak_rss_gb"], one["others_busy_cores"] = (max(row[k] for row in same) for k in ("peak_rss_gb", "others_busy_cores"))
        yield one


def train(rows):
    """Each variant and arithmetic against the faster of the peer's ways; all first losses must agree."""
    rows = list(over_rounds(rows))
    machine(rows)
    speed = lambda r: median(r, "useful_tokens_per_s")
    wrong = 0
    for ours in (r for r in rows if r["name"] in ("grpo_relook", "sft_relook")):
        stage = ours["name"].split("_")[0]
        same = lambda r: all(r[k] == ours[k] for k in ("variant", "dtype", "sequences", "checkpointing"))
        peers = [r for r in rows if r["name"] in ("grpo_trl", "sft_hf") and r["name"].startswith(stage) and same(r)]
        if not peers:
            continue
        best = fastest(peers, speed)
        show(f"{stage} {ours['variant']}, {ours['sequences']} sequences, image {ours['image']}", ours, speed(ours), best, speed(best))
        for peer in peers:
            allowed = 1e-4 if ours["dtype"] == "float32" else 0.1
            agree = abs(ours["loss"] - peer["loss"]) <= allowed * abs(peer["loss"]) + 5e-7      # the peers print six decimals
            wrong += not agree
            print(f"  {peer.get('head', 'model')}: {speed(peer):,.1f}; first loss: ours {ours['loss']}, peer {peer['loss']}: {'agree' if agree else 'DISAGREE'}; "
                  f"share of the matmul peak (a prompt counted for each sample): ours {ours['share_of_matmul_peak'][1]}, peer {peer['share_of_matmul_peak'][1]}; most memory: ours {ours['peak_rss_gb']} GiB, peer {peer['peak_rss_gb']} GiB")
        for part in ("forward_backward_s", "optimizer_s"):
            print(f"  {part}: ours {ours[part][1]}, peer {best[part][1]}")
    return 1 if wrong else 0


def batches(workload, prompts, sizes):
    """The sizes that the workload fills; its number of rows where it fills none."""
    s = json.loads((Path(workload) / "workload.json").read_text())["settings"]
    most = min(int(prompts) or s["prompts"], s["prompts"]) * s["samples"]
    print(*([b for b in sizes if int(b) <= most] or [most]))


def shape(model, workload):
    s = json.loads((Path(workload) / "workload.json").read_text())["settings"]
    print(json.loads((Path(model) / "bench.json").read_text())["size"], s["samples"], s["new_tokens"])


def main():
    what, *rest = sys.argv[1:]
    if what == "batches":
        batches(rest[0], rest[1], rest[2:])
    elif what == "shape":
        shape(*rest)
    else:
        rows = [json.loads(line) for line in Path(rest[0]).read_text().splitlines()]
        sys.exit(generate(rows, rest[1]) if what == "generate" else train(rows))


if __name__ == "__main__":
    main()
