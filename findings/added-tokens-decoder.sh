#!/usr/bin/env bash
# A token added to tokenizer.json is silently no token any more in transformers 5.23.0 where tokenizer_config.json has an added_tokens_decoder.
#
# Qwen2Tokenizer of transformers 5 rebuilds the tokenizer from vocabulary and merges; its added tokens come from added_tokens_decoder alone. The tokenizers
# library, and transformers 4.57.6, take the same folder's tokenizer.json at its word. So the same text has other ids, and no version says a word.
# Exits non-zero when that changes. Needs python3 with venv and a package index.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >make.py <<'P'
import json
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
tok = Tokenizer(models.BPE(vocab={c: i for i, c in enumerate(letters)}, merges=[]))
tok.pre_tokenizer, tok.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
tok.add_special_tokens(["<|endoftext|>", "<|im_end|>"])
decoder = {str(i): dict(content=t.content, lstrip=False, normalized=False, rstrip=False, single_word=False, special=True) for i, t in tok.get_added_tokens_decoder().items()}
tok.add_tokens([AddedToken("<answer>", normalized=False)])       # later, by the tokenizers library
tok.save("tokenizer.json")
json.dump(dict(tokenizer_class="Qwen2Tokenizer", eos_token="<|im_end|>", pad_token="<|endoftext|>", added_tokens_decoder=decoder), open("tokenizer_config.json", "w"))
json.dump(dict(model_type="qwen2"), open("config.json", "w"))
P
cat >ask.py <<'P'
import sys, tokenizers, transformers
from transformers import AutoTokenizer
own = tokenizers.Tokenizer.from_file("tokenizer.json").encode("a<answer>b", add_special_tokens=False).ids
ids = AutoTokenizer.from_pretrained(".").encode("a<answer>b", add_special_tokens=False)
print(f"tokenizers {tokenizers.__version__}: {own}   transformers {transformers.__version__}: {ids}")
sys.exit((ids == own) != (sys.argv[1] == "same"))
P
for case in "4.57.6 same" "5.23.0 other"; do
  set -- $case
  python3 -m venv "v$1"
  "v$1/bin/pip" -q install "transformers==$1" >/dev/null
  [ -e tokenizer.json ] || "v$1/bin/python" make.py
  HF_HUB_OFFLINE=1 "v$1/bin/python" ask.py "$2" 2>/dev/null
done
