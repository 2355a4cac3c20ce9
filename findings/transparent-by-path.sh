#!/usr/bin/env bash
# transformers 5.23.0 shows one model two different pictures of the same transparent PNG, by how the file is handed in.
# Image.open(path) given to the processor gets a white ground (image_transforms.convert_to_rgb, new since 4.57.6); the path itself, which the processor
# opens by load_image, loses its alpha first (image.convert("RGB")): a black drawing on a transparent ground is then all black.
# Expected: the same pixel_values. Prints both; ends with 0 while they differ so, with 1 when that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet transformers==5.23.0 pillow==13.0.0 numpy==2.4.6
cd "$folder"
venv/bin/python - <<'PYTHON'
import sys
import PIL
import transformers
from PIL import Image
from transformers import Qwen2VLImageProcessorPil

drawing = Image.new("RGBA", (56, 56), (0, 0, 0, 0))
drawing.paste((0, 0, 0, 255), (20, 20, 36, 36))
drawing.save("drawing.png")
processor = Qwen2VLImageProcessorPil(min_pixels=3136, max_pixels=3136)
print("transformers", transformers.__version__, "pillow", PIL.__version__)
seen = {}
for name, image in (("Image.open(path)", Image.open("drawing.png")), ("path (fetch_images)", processor.fetch_images("drawing.png"))):
    values = processor(images=[image], return_tensors="np")["pixel_values"]
    seen[name] = (float(values.min()), float(values.max()))
    print(f"{name:20} pixel_values from {values.min():.2f} to {values.max():.2f}")
opened, fetched = seen.values()
sys.exit(0 if opened[1] > 1.9 and fetched[1] < -1.4 else 1)
PYTHON
