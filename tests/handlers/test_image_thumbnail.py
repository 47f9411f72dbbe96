import base64
import io
import itertools
import struct
import zlib
from typing import Any, Literal

import msgspec
import pytest
from PIL import Image, ImageCms, PngImagePlugin

from handlers import REGISTRY
from handlers.image_thumbnail import MAX_RESULT_BYTES, ImageThumbnail, ThumbnailResult
from jobs.context import Context, PermanentError
from jobs.errors import InvalidRequest
from tests.handlers.recording import a_context
from tests.handlers.web import Web

JOB_TYPE = REGISTRY.get("image.thumbnail")

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def run(source: bytes, ctx: Context | None = None, **payload: Any) -> ThumbnailResult:
    """As the worker does it: from the payload's JSON."""
    payload = {"base64": source, "width": 64, "height": 64} | payload
    result = JOB_TYPE.run(JOB_TYPE.decode(msgspec.json.encode(payload)), ctx or a_context())
    assert isinstance(result, ThumbnailResult)
    assert len(msgspec.json.encode(result)) <= 256 * 1024
    return result


def shown(result: ThumbnailResult) -> Image.Image:
    """The thumbnail, opened again; it must be what the result says it is."""
    data = base64.b64decode(result.base64, validate=True)
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.format == result.format.upper()
    assert image.size == (result.width, result.height)
    assert len(data) == result.bytes
    return image


