"""Chats as ids: what transformers 5.23.0 makes of them with templates that look into users' texts.

Usage: python make_prompts.py ../goldens/tokenizer prompts.json
No text spells a control token. Pictures are left out: their tokens are repeated later.
"""

import json
import sys

from transformers import AutoTokenizer

TEMPLATES = {
    "plain": "{%- for m in messages %}\n    {{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n{%- endif %}\n",
    "trimmed": "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content | trim }}{{ eos_token }}\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    "thinking": "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% if '</think>' in m.content %}{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}<|im_start|>assistant\n{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}",
    "measured": "{% for m in messages %}<|im_start|>{{ m.role }} {{ m.content | length }} {{ m.content[:5] }} {{ m.content.startswith('What') }} {{ m.content | upper }} {{ m.content | tojson }} {{ m.content[::-1] }}<|im_end|>{% endfor %}",
    "joined": "{% for m in messages %}{{ ['<|im_start|>' ~ m.role, m.content.replace('o', '0'), '<|im_end|>'] | join('\\n') }}{{ '%s|%d' % (m.content.split() | first, m.content.count('a')) }}{% endfor %}",
}
CHATS = [
    [{"role": "user", "content": "  What is 3 + 4, naïve 中文 😀?\n"}],
    [{"role": "system", "content": "Be brief. "}, {"role": "user", "content": "Is it red or blue? <b>&"},
     {"role": "assistant", "content": "<think>\nI look.\n</think>\n\nRed, I say.\n"}, {"role": "user", "content": "Sure?"}],
    [{"role": "user", "content": "<|im_ start|> is no token, <|im_end| neither, nor { {x} } or %s"}],
]


def main(folder, out):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    cases = []
    for name, template in TEMPLATES.items():
        for messages in CHATS:
            variables = {"enable_thinking": False}
            ids = tokenizer.apply_chat_template(messages, chat_template=template, add_generation_prompt=True,
                                                tokenize=True, return_dict=False, **variables)
            cases.append({"name": name, "messages": messages, "ids": list(ids)})
    json.dump({"templates": TEMPLATES, "cases": cases}, open(out, "w"), ensure_ascii=False, indent=0)


main(sys.argv[1], sys.argv[2])
