"""Rebuilds the layout of the published Qwen2.5-VL-Instruct checkpoints around the small model beside it, and tells what transformers makes of it.

    python make_published.py            # writes the side files and expected.json; weights are ../model-b's
    python make_published.py --check    # only compares: run it with each version (seen: 5.23.0 and 4.57.6)

The layout: a flat config.json with `rope_theta` and `rope_scaling` of type mrope; a preprocessor_config.json with `min_pixels` and `max_pixels`;
a tokenizer_config.json that carries the template of texts and tools; a chat_template.json that carries the one with pictures. Both templates are written
here, with the constructs of the published ones. Needs torch, torchvision, transformers, safetensors, Pillow.
"""
import json, shutil, sys, tempfile
from pathlib import Path

import torch
import transformers
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor, AutoTokenizer

HERE = Path(__file__).resolve().parent
MODEL, PICTURE = HERE.parent / "model-b", HERE.parent / "images" / "rgb.png"

WITH_PICTURES = (
    "{% set image_count = namespace(value=0) %}{% for message in messages %}"
    "{% if loop.first and message['role'] != 'system' %}<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n{% endif %}"
    "<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n"
    "{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'image' or 'image' in content or 'image_url' in content %}"
    "{% set image_count.value = image_count.value + 1 %}{% if add_vision_id %}Picture {{ image_count.value }}: {% endif %}"
    "<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif 'text' in content %}{{ content['text'] }}{% endif %}{% endfor %}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}")
WITH_TOOLS = (
    "{%- if tools %}\n    {{- '<|im_start|>system\\nYou may call:' }}\n    {%- for tool in tools %}\n        {{- '\\n' }}\n        {{- tool | tojson }}\n"
    "    {%- endfor %}\n    {{- '<|im_end|>\\n' }}\n{%- elif messages[0]['role'] != 'system' %}\n"
    "    {{- '<|im_start|>system\\nYou answer texts.<|im_end|>\\n' }}\n{%- endif %}\n{%- for message in messages %}\n"
    "    {{- '<|im_start|>' + message.role + '\\n' + (message.content if message.content is string else '') + '<|im_end|>' + '\\n' }}\n{%- endfor %}\n"
    "{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n{%- endif %}\n")

IMAGE = {"type": "image"}
CHATS = [[dict(role="user", content="Hello")],
         [dict(role="user", content=[IMAGE, dict(type="text", text="How many red circles are in the image?")])],
         [dict(role="system", content="Be brief."), dict(role="user", content=[dict(type="text", text="First "), IMAGE, dict(type="text", text=" then "), IMAGE]),
          dict(role="assistant", content="A <answer>3</answer>"), dict(role="user", content="Sure?")]]


def make():
    nested = json.loads((MODEL / "config.json").read_text())
    text = nested.pop("text_config")
    for key in ("model_type", "architectures", "layer_types"):
        text.pop(key)
    text["rope_scaling"] = dict(type="mrope", mrope_section=text["rope_scaling"]["mrope_section"])
    nested["torch_dtype"] = nested.pop("dtype")
    vision = nested["vision_config"]
    vision["in_chans"] = vision.pop("in_channels")
    vision["spatial_patch_size"] = vision["patch_size"]
    write("config.json", {**text, **nested, "transformers_version": "4.41.2"})
    write("preprocessor_config.json", dict(
        min_pixels=784, max_pixels=50176, patch_size=14, temporal_patch_size=2, merge_size=2, image_mean=[0.48145466, 0.4578275, 0.40821073],
        image_std=[0.26862954, 0.26130258, 0.27577711], image_processor_type="Qwen2VLImageProcessor", processor_class="Qwen2_5_VLProcessor"))
    tokenizer = json.loads((MODEL / "tokenizer_config.json").read_text())
    write("tokenizer_config.json", {**tokenizer, "chat_template": WITH_TOOLS})
    write("chat_template.json", dict(chat_template=WITH_PICTURES))
    for name in ("generation_config.json", "tokenizer.json"):
        shutil.copy(MODEL / name, HERE / name)


def write(name, value):
    (HERE / name).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


@torch.no_grad()
def told():
    """What AutoProcessor and the model class make of the folder."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        for file in list(MODEL.glob("model*")) + [f for f in HERE.iterdir() if f.suffix == ".json" and f.name != "expected.json"]:
            shutil.copy(file, folder)
        processor = AutoProcessor.from_pretrained(folder)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        model = AutoModelForImageTextToText.from_pretrained(folder, torch_dtype=torch.float32).eval()
        chats = [dict(messages=c, add_generation_prompt=g, text=processor.apply_chat_template(c, add_generation_prompt=g)) for c in CHATS for g in (True, False)]
        prompt = processor.apply_chat_template(CHATS[1], add_generation_prompt=True)
        inputs = processor(text=[prompt], images=[Image.open(PICTURE).convert("RGB")], return_tensors="pt")
        return dict(
            chats=chats, tokenizers_own=tokenizer.apply_chat_template(CHATS[0], tokenize=False),
            special_tokens={k: v for k, v in tokenizer.special_tokens_map.items() if isinstance(v, str)},
            input_ids=inputs["input_ids"][0].tolist(), grid_thw=inputs["image_grid_thw"].tolist(),
            last_logits=model(**inputs).logits[0, -1].tolist())


def main():
    if "--check" not in sys.argv:
        make()
    now = told()
    if "--check" not in sys.argv:
        write("expected.json", dict(transformers=transformers.__version__, **now))
    before = json.loads((HERE / "expected.json").read_text())
    differ = [k for k in now if k != "last_logits" and now[k] != before[k]]
    worst = max(abs(a - b) for a, b in zip(now["last_logits"], before["last_logits"]))
    print(f"transformers {transformers.__version__}: differs in {differ or 'nothing'}; logits by {worst:.2g} at most, from those of {before['transformers']}")
    sys.exit(bool(differ) or worst > 1e-4)


if __name__ == "__main__":
    main()
