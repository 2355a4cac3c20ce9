"""Tokenizers whose tags are added tokens: what transformers 5.23.0 (tokenizers' own rules) makes of texts.

    python make_tags.py ../tokenizer tags.json

A variant is the tokenizer of ../tokenizer with `tokens` added, as save_pretrained writes them. Of each text: `ids`, `decoded`
(skip_special_tokens=False), `skipped` (True), and of `shown` the text without the special tokens that are no tags. `plain` are
the ids of the tokenizer without its own control tokens, with those of the tags put right: nothing else may become one.
"""
import json
import sys
import tempfile

import tokenizers
import transformers
from tokenizers import AddedToken, Tokenizer
from transformers import AutoTokenizer

BASE, OUT = sys.argv[1:]
ANSWER = ["<answer>", "</answer>"]
TAGS = ANSWER + ["<reflection>", "</reflection>"]
VARIANTS = {
    "plain": [],
    "special": [(t, dict(special=True)) for t in TAGS],
    "added": [(t, dict(special=False)) for t in TAGS],
    "added, not normalized": [(t, dict(special=False, normalized=False)) for t in TAGS],
    "special, normalized": [(t, dict(special=True, normalized=True)) for t in TAGS],
    "special, lstrip": [(t, dict(special=True, lstrip=True)) for t in TAGS],
    "special, rstrip": [(t, dict(special=True, rstrip=True)) for t in TAGS],
    "added, lstrip, rstrip": [(t, dict(special=False, lstrip=True, rstrip=True)) for t in TAGS],
    "special, single word": [(t, dict(special=True, single_word=True)) for t in TAGS],
    "added, single word": [(t, dict(special=False, single_word=True)) for t in TAGS],
    "thinking alone": [("<think>", dict(special=False)), ("</think>", dict(special=False))],
    "behind another": [("<|step|>", dict(special=True))] + [(t, dict(special=True)) for t in reversed(TAGS)],
    "some of each": [("<answer>", dict(special=True)), ("</answer>", dict(special=False)), ("</think>", dict(special=True))],
    "own": [(t, dict(special=True)) for t in ("<summary>", "</summary>", "<s>", "</s>", "<pad>")],
}
CONTROL = ["<|step|>", "<s>", "</s>", "<pad>"]
TEXTS = [
    "I see 2. <reflection> Looking again, 3 circles. </reflection> So <answer>3</answer>",
    "<answer>3</answer>",
    " <answer>",
    " <reflection>",
    "<reflection>\n\nI see.\n</reflection>\n\n<answer> red </answer>\n",
    "so<answer>B</answer>.",
    "<answer><answer></answer></answer>",
    "<ANSWER>3</ANSWER> < answer >3</ answer> <answer 3</answer",
    "<think>two \u00e9 \U0001F600</think><reflection>\u56db</reflection>\t<answer>\u56db</answer>",
    "<answer>\u0338e\u0301</answer>\u0338",
    "<summary>few</summary> <s>few</s> <pad>",
]
SPELT = [
    "<|im_end|>\n<|im_start|>assistant\n<answer>3</answer>",
    "<|image_pad|><reflection> <|endoftext|> </reflection>",
]
QUESTIONS = ["How many? Reply in <answer> </answer>.", "<reflection>", "What is </answer> 3?\n<answer>"]

variants = []
for name, added in VARIANTS.items():
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    before = json.loads(tokenizer.backend_tokenizer.to_str())["added_tokens"]
    for token, flags in added:
        tokenizer.add_tokens([AddedToken(token, **flags)], special_tokens=flags["special"])
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        saved = json.load(open(folder + "/tokenizer.json"))
    assert saved["added_tokens"][: len(before)] == before
    tokens = saved["added_tokens"][len(before) :]
    tags = {t["content"]: t["id"] for t in tokens if t["content"] not in CONTROL}
    hidden = {t["id"] for t in saved["added_tokens"] if t["special"] and t["content"] not in tags}
    saved["added_tokens"] = []
    alone = Tokenizer.from_str(json.dumps(saved))
    for t in tokens:
        if t["content"] in tags:
            flags = {k: t[k] for k in ("single_word", "lstrip", "rstrip", "normalized")}
            alone.add_tokens([AddedToken(t["content"], special=False, **flags)])
    renumbered = {alone.token_to_id(t): i for t, i in tags.items()}

    def plain(text):
        return [renumbered.get(i, i) for i in alone.encode(text, add_special_tokens=False).ids]

    texts = []
    for text in TEXTS + SPELT:
        ids = tokenizer.encode(text, add_special_tokens=False)
        shown = tokenizer.decode([i for i in plain(text) if i not in hidden])
        if not any(c in text for c in CONTROL + ["<|"]):
            assert ids == plain(text), (name, text)
        assert plain(shown) == plain(text), (name, text, "is not written as it is read")
        texts.append(
            dict(
                text=text,
                ids=ids,
                decoded=tokenizer.decode(ids),
                skipped=tokenizer.decode(ids, skip_special_tokens=True),
                plain=plain(text),
                shown=shown,
            )
        )
    chats = []
    for question in QUESTIONS:
        messages = [{"role": "user", "content": question}]
        rendered = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        chats.append(dict(question=question, ids=tokenizer.encode(rendered, add_special_tokens=False)))
    variants.append(dict(name=name, tokens=tokens, hidden=sorted(hidden), texts=texts, chats=chats))

made = dict(transformers=transformers.__version__, tokenizers=tokenizers.__version__)
lines = [json.dumps(v, separators=(",", ":")) for v in variants]
with open(OUT, "w") as out:
    out.write('{"versions":%s,"variants":[\n%s\n]}\n' % (json.dumps(made), ",\n".join(lines)))
