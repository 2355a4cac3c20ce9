"""Opens a checkpoint that Relook wrote in transformers, as it is, and writes what it computes as a folder for `./relook parity`.

    python tests/open_in_transformers.py CHECKPOINT OUT PICTURE [PICTURE ...]      then      ./relook parity OUT

One question to each picture, and one without: log-probabilities of the prompt's own tokens, the logits behind it, and 24 greedy tokens, float32.
Needs torch, transformers, safetensors and Pillow.
"""
import json, os, shutil, sys
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import AutoModelForImageTextToText, AutoProcessor


def prompt_of(processor, picture, question):
    content = ([{"type": "image"}] if picture else []) + [{"type": "text", "text": question}]
    return processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)


@torch.no_grad()
def case(model, processor, picture, question, new_tokens=24):
    text = prompt_of(processor, picture, question)
    inputs = processor(text=[text], images=[Image.open(picture).convert("RGB")] if picture else None, return_tensors="pt")
    ids = inputs["input_ids"]
    logits = model(**inputs).logits[0].float()
    own = torch.log_softmax(logits[:-1], -1).gather(1, ids[0, 1:, None])[:, 0]
    made = model.generate(**inputs, do_sample=False, min_new_tokens=new_tokens, max_new_tokens=new_tokens, output_logits=True, output_scores=True,
                          return_dict_in_generate=True)
    new = made.sequences[0, ids.shape[1]:]
    steps = torch.log_softmax(torch.stack(made.logits)[:, 0].float(), -1)
    best = torch.stack(made.scores)[:, 0].float().topk(2, -1).values      # without the tokens that would end too early
    grid = inputs["image_grid_thw"].tolist() if picture else []
    told = {"prompt": text, "images": [Path(picture).name] if picture else [], "input_ids": ids[0].tolist(), "grid_thw": grid, "greedy": new.tolist()}
    return told, {"logprobs": own, "last_logits": logits[-1], "greedy_logprobs": steps.gather(1, new[:, None])[:, 0], "greedy_top2": best}


def main():
    checkpoint, out, *pictures = sys.argv[1:]
    checkpoint, out = Path(checkpoint).resolve(), Path(out)
    torch.set_num_threads(1)
    model = AutoModelForImageTextToText.from_pretrained(checkpoint, torch_dtype=torch.float32).eval()
    processor = AutoProcessor.from_pretrained(checkpoint)
    (out / "images").mkdir(parents=True, exist_ok=True)
    (out / "checkpoint").mkdir(exist_ok=True)
    for file in checkpoint.iterdir():
        if file.is_file() and not (out / "checkpoint" / file.name).exists():
            os.symlink(file, out / "checkpoint" / file.name)
    cases, tensors = {}, {}
    questions = [(None, "What is two and two?")] + [(p, "How many shapes are in the image?") for p in pictures]
    for i, (picture, question) in enumerate(questions):
        if picture:
            shutil.copy(picture, out / "images")
        cases[f"case{i}"], values = case(model, processor, picture, question)
        tensors |= {f"case{i}.{name}": value.contiguous() for name, value in values.items()}
    (out / "checkpoint" / "goldens.json").write_text(json.dumps({"spec": {}, "cases": cases}))
    save_file(tensors, out / "checkpoint" / "goldens.safetensors")
    print(f"{len(cases)} cases in {out}: ./relook parity {out}")


if __name__ == "__main__":
    main()
