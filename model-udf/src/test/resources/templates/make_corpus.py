"""The corpus of chat templates: what transformers 5.23.0 with Jinja2 3.1.6 renders.

Usage: python make_corpus.py corpus.json constructs.json templates.json (the latter two: {name: template}, further templates)
Each template of one or a few constructs is rendered over each chat. Where the real one refuses, the
right value is null and we must refuse too.
"""

import datetime
import json
import sys

from transformers.utils import chat_template_utils

USER = {"role": "user", "content": "Hello <|im_end|> {{ x }}"}
PICTURE = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "What is it?"}]}
TWO = {"role": "user", "content": [{"type": "text", "text": " First "}, {"type": "image"},
                                   {"type": "text", "text": " then\n"}, {"type": "image"}]}
ASSISTANT = {"role": "assistant", "content": "<think>\na.b\n</think>\n\nYes.\n"}
REASONING = {"role": "assistant", "content": "No.", "reasoning_content": "\nIt's\t\"ß\" \\ 😀\n"}
SYSTEM = {"role": "system", "content": "Be brief. 中文 é <b>"}
CALL = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {
    "name": "zoom", "arguments": {"box": [1, 2.5, -3e-7, 1e22], "label": "é<\u2028", "on": True, "n": None}}}]}
TOOL = {"role": "tool", "name": "zoom", "content": "{\"ok\": true}"}
TOOLS = [{"type": "function", "function": {"name": "zoom", "description": "zoom in", "parameters": {
    "type": "object", "properties": {"box": {"type": "array", "items": {"type": "number"}}}, "required": ["box"]}}}]
CHATS = {
    "user": ([USER], {"add_generation_prompt": True}),
    "picture": ([SYSTEM, PICTURE], {"add_generation_prompt": True, "enable_thinking": False}),
    "two pictures": ([TWO, ASSISTANT, PICTURE], {"add_vision_id": True}),
    "turns": ([SYSTEM, USER, REASONING, USER, ASSISTANT], {"enable_thinking": True, "reasoning_effort": "high", "k": 3}),
    "tools": ([SYSTEM, USER, CALL, TOOL, TOOL, ASSISTANT, USER], {"tools": TOOLS, "add_generation_prompt": True}),
}
TOKENS = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
VALUES = "{% set s = 'Hello, World! é' %}{% set n = 7 %}{% set l = [3, 1, 2] %}{% set w = ['b', 'A', 'c'] %}" \
    "{% set d = {'b': 1, 'a': [1, 2], 'C': 'q'} %}{% set ld = [{'k': 'x', 'v': 2}, {'k': 'Y', 'v': 1}, {'k': 'x', 'v': 3}] %}"

