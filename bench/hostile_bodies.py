"""What bodies of the worst shapes cost: `python -m bench.hostile_bodies`.

For each shape at its size limit, the CPU seconds and the peak of memory, as a multiple of the size,
of taking it or refusing it. Each runs in a process of its own.
"""

import multiprocessing
import resource
import time
from collections.abc import Callable
from contextlib import suppress

import msgspec

from api.http.decoding import MAX_BODY_BYTES
from api.jobs.batch_resources import MAX_BATCH_BYTES, BatchSubmission
from api.jobs.requests import Submission
from jobs.errors import InvalidRequest
from jobs.payloads.strict_json import BYTES_A_VALUE, check_json


def _filled(unit: bytes, size: int) -> bytes:
    return b"[" + b",".join([unit] * ((size - 2) // (len(unit) + 1))) + b"]"


def _many(unit: bytes) -> Callable[[int], bytes]:
    """As many as are taken, and then one long text."""

    def shape(size: int) -> bytes:
        values = [unit] * (
            size // BYTES_A_VALUE // (1 + unit.count(b"[") + unit.count(b":") * 2) - 9
        )
        body = b"[" + b",".join(values)
        return body + b',"' + b"x" * (size - len(body) - 4) + b'"]'

    return shape


SHAPES: dict[str, Callable[[int], bytes]] = {
    "nested, wide": lambda size: _filled(b"[" * 90 + b"]" * 90, size),
    "nested, deep": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "empty lists": lambda size: _filled(b"[]", size),
    "empty objects": lambda size: _filled(b"{}", size),
    "objects": lambda size: _filled(b'{"a":0}', size),
    "numbers": lambda size: _filled(b"1", size),
    "floats": lambda size: _filled(b"1.5e-7", size),
    "long numbers": lambda size: _filled(b"9" * 400, size),
    "one text": lambda size: b'["' + b"x" * (size - 4) + b'"]',
    "escapes": lambda size: b'["' + b"\\n" * (size // 2 - 2) + b'"]',
    "backslashes": lambda size: b'["' + b"\\\\" * (size // 2 - 2) + b'"]',
    "pairs": lambda size: b'["' + b"\\ud83d\\ude00" * (size // 12 - 1) + b'"]',
    "names": lambda size: b"{" + b",".join(b'"%d":0' % n for n in range(size // 12)) + b"}",
    "most empty lists that are taken": _many(b"[]"),
    "most objects that are taken": _many(b'{"a":0}'),
    "most numbers that are taken": _many(b"1"),
}


def _measure(shape: str, size: int, kind: type, answers: "multiprocessing.Queue[str]") -> None:
    data = SHAPES[shape](size)
    decoder: msgspec.json.Decoder[object] = msgspec.json.Decoder(kind)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    verdict = "taken"
    try:
        check_json(data, size)
    except InvalidRequest as error:
        verdict = str(error)[:48]
    with suppress(msgspec.DecodeError):
        decoder.decode(data)
    seconds = time.process_time() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 / size
    answers.put(
        f"| {shape} | {size / 2**20:g} MiB | {seconds:.3f} | {max(0.0, grown):.1f} | {verdict} |"
    )


def main() -> None:
    print("| shape | size | CPU s | memory, times the size | verdict |")
    print("|---|--:|--:|--:|---|")
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()
    for size, kind in ((MAX_BODY_BYTES, Submission), (MAX_BATCH_BYTES, BatchSubmission)):
        for shape in SHAPES:
            process = spawn.Process(target=_measure, args=(shape, size, kind, answers))
            process.start()
            print(answers.get())
            process.join()


if __name__ == "__main__":
    main()
