#!/usr/bin/env bash
# tokenizers 0.23.3 reads no id of `added_tokens` in tokenizer.json: tokens that the model's vocabulary lacks are numbered in their order,
# from the vocabulary's size on. Whoever takes one added token out of the file (or leaves a gap) moves the ids of those behind it, without
# an error or a Python warning; transformers then asks the model for other embeddings. Ids stay only where the vocabulary has the token.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/v"
"$work/v/bin/pip" install -q --disable-pip-version-check tokenizers==0.23.3
cat > "$work/try.py" <<'PY'
import json
import sys
import warnings

import tokenizers
from tokenizers import AddedToken, Tokenizer, models

print("tokenizers", tokenizers.__version__)
warnings.simplefilter("error")
whole = Tokenizer(models.BPE(vocab={"a": 0, "b": 1}, merges=[]))
whole.add_tokens([AddedToken("<one>"), AddedToken("<two>")])
file = json.loads(whole.to_str())
print("saved:", {t["content"]: t["id"] for t in file["added_tokens"]})
del file["added_tokens"][0]
print("in the file without <one>:", {t["content"]: t["id"] for t in file["added_tokens"]})
read = Tokenizer.from_str(json.dumps(file))
print("read again: <two> is", read.token_to_id("<two>"), "and a<two> is", read.encode("a<two>").ids)
file["model"]["vocab"]["<two>"] = 3
kept = Tokenizer.from_str(json.dumps(file))
print("with <two> in the vocabulary:", kept.token_to_id("<two>"))
same = (whole.token_to_id("<two>"), read.token_to_id("<two>"), kept.token_to_id("<two>")) == (3, 2, 3)
sys.exit(0 if same else 1)
PY
"$work/v/bin/python" "$work/try.py"
