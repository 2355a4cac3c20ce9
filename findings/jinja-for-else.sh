#!/usr/bin/env bash
# Jinja2's for … else with the loop controls that transformers switches on for chat templates: the
# else block runs after iterations that took place, where each of them ended by continue, or the
# first one by break. The documentation says it runs "if no iteration took place". A renderer that
# follows the documentation writes other text than transformers, without an error.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "jinja2==3.1.6" "markupsafe==3.0.3"
"$folder/venv/bin/python" - <<'PYTHON'
import jinja2

print("jinja2", jinja2.__version__)
env = jinja2.Environment(extensions=["jinja2.ext.loopcontrols"])
wanted = {
    # Messages are skipped one by one; the else block speaks although the loop ran twice.
    "{% for m in ['a', 'b'] %}{% continue %}{% else %}no messages{% endfor %}": "no messages",
    # break in the first iteration: else runs; Python's own for … else would not run it either.
    "{% for m in ['a', 'b'] %}[{{ m }}]{% break %}{% else %}no messages{% endfor %}": "[a]no messages",
    # break in the second one: else does not run.
    "{% for m in ['a', 'b'] %}{% if loop.last %}{% break %}{% endif %}[{{ m }}]{% else %}no messages{% endfor %}": "[a]",
}
for template, text in wanted.items():
    seen = env.from_string(template).render()
    print(template, "->", repr(seen))
    assert seen == text, (seen, text)
PYTHON
