"""What tables and pictures of the worst shapes cost: `python -m bench.hostile_files`.

For each, the CPU seconds and the peak of memory of a handler that takes or refuses it, in a process
of its own, bounded like a handler's.
"""

import io
import multiprocessing
import resource
import tempfile
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from handlers.tables.table import Given
from handlers.tables.table import profile as profiled
from jobs.context import PermanentError
from jobs.job.model import Progress

MEMORY_BYTES = 512 * 1024 * 1024
SIZE = 20_000_000
"""As large as a picture may be. Tables may be five times as large."""


class _Silence:
    """The context of a handler that nobody listens to."""

    remaining = timedelta(minutes=7)

    def progress(self, *_: object) -> Progress | None:
        return None

    def now(self) -> datetime:
        return datetime.now(UTC)


def _filled(record: bytes, head: bytes = b"") -> bytes:
    return head + record * ((SIZE - len(head)) // len(record))


def _png(width: int, height: int) -> bytes:
    head = b"IHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x10\x06\0\0\0"
    lines = zlib.compressobj(9)
    row = bytes(1 + width * 8)
    packed = b"".join(lines.compress(row) for _ in range(height)) + lines.flush()
    parts = (head, b"IDAT" + packed, b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (len(part) - 4).to_bytes(4, "big") + part + zlib.crc32(part).to_bytes(4, "big")
        for part in parts
    )


def _jpeg(scans: int, side: int) -> bytes:
    from PIL import Image  # noqa: PLC0415 - in the process that makes one

    out = io.BytesIO()
    Image.new("RGB", (side, side)).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    return data[:-2] + data[data.rindex(b"\xff\xda") : -2] * scans + data[-2:]


def _gif(frames: int) -> bytes:
    from PIL import Image  # noqa: PLC0415 - likewise

    out = io.BytesIO()
    pictures = [Image.new("P", (500, 500), number % 250) for number in range(frames)]
    pictures[0].save(out, "GIF", save_all=True, append_images=pictures[1:])
    return out.getvalue()


TABLES: dict[str, Callable[[], bytes]] = {
    "texts, all different": lambda: b"a\n" + b"\n".join(b"x%d" % n for n in range(SIZE // 8)),
    "doubles with exponents, all different": lambda: (
        b"a\n" + b"\n".join(b"%d.5e-7" % n for n in range(SIZE // 12))
    ),
    "integers of 38 digits": lambda: _filled(b"9" * 38 + b"\n", b"a\n"),
    "two hundred columns": lambda: _filled(b",".join([b"1"] * 200) + b"\n"),
    "quotes": lambda: _filled(b'"a""b","c"\n', b"x,y\n"),
    "mixed line ends": lambda: _filled(b"1,2\r\n3,4\n", b"x,y\n"),
    "one value": lambda: b"a\n" + b"x" * SIZE,
    "blank lines": lambda: b"\n" * (SIZE - 2) + b"a\n",
    "JSON lines": lambda: _filled(b'{"a":1,"b":"x","c":[1,2]}\n'),
    "JSON lines, colons in texts": lambda: _filled(b'{"a":"::::::::"}\n'),
    "an array of small objects": lambda: b"[" + b",".join([b'{"a":1}'] * (SIZE // 8)) + b"]",
    "JSON that nests": lambda: b'{"a":' + b"[" * SIZE,
    "UTF-16": lambda: ("a,b\n" + "1,2\n" * (SIZE // 8)).encode("utf-16"),
}
PICTURES: dict[str, Callable[[], bytes]] = {
    "48 megapixels with 16 bits": lambda: _png(8000, 6000),
    "more pixels than are taken": lambda: _png(8000, 7000),
    "a JPEG of 20 scans, 36 megapixels": lambda: _jpeg(14, 6000),
    "a JPEG of 300 scans, 4 megapixels": lambda: _jpeg(300, 2000),
    "a GIF of 200 frames": lambda: _gif(200),
}


def _table(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table"
        file.write_bytes(data)
        profiled(file, Given(), _Silence())  # type: ignore[arg-type] # as much of one as it asks


def _picture(data: bytes) -> None:
    from handlers.pictures import encoded, opened, shrunk  # noqa: PLC0415 - as the handler does

    with opened(data) as picture:
        encoded(shrunk(picture, (256, 256), "contain"), "webp")


def _measure(kind: str, shape: str, answers: "multiprocessing.Queue[str]") -> None:
    shapes, take = (TABLES, _table) if kind == "table" else (PICTURES, _picture)
    data = shapes[shape]()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    verdict = "taken"
    try:
        take(data)
    except PermanentError as error:
        verdict = str(error)[:60]
    seconds = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    answers.put(
        f"| {kind}: {shape} | {len(data) / 1e6:.1f} MB | {seconds:.1f} | {max(0.0, grown):.0f} MiB"
        f" | {verdict} |"
    )


def main() -> None:
    print("| shape | size | CPU s | memory | verdict |")
    print("|---|--:|--:|--:|---|")
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    for kind, shapes in (("table", TABLES), ("picture", PICTURES)):
        for shape in shapes:
            process = spawn.Process(target=_measure, args=(kind, shape, answers))
            process.start()
            print(answers.get(timeout=600))
            process.join()


if __name__ == "__main__":
    main()
