"""Tables as people publish them, for TestPublishedTables.

python -m venv v && v/bin/pip install datasets==5.2.0 pandas==3.1.1 pyarrow==26.0.1 deltalake==1.6.6 polars==2.1.0 pillow==13.0.0
v/bin/python make.py
"""

import io
import shutil

import deltalake
import pandas
import polars
import pyarrow
import pyarrow.parquet
from datasets import Dataset, Features, Image, List, Value
from PIL import Image as Pillow


def picture(width, colour):
    out = io.BytesIO()
    Pillow.new("RGB", (width, 20), colour).save(out, "png")
    return out.getvalue()


RED, BLUE = picture(21, "red"), picture(22, "blue")

# Hugging Face: one picture and several, struct<bytes, path>.
Dataset.from_dict(
    {
        "question": ["<image>\nWhat colour?", "Is it <image> or <image>?", "No picture?"],
        "answer": ["red", "the first", "none"],
        "image": [Pillow.open(io.BytesIO(RED)), {"bytes": BLUE, "path": "b.png"}, None],
        "images": [[{"bytes": RED, "path": None}], [{"bytes": RED, "path": "a.png"}, Pillow.open(io.BytesIO(BLUE))], []],
        "choices": [["A. red", "B. blue"], ["left", "right"], ["(A) yes", "(B) no"]],
    },
    features=Features(
        {
            "question": Value("string"),
            "answer": Value("string"),
            "image": Image(),
            "images": List(Image()),
            "choices": List(Value("string")),
        }
    ),
).to_parquet("datasets.parquet")

# pandas: a column with a gap is one of doubles; dicts become structs; paths are all None.
pandas.DataFrame(
    {
        "id": [17.0, 18.0, None],
        "question": ["How many?", "How long?", "How far?"],
        "answer": [3.0, 2.5, None],
        "level": [1.0, None, 3.0],
        "choices": [[3.0, 4.0], [2.5, 1e-05], [12345678901.0, 1.0]],
        "image": [{"bytes": RED, "path": None}, {"bytes": BLUE, "path": None}, {"bytes": RED, "path": None}],
    }
).to_parquet("pandas.parquet")

# pyarrow: large types, a dictionary, bytes alone.
pyarrow.parquet.write_table(
    pyarrow.table(
        {
            "question": pyarrow.array(["One?", "Two?"], pyarrow.large_string()),
            "answer": pyarrow.array(["yes", "no"]).dictionary_encode(),
            "image": pyarrow.array([{"bytes": RED}, {"bytes": BLUE}], pyarrow.struct([("bytes", pyarrow.large_binary())])),
            "images": pyarrow.array([[RED, BLUE], [BLUE]], pyarrow.large_list(pyarrow.large_binary())),
        }
    ),
    "pyarrow.parquet",
)

# polars keeps NaN.
polars.DataFrame(
    {"question": ["Six?", "Nothing?"], "answer": [6.0, float("nan")], "image": [RED, BLUE]}
).write_parquet("polars.parquet")

# A Delta table by delta-rs, in two commits.
shutil.rmtree("delta-rs", ignore_errors=True)
rows = pyarrow.table(
    {
        "question": ["Which?", "Where?"],
        "answer": [1.0, 2.0],
        "image": pyarrow.array(
            [{"bytes": RED, "path": "r.png"}, {"bytes": BLUE, "path": "b.png"}],
            pyarrow.struct([("bytes", pyarrow.binary()), ("path", pyarrow.string())]),
        ),
    }
)
deltalake.write_deltalake("delta-rs", rows.slice(0, 1))
deltalake.write_deltalake("delta-rs", rows.slice(1), mode="append")