def file_of(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()


def quartered(size: tuple[int, int] = (200, 100)) -> Image.Image:
    """Red and green above, blue and white below."""
    tiny = Image.new("RGB", (2, 2))
    tiny.putdata([RED, GREEN, BLUE, WHITE])
    return tiny.resize(size, Image.Resampling.NEAREST)


def colours(image: Image.Image) -> list[tuple[int, ...]]:
    """What is in the middle of each quarter, rounded to full colours."""
    image = image.convert("RGB")
    width, height = image.size
    places = [(x * width // 4, y * height // 4) for y in (1, 3) for x in (1, 3)]
    pixels: list[Any] = [image.getpixel(place) for place in places]
    return [tuple(255 if band > 127 else 0 for band in pixel) for pixel in pixels]


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("form", ["webp", "jpeg", "png"])
def test_a_picture_is_made_small(source: str, form: str) -> None:
    """From every format that is read to every format that is made."""
    result = run(file_of(quartered(), source), format=form)

    image = shown(result)
    assert (result.format, image.size) == (form, (64, 32))
    assert colours(image) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize(
    ("size", "asked", "made"),
    [
        ((200, 100), (64, 64), (64, 32)),
        ((100, 200), (64, 64), (32, 64)),
        ((200, 100), (50, 10), (20, 10)),
        ((20, 10), (64, 64), (20, 10)),
        ((64, 64), (64, 64), (64, 64)),
        ((3000, 1), (64, 64), (64, 1)),
    ],
)
def test_contain_keeps_the_proportions(
    size: tuple[int, int], asked: tuple[int, int], made: tuple[int, int]
) -> None:
    """The whole picture, within the size, never enlarged."""
    image = shown(run(file_of(quartered(size)), width=asked[0], height=asked[1]))

    assert image.size == made


@pytest.mark.parametrize("size", [(200, 100), (100, 200), (20, 10), (64, 64), (3000, 1)])
def test_cover_has_exactly_the_size(size: tuple[int, int]) -> None:
    """Cut at the longer sides, from the middle; enlarged if need be."""
    image = shown(run(file_of(quartered(size)), fit="cover", width=40, height=30))

    assert image.size == (40, 30)
    if min(size) > 1:
        assert colours(image) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("fit", ["contain", "cover"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_stands_upright(
    orientation: int, fit: Literal["contain", "cover"], form: str
) -> None:
    """Each of EXIF's eight orientations comes out as the photographer saw it."""
    stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = quartered((400, 200))
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = file_of(upright.transpose(stored) if stored is not None else upright, form, exif=exif)

    image = shown(run(source, fit=fit, width=60, height=40, format="png"))

    assert image.size == ((60, 30) if fit == "contain" else (60, 40))
    assert colours(image) == [RED, GREEN, BLUE, WHITE]


@pytest.mark.parametrize("source", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("form", ["webp", "jpeg", "png"])
def test_metadata_is_stripped(source: str, form: str) -> None:
    """Places, cameras, comments and profiles stay behind."""
    exif = Image.Exif()
    exif[0x010F] = "SECRET camera"
    exif.get_ifd(0x8825)[2] = (48.0, 51.0, 30.0)
    options: dict[str, Any] = {
        "exif": exif,
        "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    }
    if source == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Author", "SECRET author")
    else:
        options["xmp"] = b"<x:xmpmeta>SECRET</x:xmpmeta>"
    if source == "JPEG":
        options["comment"] = "SECRET comment"
    file = file_of(quartered(), source, **options)
    assert b"SECRET" in file

    result = run(file, format=form)

    image = shown(result)
    assert b"SECRET" not in base64.b64decode(result.base64)
    assert dict(image.getexif()) == {}
    assert not {"exif", "icc_profile", "xmp", "comment", "Author"} & image.info.keys()


def test_colours_become_srgb() -> None:
    """A picture in another colour space looks the same without its profile."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    swapped = _profile_with_red_and_blue_swapped(srgb.tobytes())
    file = file_of(Image.new("RGB", (50, 50), RED), icc_profile=swapped)

    assert colours(shown(run(file, format="png"))) == [BLUE] * 4


def _profile_with_red_and_blue_swapped(profile: bytes) -> bytes:
    """An RGB space whose first channel is blue: the tags of the colorants change places."""
    head, tags = profile[:128], profile[128:]
    return head + tags.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")


def test_a_broken_profile_is_ignored() -> None:
    """As viewers do."""
    file = file_of(quartered(), icc_profile=b"no profile at all")

    assert colours(shown(run(file))) == [RED, GREEN, BLUE, WHITE]


def test_transparency_is_kept_or_becomes_white() -> None:
    """WebP and PNG keep it; JPEG can't."""
    clear = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    palette = Image.new("P", (50, 50), 0)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    for file in (
        file_of(clear),
        file_of(palette, transparency=0),
        file_of(palette, "GIF", transparency=0),
    ):
        for form in ("webp", "png"):
            image = shown(run(file, format=form))
            assert image.mode == "RGBA"
            assert image.getpixel((10, 10)) == (0, 0, 0, 0)
        assert colours(shown(run(file, format="jpeg"))) == [WHITE] * 4


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_mode_is_shrunk(mode: str) -> None:
    """Bits, greys, palettes and inks come out in the colour that they show."""
    if mode == "I;16":
        source = file_of(Image.new("I;16", (100, 100), 40_000))
    else:
        grey = Image.new("L", (100, 100), 155).convert("1" if mode == "1" else "RGB")
        source = file_of(grey.convert(mode), "JPEG" if mode == "CMYK" else "PNG")

    image = shown(run(source, format="png", width=8, height=8)).convert("L")

    middle = image.getpixel((4, 4))
    assert isinstance(middle, int)
    assert abs(middle - 155) < (100 if mode == "1" else 8)


def test_of_an_animation_the_first_frame_is_taken() -> None:
    """A thumbnail does not move."""
    frames = [Image.new("RGB", (50, 50), colour) for colour in (RED, GREEN, BLUE)]
    for form in ("GIF", "WEBP", "PNG"):
        file = file_of(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
        image = shown(run(file))
        assert colours(image) == [RED] * 4
        assert getattr(image, "n_frames", 1) == 1


def test_a_bomb_does_not_go_off() -> None:
    """A few bytes that say they are a hundred thousand pixels wide are refused unread."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    for side, complaint in ((8_000, "8000 x 8000 pixels"), (100_000, "too large")):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        file = (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(bytes(1000)))
            + chunk(b"IEND", b"")
        )
        with pytest.raises(PermanentError, match=complaint):
            run(file)


def test_a_bomb_of_text_does_not_go_off() -> None:
    """Compressed text in a PNG is not even unpacked."""
    info = PngImagePlugin.PngInfo()
    info.add_text("bomb", "x" * 10_000_000, zip=True)

    assert colours(shown(run(file_of(quartered(), pnginfo=info)))) == [RED, GREEN, BLUE, WHITE]


def scanned(scans: int, size: tuple[int, int]) -> bytes:
    """A progressive JPEG whose last scan comes again and again."""
    data = file_of(Image.new("RGB", size, "red"), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * scans + data[-2:]


def test_many_scans_are_refused() -> None:
    """Each of them goes over all pixels: a small file would take minutes."""
    with pytest.raises(PermanentError, match=r"The picture has 4\d\d scans"):
        run(scanned(400, (2000, 2000)))


def test_a_usual_number_of_scans_is_taken() -> None:
    """Of a small picture, more: what counts is how many pixels are gone over in all."""
    assert shown(run(scanned(3, (2000, 1000)))).size == (64, 32)
    assert shown(run(scanned(400, (64, 64)))).size == (64, 64)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_truncated_picture_is_refused(form: str) -> None:
    """Half a picture is no picture."""
    noise = Image.effect_noise((200, 200), 90).convert("RGB")
    file = file_of(noise, form)

    for length in (len(file) // 2, len(file) // 4, 40):
        with pytest.raises(PermanentError):
            run(file[:length])


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_broken_picture_never_breaks_more(form: str) -> None:
    """Whatever bytes are changed: a thumbnail or a clear refusal."""
    file = file_of(Image.effect_noise((60, 60), 90).convert("RGB"), form)
    for position in range(0, len(file), max(1, len(file) // 60)):
        changed = bytearray(file)
        changed[position : position + 4] = b"\xff\x00\xff\xff"
        try:
            shown(run(bytes(changed)))
        except PermanentError as refused:
            assert "picture" in str(refused)  # noqa: PT017 - both ends are right


@pytest.mark.parametrize("form", ["BMP", "TIFF", "PPM", "ICO", "PDF", "EPS", "TGA", "JPEG2000"])
def test_other_formats_are_not_read(form: str) -> None:
    """Pillow knows many decoders; strangers reach four."""
    with pytest.raises(PermanentError, match="no JPEG, PNG, WebP or GIF"):
        run(file_of(quartered(), form))


@pytest.mark.parametrize("data", [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """With words that say what is read."""
    with pytest.raises(PermanentError, match="no JPEG, PNG, WebP or GIF"):
        run(data)


def test_a_thumbnail_that_is_too_large_is_refused(web: Web, ctx: Context) -> None:
    """It would not fit into a result; the message says what to do."""
    web.answer("/", file_of(Image.effect_noise((1000, 1000), 90).convert("RGB"), "JPEG"))
    asked = {"base64": None, "url": web.url("/"), "width": 1000, "height": 1000}

    with pytest.raises(PermanentError, match=f"at most {MAX_RESULT_BYTES:,} are possible"):
        run(b"", ctx, format="png", **asked)


def test_a_picture_is_fetched(web: Web, ctx: Context) -> None:
    """From a URL."""
    web.answer("/a.jpg", file_of(quartered(), "JPEG"))

    assert run(b"", ctx, base64=None, url=web.url("/a.jpg")).width == 64


def test_a_picture_that_is_too_large_is_not_fetched(
    web: Web, ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limit is counted on the way."""
    monkeypatch.setattr("handlers.image_thumbnail.MAX_SOURCE_BYTES", 1000)
    web.answer("/", bytes(5000))

    with pytest.raises(PermanentError, match="larger than 1,000 bytes"):
        run(b"", ctx, base64=None, url=web.url("/"))


def test_a_picture_behind_a_blocked_address_is_not_fetched() -> None:
    """URLs in every job type go the one way."""
    with pytest.raises(PermanentError, match="not a public host"):
        run(b"", None, base64=None, url="https://[::ffff:10.0.0.1]/a.png")


@pytest.mark.parametrize(
    ("payload", "complaint"),
    [
        ({"width": 1, "height": 1}, "exactly one of"),
        ({"width": 1, "height": 1, "url": "https://a.test/", "base64": ""}, "exactly one of"),
        ({"base64": "", "height": 1}, "missing required field `width`"),
        ({"base64": "", "width": 0, "height": 1}, ">= 1 - at `$.payload.width`"),
        ({"base64": "", "width": 1, "height": 2049}, "<= 2048 - at `$.payload.height`"),
        ({"base64": "", "width": 1.5, "height": 1}, "Expected `int`"),
        ({"base64": "!", "width": 1, "height": 1}, "Invalid base64"),
        ({"base64": "", "width": 1, "height": 1, "fit": "fill"}, "Invalid enum value 'fill'"),
        ({"base64": "", "width": 1, "height": 1, "format": "gif"}, "Invalid enum value 'gif'"),
        ({"base64": "", "width": 1, "height": 1, "quality": 1}, "unknown field `quality`"),
        ({"url": "file:///a.png", "width": 1, "height": 1}, "https://"),
    ],
)
def test_a_payload_that_asks_for_no_thumbnail_is_refused(payload: Any, complaint: str) -> None:
    """Before a job is made of it, with words that say what is wrong."""
    with pytest.raises(InvalidRequest) as refused:
        JOB_TYPE.decode(msgspec.json.encode(payload))

    assert complaint in str(refused.value)


def test_the_example_runs() -> None:
    """The example in the catalogue is a picture that can be shrunk."""
    assert isinstance(JOB_TYPE.example, ImageThumbnail)
    result = JOB_TYPE.run(JOB_TYPE.decode(msgspec.json.encode(JOB_TYPE.example)), a_context())

    assert shown(result).size == (4, 4)


CORNERS: dict[tuple[int, ...], tuple[int, int, int]] = {
    (0, 0, 0, 0): (100, 0, 0),
    (255, 0, 0, 0): (55, -30, -45),
    (0, 255, 0, 0): (48, 70, -5),
    (0, 0, 255, 0): (89, -5, 88),
    (0, 0, 0, 255): (16, 0, 0),
}
"""What paper shows of each ink alone, in CIE Lab (D50)."""


def press() -> bytes:
    """An ICC profile of CMYK, with one table (ICC.1:2004-10, 10.8)."""
    table = bytearray()
    for inks in itertools.product((0, 255), repeat=4):
        lightness, a, b = CORNERS.get(inks, (0, 0, 0))
        table += bytes([round(lightness * 2.55), a + 128, b + 128])
    straight = bytes(range(256))
    one = 1 << 16
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0])
    lut += struct.pack(">9i", one, 0, 0, 0, one, 0, 0, 0, one)
    lut += straight * 4 + bytes(table) + straight * 3
    header = bytearray(128)
    header[8:12], header[12:16], header[16:20] = b"\x02\x40\0\0", b"prtr", b"CMYK"
    header[20:24], header[36:40] = b"Lab ", b"acsp"
    header[68:80] = struct.pack(">3i", 63190, 65536, 54061)
    tags = struct.pack(">I4sII", 1, b"A2B0", 144, len(lut))
    profile = bytes(header) + tags + lut
    return struct.pack(">I", len(profile)) + profile[4:]


def srgb_of(lightness: float, a: float, b: float) -> list[float]:
    """From CIE Lab (D50), by the formulas of CIE 15 and IEC 61966-2-1, adapted by Bradford."""
    fy = (lightness + 16) / 116
    xyz = [
        white * (f**3 if f > 6 / 29 else 3 * (6 / 29) ** 2 * (f - 4 / 29))
        for white, f in zip((0.9642, 1.0, 0.8249), (fy + a / 500, fy, fy - b / 200), strict=True)
    ]
    rows = (
        (3.1338561, -1.6168667, -0.4906146),
        (-0.9787684, 1.9161415, 0.0334540),
        (0.0719453, -0.2289914, 1.4052427),
    )
    linear = [sum(k * v for k, v in zip(row, xyz, strict=True)) for row in rows]
    bounded = [min(max(value, 0.0), 1.0) for value in linear]
    return [
        255 * (12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055) for v in bounded
    ]


@pytest.mark.parametrize("inks", CORNERS)
def test_inks_are_shown_as_their_profile_says(inks: tuple[int, ...]) -> None:
    """CMYK of a JPEG, which Adobe's programs keep inverted, by the press that it was made for."""
    picture = Image.new("CMYK", (32, 32), inks)
    data = file_of(picture, "JPEG", quality=100, icc_profile=press())
    pixel: Any = shown(run(data, format="png")).convert("RGB").getpixel((16, 16))
    right = srgb_of(*CORNERS[inks])
    assert max(abs(a - b) for a, b in zip(pixel, right, strict=True)) <= 4, (pixel, right)
