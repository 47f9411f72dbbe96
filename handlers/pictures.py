"""Pictures of strangers, read with care. The only importer of Pillow."""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Literal

from PIL import ExifTags, Image, ImageChops, ImageCms, ImageOps, UnidentifiedImageError

from handlers import png
from jobs.context import PermanentError

MAX_PIXELS = 50_000_000
"""Fits the 48 megapixels of telephones; takes 200 MB of memory, 400 MB if it is transparent."""

MAX_SCANNED = 20 * MAX_PIXELS
"""A progressive JPEG of telephones has about ten scans; each goes over all of its pixels."""

_SCAN = b"\xff\xda"
_READ = ("JPEG", "PNG", "WEBP", "GIF")
"""The decoders that strangers reach. Pillow knows forty more, less tried ones."""

_BROKEN = (
    OSError,  # unreadable, truncated
    SyntaxError,
    ValueError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What Pillow raises for bad files, over all decoders."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation."""

_BITS = 8
_EXCHANGING = frozenset(_TURNS[orientation] for orientation in (5, 6, 7, 8))

_ENCODING: dict[str, dict[str, int | bool]] = {
    "webp": {"quality": 80, "method": 4},
    "jpeg": {"quality": 85, "optimize": True, "progressive": True},
    "png": {"optimize": True},
}


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """The picture, not decoded yet. What goes wrong inside is a `PermanentError`.

    The number of pixels, and of passes over them, is checked before they cost memory and time.
    """
    try:
        with Image.open(BytesIO(png.without_hindrance(data)), formats=_READ) as picture:
            pixels = picture.width * picture.height
            if pixels > MAX_PIXELS:
                raise PermanentError(
                    f"The picture has {picture.width} x {picture.height} pixels;"
                    f" at most {MAX_PIXELS:,} are possible."
                )
            if picture.format == "JPEG" and (scans := data.count(_SCAN)) * pixels > MAX_SCANNED:
                raise PermanentError(f"The picture has {scans} scans, too many for its size.")
            if picture.format == "PNG":
                _scale_key(picture, png.bit_depth(data))
            yield picture
    except UnidentifiedImageError as error:
        raise PermanentError("This is no JPEG, PNG, WebP or GIF picture.") from error
    except _BROKEN as error:
        raise PermanentError("The picture is broken, truncated or too large.") from error
    except MemoryError as error:
        raise PermanentError("The picture takes more memory to shrink than there is.") from error


def shrunk(
    picture: Image.Image, size: tuple[int, int], fit: Literal["contain", "cover"]
) -> Image.Image:
    """An upright copy in RGB or RGBA, sRGB, without metadata.

    `contain` never enlarges and keeps the proportions; `cover` has exactly the size.
    """
    icc = picture.info.get("icc_profile")
    # A JPEG can be decoded at a half, a quarter or an eighth of its size: less time and memory.
    side = 2 * max(size)
    picture.draft(None, (side, side))
    # Turned when it is small. What lies on its side has width and height exchanged until then.
    turn = _TURNS.get(_orientation(picture))
    width, height = size if turn not in _EXCHANGING else reversed(size)
    small = _resizable(picture)
    if fit == "cover":
        small = ImageOps.fit(small, (width, height), Image.Resampling.LANCZOS)
    else:
        small.thumbnail((width, height), Image.Resampling.LANCZOS)
    plain = _srgb(small if turn is None else small.transpose(turn), icc)
    plain.info.clear()
    return plain


def encoded(picture: Image.Image, form: Literal["webp", "jpeg", "png"]) -> bytes:
    """The file of the picture. JPEG knows no transparency: white takes its place."""
    if form == "jpeg" and picture.mode == "RGBA":
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        picture = paper
    target = BytesIO()
    picture.save(target, form.upper(), **_ENCODING[form])
    return target.getvalue()


def _scale_key(picture: Image.Image, depth: int) -> None:
    """Let the colour that is transparent be as deep as Pillow's pixels.

    Of RGB with 16 bits Pillow keeps the upper eight, of the colour too.
    """
    key = picture.info.get("transparency")
    if picture.mode in {"1", "L"} and isinstance(key, int):
        picture.info["transparency"] = key * 255 // (2**depth - 1)
    elif picture.mode == "RGB" and isinstance(key, tuple) and depth > _BITS:
        picture.info["transparency"] = tuple(value >> _BITS for value in key)


def _orientation(picture: Image.Image) -> int:
    try:
        with warnings.catch_warnings(action="ignore"):
            return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except (*_BROKEN, TypeError, KeyError):
        return 1  # Damaged metadata damages no picture.


def _resizable(picture: Image.Image) -> Image.Image:
    """In a mode that is resized smoothly: palettes and single bits are not. Grey stays grey."""
    if picture.mode == "I;16":
        return _eight_bits(picture)
    if picture.mode in {"RGB", "L", "LA", "CMYK", "RGBA"} and "transparency" not in picture.info:
        return picture
    if picture.mode in {"1", "L"}:
        return picture.convert("LA" if picture.has_transparency_data else "L")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Sixteen bits of grey, scaled; `convert` would clip them."""
    grey = picture.point(lambda value: value * (1 / 257)).convert("L")
    key = picture.info.get("transparency")
    if key is None:
        return grey
    lower, upper = Image.frombytes("LA", picture.size, picture.tobytes()).split()
    is_key = ImageChops.multiply(_equal(lower, key & 255), _equal(upper, key >> _BITS))
    return Image.merge("LA", (grey, ImageChops.invert(is_key)))


def _equal(band: Image.Image, value: int) -> Image.Image:
    return band.point([255 if number == value else 0 for number in range(256)])


def _srgb(picture: Image.Image, icc: bytes | None) -> Image.Image:
    """Without its profile the picture would show other colours."""
    if picture.mode == "LA":
        # The profile is of the grey alone.
        grey, alpha = picture.split()
        coloured = _srgb(grey, icc)
        coloured.putalpha(alpha)
        return coloured
    mode = "RGBA" if picture.mode == "RGBA" else "RGB"
    if icc:
        try:
            converted = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(BytesIO(icc)),
                ImageCms.createProfile("sRGB"),
                outputMode=mode,
            )
        except (ImageCms.PyCMSError, OSError):
            pass  # A broken profile; viewers ignore it too.
        else:
            if converted is not None:
                return converted
    return picture.convert(mode)