# Expressions over the values above and the chat.
EXPRESSIONS = r"""
l | sort(reverse=true)
w | sort | join
w | sort(case_sensitive=true) | join
ld | sort(attribute='v') | map(attribute='v') | list
ld | sort(attribute='k,v') | tojson
ld | groupby('k') | list
ld | groupby('zz', default='-') | list
ld | map(attribute='v') | sum
ld | sum(attribute='v', start=10)
ld | selectattr('v', 'gt', 1) | map(attribute='k') | list
ld | rejectattr('k', 'in', ['x']) | list
ld | selectattr('zz') | list
l | select('odd') | list
l | reject('divisibleby', 3) | list
l | select | list
w | map('upper') | join('+')
w | map('replace', 'b', 'B') | list
[1.5, 2] | map('int') | list
l | batch(2, '_') | list
l | slice(2) | list
l | slice(2, 'f') | list
w | unique | list
['a', 'A', 'b'] | unique(true) | list
d | dictsort
d | dictsort(true)
d.items() | list
d.keys()
d.values() | list
d | items | list
d | length ~ l | count ~ s | length
l | first ~ l | last
[] | first is undefined
l | min ~ l | max ~ ([] | max)
ld | max(attribute='v')
l | reverse | list
s | reverse
s | wordcount
s | upper ~ s | lower ~ s | capitalize
'it\'s foo-bar (baz) ÉCLAIR' | title
'it\'s foo-bar 2nd'.title()
s | center(20) ~ '|'
s | truncate(8) ~ '|' ~ s | truncate(8, true) ~ '|' ~ s | truncate(9, false, '..', 0)
'a\nb\n\nc' | indent ~ '|' ~ 'a\n\nb' | indent(2, true, true)
'a\nb' | indent('> ')
' x\n' | trim ~ '|' ~ 'xxaxx' | trim('x')
'aaa' | replace('a', 'b', 2) ~ 'ab' | replace('', '-')
'%s is %d, %5.2f|%-5s|%05d|%x|%%|%+d|%e|%g' % (s, n, 2.5, 'a', n, 255, 3, 12345.678, 1e-5)
'%(a)s %(b)r' % {'a': 1, 'b': 'x'}
'%s %s' | format('a', 1.0)
'{} {0}'
'{} {} {x!r} {y[a]} {z.b:>5}|{:^7}|{:,}|{:.3f}|{:08.2f}'.format(s, n, 'mid', 1234567, 2.0, 3.14159, x='q', y={'a': 1}, z={'b': 2})
'{0}{1}{0}'.format('a', 'b')
1 / 3 ~ ' ' ~ 7 // 2 ~ ' ' ~ -7 // 2 ~ ' ' ~ 7 % -3 ~ ' ' ~ 2 ** 10 ~ ' ' ~ 2 ** -1 ~ ' ' ~ 7.5 // 2 ~ ' ' ~ -7.5 % 2
[-2 ** 2, 2 ** 3 ** 2, 10 - 2 - 3, 2 * 3 + 4 ** 0.5, -3 | abs, 1 ~ 2 * 3, 7 - 2 * 3 % 4]
[0.1 + 0.2, 1e16, 1e15, 1e-4, 1e-5, 123456789.125, 5e-324, 1.7976931348623157e308, 1e22, 0 / -3, 2.0]
2.5 | round ~ ' ' ~ 3.5 | round ~ ' ' ~ 2.675 | round(2) ~ ' ' ~ 7 | round ~ ' ' ~ 1.21 | round(1, 'ceil') ~ ' ' ~ 1.29 | round(1, 'floor') ~ ' ' ~ 1234 | round(-2)
'12' | int ~ ' ' ~ 'x' | int(-1) ~ ' ' ~ '0x1f' | int(base=16) ~ ' ' ~ ' 3.9 ' | int ~ ' ' ~ '1e3' | float ~ ' ' ~ true | int ~ ' ' ~ none | int(5) ~ ' ' ~ '1_000' | int
-3 | abs ~ ' ' ~ -3.5 | abs
1000 | filesizeformat ~ ' ' ~ 1500000 | filesizeformat(true) ~ ' ' ~ 1 | filesizeformat
'a b&c/é' | urlencode ~ ' ' ~ {'q': 'a b/'} | urlencode
'<a href="x">' | e ~ ('<b>' | safe) ~ ('<i>' | e | upper)
('<b>' | safe) + '<i>'
[1 < 2 < 3, 1 < 2 > 5, 1 == 1.0 == true, 'a' in 'abc' in ['abc'], 1 not in [2], 3 > 2 == true]
[[1, 2] < [1, 3], (1, 2) == [1, 2], {'a': 1} == {'a': 1.0}, 'Z' < 'a', none == none, undefd == nope, '😀' > '\uffff']
not true or 'x' and [] or 'y'
(none or false) ~ (0 or '') ~ (1 and 2) ~ ('' and 1)
'a' if false
('a' if k is defined else 'b') if not add_generation_prompt else 'c'
l[0] ~ l[-1] ~ l[5] ~ l['x'] ~ s[0] ~ s[-1] ~ s[99]
l[1:] ~ l[:-1] ~ l[::-1] ~ l[::2] ~ l[5:] ~ l[-2:] ~ l[2:0:-1]
s[1:4] ~ s[::-1] ~ s[-3:] ~ s[::3] ~ '😀é'[0] ~ '😀é' | length
(1, 2)[::-1] ~ (1,) ~ () ~ range(10)[2:8:3] ~ range(3) ~ range(0, 5, 2) | list
{'a': 1, 'a': 2, 1: 'x', true: 'y', 1.0: 'z', none: 0, (1, 2): 3}
{'items': 5}.items is callable ~ {'items': 5}['items'] ~ {'x': {'y': [1, {'z': 2}]}}.x.y.1.z
d.get('b') ~ d.get('q') ~ d.get('q', 4) ~ d['b'] ~ d.nothing ~ d['nothing'] is defined
d.copy() ~ w.index('A') ~ l.count(3) ~ (1, 2, 1).count(1)
'a,b,,c'.split(',') ~ 'a,b,c'.split(',', 1) ~ ' a  b '.split() ~ ' a  b c'.split(none, 1) ~ 'a.b.c'.rsplit('.', 1) ~ ''.split() ~ ''.split(',')
'a\nb\r\nc\u2028d\x0b'.splitlines() ~ 'a\n'.splitlines(true)
'a-b-c'.partition('-') ~ 'a-b-c'.rpartition('-') ~ 'abc'.partition('x')
'xxaxx'.strip('x') ~ 'abcab'.lstrip('ba') ~ '\u3000a\t'.strip() ~ 'a\n\n'.rstrip('\n')
s.startswith('Hell') ~ s.startswith(('x', 'He')) ~ s.endswith('é') ~ s.startswith('W', 7) ~ s.find('o') ~ s.rfind('o') ~ s.find('zz') ~ s.count('l') ~ s.index('W')
'ab'.join(['1', '2', '3']) ~ 'x'.zfill(3) ~ '-5'.zfill(4) ~ 'a'.ljust(3, '.') ~ 'a'.rjust(3) ~ 'ab'.center(5, '*') ~ 'a\tb'.expandtabs(4)
'aB1'.isalnum() ~ 'ab'.isalpha() ~ '12'.isdigit() ~ '²'.isdigit() ~ '½'.isnumeric() ~ 'a b'.isidentifier() ~ 'AB'.isupper() ~ 'ab'.islower() ~ ' '.isspace() ~ 'Ab Cd'.istitle() ~ ''.isascii()
'straße ΑΣ ǆ'.upper() ~ 'ΑΣ ΑΣΑ'.lower() ~ 'ǆ ßa'.title() ~ 'ß'.capitalize() ~ 'aBc'.swapcase() ~ 'ß'.casefold()
'abc'.removeprefix('a').removesuffix('c') ~ 'abab'.replace('ab', 'x', 1)
'\x41\u00e9\N{BULLET}\101\q\'\"\\' ~ "it's" 'joined'
['it\'s', "\"", '\'"', '\n\t\\\x00\x7f\xa0\u200b😀é', 1.0, true, none, (1,), {}]
'a' ~ 1 ~ 1.5 ~ none ~ true ~ undefd ~ [1, 'a'] ~ {'a': none}
'ab' * 3 ~ [1] * 2 ~ 2 * 'x' ~ [1] + [2] ~ (1,) + (2,) ~ true + 1 ~ 'a' * -1
0x1f ~ ' ' ~ 1_000 ~ ' ' ~ 0b11 ~ ' ' ~ 0o17 ~ ' ' ~ 1.5e3 ~ ' ' ~ 10 ** 25 ~ ' ' ~ 12345678901234567890 * 98765432109876543210
{'b': [1, {'a': none}], 'a': 'é<>&\'"\\\n\u2028', 1: true, none: 1.0, 1.5: [], 'd': {}} | tojson
{'b': 1, 'a': [1, 2, {}], 'c': []} | tojson(indent=2)
{'b': 1, 'a': 'é😀'} | tojson(sort_keys=true, ensure_ascii=true, separators=(',', ':'))
{'b': [1]} | tojson(indent='\t') ~ [1, [2]] | tojson(indent=0)
[1e400, -1e400, 1e16, 0.1, 1e-7, -0.0] | tojson
1 is odd ~ 2 is even ~ 6 is divisibleby 3 ~ none is none ~ undefd is undefined ~ s is string ~ n is number ~ n is integer ~ 1.0 is float ~ true is boolean ~ true is true ~ false is false
d is mapping ~ l is sequence ~ d is sequence ~ l is iterable ~ n is iterable ~ range is callable ~ s is callable ~ undefd is iterable ~ undefd is sequence
s is lower ~ 'A' is upper ~ n is eq 7 ~ n is ne 7 ~ n is gt 3 ~ n is ge(7) ~ n is lt 3 ~ n is le 7 ~ n is in [7] ~ n is equalto 7 ~ none is sameas none
'upper' is filter ~ 'nope' is filter ~ 'odd' is test ~ 'x' is not test ~ s is not none ~ ('a' | e) is escaped
undefd | default('x') ~ '' | default('x') ~ '' | default('x', true) ~ none | d('y', boolean=true) ~ (undefd | length) ~ (undefd | list)
undefd.x
undefd + 1
undefd['x']
undefd()
'a' + 1
1 + none
none.x ~ none['x'] ~ (1).x ~ l.x
l.append(4)
d.update({'x': 1})
'x' in none
[1, 'a'] | sort
{[1]: 2}
1 // 0
range(200000) | length
'abc' | nosuch
'abc' is nosuch
'a' is odd
s.nosuch()
n.x.y
'{}'.format()
'%d' % 'x'
'%s %s' % 'x'
'a'.join([1])
namespace(a=1, b='x').a ~ namespace({'q': 2}).q ~ namespace().z ~ namespace(a=1)
dict(a=1, b=2) ~ dict([('x', 1)]) ~ dict({'a': 1}, a=2)
messages[-1].role ~ messages[0]['content'] is string ~ messages | length ~ messages[0].tool_calls is defined
messages | map(attribute='role') | unique | list
messages | selectattr('role', 'equalto', 'assistant') | map(attribute='content') | map('length') | list
messages | map('tojson') | map('length') | sum
messages | tojson
messages[1:] | tojson(indent=1)
messages | string
messages | rejectattr('content', 'string') | list | length
messages | selectattr('content', 'defined') | selectattr('content', 'string') | map(attribute='content') | map('upper') | join('|')
messages[0].content[:5] ~ messages[-1].content | string | replace('\n', '/')
messages[0] | attr('role') is undefined ~ messages[0] | attr('get') is callable
messages | map(attribute='content.0.type') | list
messages | map(attribute='name', default='-') | join(',')
tools | tojson if tools else 'none'
tools[0].function.parameters.properties.box['items'].type
eos_token ~ (bos_token is defined) ~ (pad_token or 'none')
enable_thinking | default(true) ~ reasoning_effort ~ k
strftime_now('%Y-%m-%d %H:%M:%S %d %b %B %a %A %j %y %I %p %-d %e %F %T %%')
raise_exception('no: ' ~ s)
(messages | first).role ~ (messages | last).content | length
""".strip().splitlines()

