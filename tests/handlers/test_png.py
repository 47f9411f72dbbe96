"""Every kind of PNG, written sample by sample, against what the standard says of it."""

import io
import itertools
import struct
import zlib
from collections.abc import Iterator, Sequence

import pytest
from PIL import Image, ImageCms

from handlers import png
from handlers.pictures import encoded, opened, shrunk
from jobs.context import PermanentError

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
KINDS = [
    *((GREY, depth) for depth in (1, 2, 4, 8, 16)),
    *((RGB, depth) for depth in (8, 16)),
    *((PALETTE, depth) for depth in (1, 2, 4, 8)),
    *((kind, depth) for kind in (GREY_ALPHA, RGBA) for depth in (8, 16)),
]
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (10, 20, 30)]
ALPHAS = [0, 128, 255]
SIDE = 4


def chunk(kind: bytes, body: bytes, *, damaged: bool = False) -> bytes:
    checksum = zlib.crc32(kind + body) ^ damaged
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def packed(samples: Sequence[int], depth: int) -> bytes:
    bits = "".join(f"{sample:0{depth}b}" for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def a_png(
    kind: int,
    depth: int,
    pixels: Sequence[Sequence[int]],
    between: bytes = b"",
    *,
    key: bytes = b"",
) -> bytes:
    """Of four by four pixels."""
    head = struct.pack(">IIBBBBB", SIDE, SIDE, depth, kind, 0, 0, 0)
    lines = b"".join(
        b"\0" + packed(list(itertools.chain(*pixels[line * SIDE : line * SIDE + SIDE])), depth)
        for line in range(SIDE)
    )
    parts = [png.SIGNATURE, chunk(b"IHDR", head), between]
    if kind == PALETTE:
        parts.append(chunk(b"PLTE", bytes(itertools.chain(*COLOURS))[: 3 * 2**depth]))
    if key:
        parts.append(chunk(b"tRNS", key))
    return b"".join([*parts, chunk(b"IDAT", zlib.compress(lines)), chunk(b"IEND", b"")])


def shown(data: bytes) -> list[tuple[int, ...]]:
    """The pixels of the thumbnail of the same size, as PNG, which loses nothing."""
    with opened(data) as picture:
        small = shrunk(picture, (SIDE, SIDE), "contain")
    with Image.open(io.BytesIO(encoded(small, "png"))) as image:
        pixels = list(image.convert("RGBA").get_flattened_data())
    assert all(isinstance(pixel, tuple) for pixel in pixels)
    return [tuple(pixel) for pixel in pixels if isinstance(pixel, tuple)]


def pictures(kind: int, depth: int) -> Iterator[tuple[bytes, list[tuple[int, ...]]]]:
    """Files of the kind, opaque and with a transparent colour, and their pixels in RGBA."""
    most = 2**depth - 1
    if kind == PALETTE:
        numbers = [number % min(len(COLOURS), most + 1) for number in range(SIDE * SIDE)]
        pixels = [(number,) for number in numbers]
        colours = [(*COLOURS[number], 255) for number in numbers]
        yield a_png(kind, depth, pixels), colours
        alphas = (*ALPHAS, 255)
        yield (
            a_png(kind, depth, pixels, key=bytes(ALPHAS[: most + 1])),
            [(*COLOURS[number], alphas[number]) for number in numbers],
        )
        return
    levels = sorted({0, most // 3, most // 2 + 1, most})
    one = SAMPLES[kind]
    pixels_of = [tuple(levels[(n + i) % len(levels)] for i in range(one)) for n in range(16)]
    yield a_png(kind, depth, pixels_of), [rgba(kind, pixel, most) for pixel in pixels_of]
    if kind in {GREY, RGB}:
        key = pixels_of[0]
        expected = [
            (*rgba(kind, pixel, most)[:3], 0 if pixel == key else 255) for pixel in pixels_of
        ]
        yield a_png(kind, depth, pixels_of, key=struct.pack(f">{one}H", *key)), expected


def rgba(kind: int, pixel: Sequence[int], most: int) -> tuple[int, ...]:
    eight = [value * 255 // most for value in pixel]
    if kind in {GREY, GREY_ALPHA}:
        eight = [eight[0]] * 3 + eight[1:]
    return tuple(eight) if len(eight) == 4 else (*eight, 255)


@pytest.mark.parametrize(("kind", "depth"), KINDS)
def test_every_pixel_is_what_the_file_says(kind: int, depth: int) -> None:
    """Of every colour type and depth, with and without transparency."""
    for data, expected in pictures(kind, depth):
        for said, right in zip(shown(data), expected, strict=True):
            assert abs(said[3] - right[3]) <= 1
            # What nobody sees has no colour.
            if right[3]:
                assert max(abs(a - b) for a, b in zip(said, right, strict=True)) <= 1


def gamma_one() -> bytes:
    """A profile of grey whose values are linear light."""
    header = bytearray(128)
    header[8:12], header[12:16], header[16:20] = b"\x02\x10\0\0", b"mntr", b"GRAY"
    header[20:24], header[36:40] = b"XYZ ", b"acsp"
    header[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    curve = b"curv\0\0\0\0" + struct.pack(">I", 0)
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    tags = struct.pack(">I", 2) + b"".join(
        struct.pack(">4sII", name, at, size)
        for name, at, size in ((b"kTRC", 156, 12), (b"wtpt", 168, 20))
    )
    profile = bytes(header) + tags + curve + white
    return struct.pack(">I", len(profile)) + profile[4:]


@pytest.mark.parametrize("kind", [GREY, GREY_ALPHA])
def test_a_profile_of_grey_counts_before_grey_becomes_colour(kind: int) -> None:
    """Linear 128 is 188 in sRGB."""
    profile = chunk(b"iCCP", b"grey\0\0" + zlib.compress(gamma_one()))
    pixel = (128,) if kind == GREY else (128, 255)
    (colour,) = set(shown(a_png(kind, 8, [pixel] * 16, profile)))
    assert colour[:3] == (188, 188, 188)
    assert ImageCms.getProfileName(ImageCms.ImageCmsProfile(io.BytesIO(gamma_one()))) is not None


BOMB = zlib.compress(bytes(9_000_000))
DAMAGED = {
    "a comment with a wrong checksum": chunk(b"tEXt", b"Comment\0hello", damaged=True),
    "a profile with a wrong checksum": chunk(b"iCCP", b"x\0\0" + zlib.compress(b"a"), damaged=True),
    "a profile that is none": chunk(b"iCCP", b"x\0\0" + zlib.compress(b"not a profile")),
    "a profile that is not packed": chunk(b"iCCP", b"x\0\0hello"),
    "a profile packed in an unknown way": chunk(b"iCCP", b"x\0\7hello"),
    "a profile without a name": chunk(b"iCCP", b""),
    "a profile that unpacks to too much": chunk(b"iCCP", b"x\0\0" + BOMB),
    "a text that unpacks to too much": chunk(b"zTXt", b"x\0\0" + BOMB),
    "orientation that is none": chunk(b"eXIf", b"hello"),
    "orientation that ends early": chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01"),
    "a gamma that is empty": chunk(b"gAMA", b"", damaged=True),
    "a chunk nobody knows": chunk(b"abCd", b"hello", damaged=True),
}


@pytest.mark.parametrize("between", DAMAGED.values(), ids=DAMAGED)
def test_damaged_metadata_damages_no_picture(between: bytes) -> None:
    """It is shown as if the metadata were not there."""
    pixels = [(number * 16,) for number in range(16)]
    assert shown(a_png(GREY, 8, pixels, between)) == shown(a_png(GREY, 8, pixels))


@pytest.mark.parametrize("kind", [b"IHDR", b"IDAT"])
def test_a_damaged_picture_is_refused(kind: bytes) -> None:
    """A wrong checksum where the picture is."""
    whole = a_png(GREY, 8, [(7,)] * 16)
    at = whole.index(kind) + 5
    broken = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
    with pytest.raises(PermanentError), opened(broken) as picture:
        shrunk(picture, (SIDE, SIDE), "contain")


def test_what_breaks_off_is_refused() -> None:
    """At any byte. Other formats pass as they are."""
    assert png.without_hindrance(b"GIF89a") == b"GIF89a"
    whole = a_png(GREY, 8, [(7,)] * 16)
    for end in range(len(whole)):
        with pytest.raises(PermanentError), opened(whole[:end]) as picture:
            shrunk(picture, (SIDE, SIDE), "contain")
