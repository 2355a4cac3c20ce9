"""Pictures with the values that the references give them, for TestReferencePictures.

    pip install pillow==13.0.0 numpy==2.4.6     # its wheel holds libwebp 1.6.0
    python make_pictures.py pictures.jsonl      # needs cwebp 1.2.4 (Debian's package webp) on the path

A line a picture: its bytes (or `of` and `cut`: so many of another's first bytes), and what becomes of it on a white ground (transformers 5.23.0:
`image_transforms.convert_to_rgb`, copied below) and with alpha dropped (transformers 4.57.6: `image.convert("RGB")`): width, height, the first nine
values, and sha256 of all; or `error`, what Pillow's `load` raised.
"""
import base64, hashlib, io, json, os, random, struct, subprocess, sys, tempfile, warnings, zlib

import numpy as np
from PIL import Image, ImageDraw, ImageOps

warnings.simplefilter("ignore")
pictures = {}


def scene(w, h, seed, alpha=False):
    rng = random.Random(seed)
    noise = np.random.RandomState(seed).randn(h, w, 3) * rng.choice([0, 10, 40])
    y, x = np.mgrid[0:h, 0:w]
    base = np.stack([128 + 120 * np.sin(x / 5 + seed), 128 + 120 * np.cos(y / 4 + seed), 128 + 100 * np.sin((x + y) / 6)], -1) + noise
    image = Image.fromarray(base.clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(5):
        a, b, r = rng.randrange(w), rng.randrange(h), rng.randrange(1, max(2, min(w, h) // 2))
        draw.ellipse([a - r, b - r, a + r, b + r], fill=tuple(rng.randrange(256) for _ in range(3)))
    if alpha:
        plane = (128 + 127 * np.sin(x / 7 + y / 9 + seed)).clip(0, 255).astype(np.uint8)
        image.putalpha(Image.fromarray((plane > 128).astype(np.uint8) * 255 if seed % 2 else plane))
    return image


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def white_ground(image):  # transformers 5.23.0
    has_alpha = "A" in image.getbands() or image.info.get("transparency") is not None
    if has_alpha:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, (255, 255, 255, 255))
        return Image.alpha_composite(background, image).convert("RGB")
    return image.convert("RGB")


def values(data, convert):
    image = Image.open(io.BytesIO(data))
    image.load()
    rgb = convert(ImageOps.exif_transpose(image))
    raw = rgb.tobytes()
    return dict(width=rgb.width, height=rgb.height, first=list(raw[:9]), sha256=hashlib.sha256(raw).hexdigest())


def record(data):
    try:
        return dict(white=values(data, white_ground), drop=values(data, lambda image: image.convert("RGB")))
    except Exception as e:
        return dict(error=type(e).__name__)


# ------------------------------------------------------------------------------------------------ PNG, BMP
def png(w, h, depth, colour, rows, *chunks):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    header = struct.pack(">IIBBBBB", w, h, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def deep(w, h, colour, seed, *chunks):
    channels = {2: 3, 4: 2, 6: 4}[colour]
    rows = np.random.RandomState(seed).randint(0, 65536, (h, w * channels)).astype(">u2")
    return png(w, h, 16, colour, b"".join(b"\0" + row.tobytes() for row in rows), *chunks)


def bitmap(header, compression, masks):
    body = struct.pack("<IiiHHIIiiII", header, 2, 1, 1, 32, compression, 8, 2835, 2835, 0, 0) + masks
    body += bytes(header - 40) if not masks else bytes(header - len(body)) if header > len(body) else b""
    return b"BM" + struct.pack("<IHHI", 14 + len(body) + 8, 0, 0, 14 + len(body)) + body + bytes([10, 20, 30, 0, 40, 50, 60, 128])


s = scene(9, 7, 2, True)
pictures["rgba.png"] = saved(s, "PNG")
pictures["rgba_interlaced_orientation.png"] = saved(scene(9, 7, 3, True), "PNG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0")
pictures["la.png"] = saved(s.convert("LA"), "PNG")
pictures["rgba16.png"], pictures["la16.png"], pictures["rgb16.png"] = deep(5, 4, 6, 1), deep(5, 4, 4, 2), deep(5, 4, 2, 3)
pictures["drawing.png"] = saved(Image.fromarray(np.dstack([np.zeros((6, 6, 3), np.uint8), (np.arange(36) * 7).reshape(6, 6).astype(np.uint8)])), "PNG")
every = np.array([(a * 37 % 256, c, 255 - c, a) for a in range(256) for c in range(0, 256, 5)], np.uint8).reshape(256, -1, 4)
pictures["every_alpha.png"] = saved(Image.fromarray(every), "PNG")
for n in (2, 4, 16, 200):
    p = scene(11, 6, n).quantize(n)
    pictures[f"palette{n}_alphas.png"] = saved(p, "PNG", transparency=bytes([0, 90]))
    pictures[f"palette{n}_index.png"] = saved(p, "PNG", transparency=1)
pictures["palette_opaque.png"] = saved(scene(11, 6, 5).quantize(8), "PNG")
pictures["gray_key.png"] = saved(s.convert("L"), "PNG", transparency=s.convert("L").getpixel((3, 3)))
pictures["rgb_key.png"] = saved(s.convert("RGB"), "PNG", transparency=s.convert("RGB").getpixel((3, 3)))
pictures["bilevel_key.png"] = saved(s.convert("1"), "PNG", transparency=255)
pictures["bilevel_key_black.png"] = saved(s.convert("1"), "PNG", transparency=0)
pictures["rgb_key_high_bits.png"] = png(2, 1, 8, 2, bytes([0, 1, 2, 3, 4, 5, 6]), (b"tRNS", struct.pack(">3H", 257, 2, 3)))
pictures["rgb_key_short.png"] = png(2, 1, 8, 2, bytes([0, 1, 2, 3, 4, 5, 6]), (b"tRNS", b"\0\1"))
masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
pictures["rgb32.bmp"], pictures["bitfields40.bmp"] = bitmap(40, 0, b""), bitmap(40, 3, masks[:12])
for header in (56, 108, 124):
    pictures[f"bitfields{header}.bmp"] = bitmap(header, 3, masks)
pictures["rgb56.bmp"] = bitmap(56, 0, masks)


# ------------------------------------------------------------------------------------------------ GIF
def gif(screen, place, image, transparent=None, local=False, background=0, palette=True, colours=None):
    """A GIF of one frame: the data are Pillow's, the rest is said here."""
    data = saved(image, "GIF", interlace=0)
    table = data[13:13 + (3 << (data[10] & 7) + 1)]
    at = 13 + len(table)
    while data[at] != 0x2C:
        at += 2
        while data[at]:
            at += 1 + data[at]
        at += 1
    bits, data = data[10] & 7, data[at + 10:]
    if colours is not None:
        table, bits = table[:3 << colours], colours - 1
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, (0x80 if palette and not local else 0) | bits, background, 0)
    out += table if palette and not local else b""
    if transparent is not None:
        out += bytes([0x21, 0xF9, 4, 1, 0, 0, transparent, 0])
    return out + b"," + struct.pack("<HHHHB", *place, *image.size, 0x80 | bits if local else 0) + (table if local else b"") + data


for k in range(8):
    p = scene(13 + k, 9 + 2 * k, k).quantize([2, 4, 7, 16, 100, 256][k % 6])
    pictures[f"whole{k}.gif"] = saved(p, "GIF", interlace=k % 2, **(dict(transparency=k % 3) if k % 4 else {}))
p = scene(12, 10, 9).quantize(16)
pictures["inside_transparent.gif"] = gif((20, 15), (3, 2), p, transparent=3)
pictures["inside_opaque.gif"] = gif((20, 15), (3, 2), p, background=5)
pictures["inside_local.gif"] = gif((20, 15), (8, 5), p, transparent=0, local=True)
pictures["wider_than_the_screen.gif"] = gif((8, 20), (2, 1), p, transparent=200)
pictures["no_palette.gif"] = gif((12, 10), (0, 0), p, palette=False)
pictures["short_palette.gif"] = gif((12, 10), (0, 0), p, transparent=1, colours=2)
pictures["gray.gif"] = saved(scene(20, 9, 4).convert("L"), "GIF")
pictures["long_codes.gif"] = saved(Image.fromarray(np.random.RandomState(1).randint(0, 256, (90, 90)).astype(np.uint8)), "GIF")
for k in range(3):
    frames = [scene(15, 11, 20 + k + 7 * i).quantize(16) for i in range(3)]
    pictures[f"animated{k}.gif"] = saved(frames[0], "GIF", save_all=True, append_images=frames[1:], disposal=k + 1, transparency=k)


# ------------------------------------------------------------------------------------------------ WebP
def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)


def riff(*chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def low24(value):
    return struct.pack("<I", value)[:3]


def parts(webp):
    """Alpha and picture, as chunks."""
    body, found = webp[12:], []
    while body:
        length = struct.unpack("<I", body[4:8])[0]
        if body[:4] != b"VP8X":
            found.append(chunk(body[:4], body[8:8 + length]))
        body = body[8 + length + (length & 1):]
    return found


def extended(flags, w, h, *chunks):
    return riff(chunk(b"VP8X", bytes([flags, 0, 0, 0]) + low24(w - 1) + low24(h - 1)), *chunks)


rng = random.Random(4)
for k, q in enumerate((0, 1, 5, 20, 35, 50, 65, 75, 90, 95, 100)):
    w, h = [(1, 1), (2, 3), (5, 1), (1, 17), (15, 16), (17, 33), (31, 20), (48, 48), (33, 47), (64, 37), (3, 90)][k]
    for alpha in (False, True):
        image = scene(w, h, 30 + 2 * k + alpha, alpha)
        pictures[f"q{q}{'_alpha' if alpha else ''}.webp"] = saved(image, "WEBP", quality=q, method=k % 7, alpha_quality=[100, 60, 0][k % 3], exact=k % 2 == 0)
with tempfile.TemporaryDirectory() as folder:
    for k in range(24):
        scene(rng.randrange(17, 60), rng.randrange(17, 60), 60 + k, k % 2 == 1).save(folder + "/in.png")
        options = ["-q", str(rng.randrange(100)), "-m", str(k % 7), "-segments", str(1 + k % 4), "-f", str([0, 20, 60, 100][k % 4]), "-sharpness", str(k % 8),
                   ["-strong", "-nostrong"][k // 2 % 2], "-sns", str(rng.randrange(101)), "-partition_limit", str(100 * (k % 5 == 0)),
                   "-alpha_method", str(k // 4 % 2), "-alpha_filter", ["none", "fast", "best"][k % 3], "-alpha_q", str([100, 70, 10][k // 3 % 3])]
        subprocess.run(["cwebp", "-quiet", *options, folder + "/in.png", "-o", folder + "/out.webp"], check=True)
        with open(folder + "/out.webp", "rb") as file:
            pictures[f"options{k}.webp"] = file.read()
pictures["lossless.webp"] = saved(scene(23, 17, 1), "WEBP", lossless=True)
pictures["lossless_alpha.webp"] = saved(scene(23, 17, 2, True), "WEBP", lossless=True, exact=True)
exif = Image.Exif()
exif[0x0112] = 6
pictures["orientation.webp"] = saved(scene(21, 14, 5, True), "WEBP", exif=exif.tobytes())
turned = chunk(b"EXIF", exif.tobytes())
lossy, lossless = parts(saved(scene(20, 14, 6, True), "WEBP", quality=60)), parts(saved(scene(20, 14, 8, True), "WEBP", lossless=True, exact=True))
for name, found in (("lossy", lossy), ("lossless", lossless)):
    pictures[f"{name}_no_alpha_flag.webp"] = extended(0, 20, 14, *found)
    pictures[f"{name}_exif_without_flag.webp"] = extended(0x10, 20, 14, *found, turned)
    pictures[f"{name}_exif_with_flag.webp"] = extended(0x18, 20, 14, *found, turned)
    pictures[f"{name}_unknown_chunk.webp"] = extended(0x10, 20, 14, chunk(b"abcd", b"xyz"), *found)
    pictures[f"{name}_other_canvas.webp"] = extended(0x10, 21, 14, *found)
    pictures[f"{name}_unknown_flag.webp"] = extended(0x91, 20, 14, *found)
pictures["alpha_without_vp8x.webp"] = riff(*lossy)
pictures["simple_with_exif.webp"] = riff(*lossy[1:], turned)
pictures["alpha_behind.webp"] = extended(0x10, 20, 14, lossy[1], lossy[0])
pictures["trailing_bytes.webp"] = riff(*lossy[1:]) + b"more than RIFF says"
for k in range(6):
    found = [lossy, lossless][k % 2]
    frame = chunk(b"ANMF", low24(2) + low24(1) + low24(19) + low24(13) + low24(100) + bytes([k % 4]) + b"".join(found))
    pictures[f"frame_inside{k}.webp"] = extended(0x02 | (0x10 if k < 4 else 0), 30, 19, chunk(b"ANIM", b"\x10\x20\x30\xff\0\0"), frame, frame)
pictures["frame_outside.webp"] = extended(0x12, 21, 19, chunk(b"ANIM", bytes(6)), frame)
pictures["frame_without_anim.webp"] = extended(0x12, 30, 19, frame)
for k in range(3):
    frames = [scene(18, 13, 80 + k + 7 * i, k == 1) for i in range(3)]
    pictures[f"animated{k}.webp"] = saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], quality=70, lossless=k == 2, background=(255, 0, 0, 255))

# ------------------------------------------------------------------------------------------------ cut off
cuts = {}
for name in list(pictures):
    if name.endswith((".webp", ".gif")) and "error" not in record(pictures[name]):
        size = len(pictures[name])
        for cut in sorted({size - 1, size - 2, size - 3, size - 9, size // 2, rng.randrange(13, size)}):
            if 12 < cut < size:
                cuts[f"{name}@{cut}"] = dict(of=name, cut=cut)

with open(sys.argv[1], "w") as file:
    for name, data in pictures.items():
        print(json.dumps(dict(name=name, bytes=base64.b64encode(data).decode(), **record(data))), file=file)
    for name, cut in cuts.items():
        print(json.dumps(dict(name=name, **cut, **record(pictures[cut["of"]][:cut["cut"]]))), file=file)