# Statements, spaces, scopes.
TEMPLATES = {
    "scope for": "{% set x = 1 %}{% for m in messages %}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}",
    "scope if": "{% set x = 1 %}{% if true %}{% set x = 2 %}{% set y = 3 %}{% endif %}{{ x }}{{ y }}",
    "scope loop keeps": "{% for m in messages %}{{ seen is defined }}{% set seen = 1 %}{% endfor %}",
    "scope shadow": "{% macro f() %}{{ tools }}|{{ k }}{% endmacro %}{{ f() }}{% set k = 1 %}{{ f() }}",
    "scope macro": "{% set x = 1 %}{% macro f(a, b=x, c=a) %}{{ a }}{{ b }}{{ c }}{{ x }}{% endmacro %}{% set x = 5 %}{{ f(2) }}{{ f(2, c=4) }}{{ f() }}",
    "scope with": "{% set a = 1 %}{% with a = 2, b = a %}{{ a }}{{ b }}{% set c = 3 %}{% endwith %}{{ a }}{{ b }}{{ c }}",
    "scope block set": "{% set t %}{% set q = 1 %}x{{ messages | length }}\n{% endset %}{{ t | upper }}{{ q }}",
    "set filter": "{% set t | upper | trim %} a{{ 1 }} {% endset %}[{{ t }}]",
    "set branch": "{% for m in messages %}{% if loop.first %}{% set z = m.role %}{% else %}{% set y = z %}{% endif %}{{ z }}{{ y }};{% endfor %}",
    "namespace": "{% set ns = namespace(n=0, last='') %}{% for m in messages %}{% if m.content is string %}{% set ns.n = ns.n + m.content | length %}{% set ns.last = m.role %}{% endif %}{% endfor %}{{ ns.n }}{{ ns.last }}{{ ns.q is defined }}",
    "namespace twice": "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns.b }}",
    "namespace not": "{% set d = {} %}{% set d.a = 1 %}",
    "namespace dunder": "{% set ns = namespace() %}{% set ns.__x = 1 %}",
    "macro args": "{% macro f(a, b='d') %}{{ a }}{{ b }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1) }}{{ f(1, 2, 3, 4, k=5) }}{{ f(b=1, a=2) }}{{ f.name }}{{ f.arguments }}",
    "macro too many": "{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}",
    "macro unknown": "{% macro f(a) %}{% endmacro %}{{ f(b=2) }}",
    "macro call": "{% macro f(x) %}<{{ caller(x, 'y') }}>{% endmacro %}{% call(a, b) f(3) %}{{ a }}{{ b }}{{ messages | length }}{% endcall %}",
    "macro caller": "{% macro f() %}{{ caller is defined }}{% if caller %}{{ caller() }}{% endif %}{% endmacro %}{{ f() }}{% call f() %}c{% endcall %}",
    "macro recursive": "{% macro f(v) %}{% if v is mapping %}{ {%- for k, x in v.items() %}{{ k }}:{{ f(x) }},{% endfor -%} }{% elif v is iterable and v is not string %}[{% for x in v %}{{ f(x) }};{% endfor %}]{% else %}{{ v }}{% endif %}{% endmacro %}{{ f(messages) }}",
    "macro star": "{% macro f(a, b, c) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ f(*[1, 2], c=3) }}{{ f(**{'a': 1, 'b': 2, 'c': 4}) }}",
    "macro in loop": "{% for m in messages %}{% macro f() %}{{ m.role }}{{ loop.index }}{% endmacro %}{{ f() }}{% endfor %}",
    "macro depth": "{% macro f(n) %}{% if n %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(20) }}",
    "for else": "{% for x in [] %}a{% else %}b{% endfor %}{% for m in messages if m.role == 'nobody' %}a{% else %}c{% endfor %}",
    "for else break": "{% for x in [1] %}{% break %}{% else %}e{% endfor %}{% for x in [1] %}{% continue %}{% else %}f{% endfor %}",
    "for break": "{% for m in messages %}{% if loop.index == 2 %}{% break %}{% endif %}{{ m.role }}{% endfor %}",
    "for continue": "{% for m in messages %}{% if m.role == 'user' %}{% continue %}{% endif %}{{ m.role }}{{ loop.index }}{% endfor %}",
    "for loop": "{% for m in messages %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.cycle('a', 'b') }}{{ loop.changed(m.role) }}{{ loop.previtem.role if loop.previtem }}{{ (loop.nextitem or {}).role }};{% endfor %}",
    "for loop if": "{% for m in messages if m.content is string %}{{ loop.index }}/{{ loop.length }}{{ loop.last }}{{ m.role }};{% endfor %}",
    "for loop in test": "{% for m in messages if loop.index %}{% endfor %}",
    "for nested": "{% for m in messages %}{% set o = loop %}{% for c in m.content %}{{ o.index }}.{{ loop.index }}{% if loop.index > 2 %}{% break %}{% endif %}{% endfor %};{% endfor %}",
    "for unpack": "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% for k, v in messages[0].items() %}{{ k }}={{ v }};{% endfor %}",
    "for unpack bad": "{% for a, b in [1] %}{% endfor %}",
    "for text": "{% for c in 'é😀' %}[{{ c }}]{% endfor %}{% for k in {'a': 1} %}{{ k }}{% endfor %}{% for x in undefd %}x{% endfor %}",
    "for recursive": "{% for x in [[1, [2, 3]], 4] recursive %}{% if x is iterable %}<{{ loop(x) }}>{% else %}{{ x }}@{{ loop.depth }}{% endif %}{% endfor %}",
    "for none": "{% for x in none %}{% endfor %}",
    "for reversed": "{% for m in messages | reverse %}{{ m.role }}{{ loop.index }}{{ loop.length }};{% endfor %}{% for m in messages[::-1] %}{{ m.role }}{% endfor %}",
    "for tuple": "{% for x in 1, 'a', none %}{{ x }};{% endfor %}",
    "loop assign": "{% for x in [1] %}{% set loop = 1 %}{% endfor %}",
    "break outside": "{% break %}",
    "break in macro": "{% for x in [1] %}{% macro f() %}{% break %}{% endmacro %}{% endfor %}",
    "cycler": "{% set c = cycler('a', 'b') %}{% for m in messages %}{{ c.next() }}{{ c.current }}{% endfor %}{% set j = joiner('|') %}{% for m in messages %}{{ j() }}{{ m.role }}{% endfor %}",
    "filter block": "{% filter upper | replace('R', '-') %}{% for m in messages %}{{ m.role }} {% endfor %}{% endfilter %}",
    "generation": "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{{ eos_token }}\n{% endgeneration %}{% else %}{{ m.role }}{% endif %}{% endfor %}",
    "generation scope": "{% set x = 1 %}{% generation %}{% set x = 2 %}{{ x }}{% endgeneration %}{{ x }}",
    "print": "{% print 1, 'a' %}{% print messages | length %}",
    "tuple out": "{{ 1, 'a' }}{{ (1, ) }}",
    "raw": "{% raw %}{{ a }} {% b %} {# c #}{% endraw %}|{%- raw -%}  x {%- endraw -%}  |\n  {% raw %}\n y\n  {% endraw %}\nz",
    "comments": "a {# b #} c\n  {#- d -#}  e\n  {# f #}\ng{#+ h +#}\ni",
    "spaces block": "  {% if true %}  \n  a\n\t{% endif %}\nb  {% if true %} c {% endif %}  \n\n",
    "spaces minus": "a \n {%- if true %} \n b {%- endif -%} \n c",
    "spaces plus": "  {%+ if true +%}\n  a\n  {%+ endif %}\nb",
    "spaces out": "  {{ 1 }}  \n  {{- 2 -}}  \n  {{ 3 }}\n\n{{ 4 }}",
    "spaces qwen3": "{%- for m in messages %}\n    {{- '<|im_start|>' + m.role + '\\n' }}\n    {%- if m.content is string %}\n        {{- m.content }}\n    {%- else %}\n        {%- for c in m.content %}\n            {%- if c.type == 'image' or 'image' in c %}\n                {{- '<|vision_start|><|image_pad|><|vision_end|>' }}\n            {%- elif 'text' in c %}\n                {{- c.text }}\n            {%- endif %}\n        {%- endfor %}\n    {%- endif %}\n    {{- '<|im_end|>\\n' }}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n{%- endif %}\n",
    "newlines": "a\r\nb\rc\n{{ 'x\r\ny' }}\r\n{% if true %}\r\nd\r\n{% endif %}\r\n\r\n",
    "newline last": "a\n\n",
    "braces": "{ {{ {'a': {'b': 1}}['a'] }} } %} }} # {{ '}}' }}{{ '{%' }}",
    "think": "{% for m in messages %}{% if m.content is string and '</think>' in m.content %}{{ m.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') }}|{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% endif %}{{ m.reasoning_content | trim if m.reasoning_content is defined }};{% endfor %}",
    "calls": "{% for m in messages %}{% for t in m.tool_calls %}{% set f = t.function or t %}{\"name\": \"{{ f.name }}\", \"arguments\": {{ f.arguments | tojson }}}{% for k, v in f.arguments | items %}<{{ k }}>{{ v if v is string else v | tojson | safe }}{% endfor %}{% endfor %}{% endfor %}",
    "vision id": "{% set image_count = namespace(value=0) %}{% for m in messages %}{% if m.content is not string %}{% for c in m.content %}{% if c.type == 'image' %}{% set image_count.value = image_count.value + 1 %}{% if add_vision_id %}Picture {{ image_count.value }}: {% endif %}<|image_pad|>{% else %}{{ c.text }}{% endif %}{% endfor %}{% else %}{{ m.content }}{% endif %}{% endfor %}",
    "no system": "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{{ m.role }}{% endfor %}",
    "alternate": "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set first = messages[0]['content'] + '\n\n' %}{% set rest = messages[1:] %}{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}{% for m in rest %}{% if loop.index0 == 0 %}{{ first }}{% endif %}{{ (m.content if m.content is string else '-') | trim }}{% endfor %}",
    "unknown tag": "{% do messages %}",
    "unclosed": "{% if true %}a",
    "unclosed out": "{{ 'a'",
    "stray end": "{% endif %}",
    "bad token": "{{ a ? b }}",
    "soft filter": "{% if false %}{{ 1 | nosuch }}{% endif %}{{ 'a' if true else 1 | nosuch }}ok",
    "self": "{% set self = 1 %}{{ self }}",
    "pass": "{% if true %}{% else %}a{% endif %}{% for m in [] %}{% endfor %}{% set x %}{% endset %}[{{ x }}]",
    "elif": "{% for m in messages %}{% if m.role == 'system' %}S{% elif m.role == 'user' and m.content is string %}U{% elif m.role == 'user' %}P{% else %}{{ m.role[0] | upper }}{% endif %}{% endfor %}",
    "colon": "{% if true: %}a{% endif %}{% for x in [1]: %}{{ x }}{% endfor %}",
    "unicode": "{% set größe = 'ok' %}{{ größe }}{{ '\u00e9' == 'é' }}",
}


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 3, 5, 14, 7, 9)


def main(out, further):
    chat_template_utils.datetime = Fixed
    templates = dict(TEMPLATES)
    for expression in EXPRESSIONS:
        templates["{{ " + expression + " }}"] = VALUES + "{{ " + expression + " }}"
    for file in further:
        templates.update(json.load(open(file)))
    chats = {}
    for name, (messages, options) in CHATS.items():
        chats[name] = {"messages": messages, "add_generation_prompt": False, "tools": None, "documents": None,
                       **TOKENS, **options}
    cases = []
    for name, template in templates.items():
        texts = []
        for variables in chats.values():
            try:
                texts.append(chat_template_utils._compile_jinja_template(template).render(**variables))
            except Exception:
                texts.append(None)
        if any(text and " at 0x" in text for text in texts):
            print("left out, writes an address in memory:", name)
            continue
        same = all(text == texts[0] for text in texts)
        cases.append({"name": name, "template": template, "texts": texts[:1] if same else texts})
    with open(out, "w") as file:
        file.write('{"chats": ' + json.dumps(chats, ensure_ascii=False) + ',\n "cases": [\n')
        file.write(",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]}\n")


main(sys.argv[1], sys.argv[2:])
