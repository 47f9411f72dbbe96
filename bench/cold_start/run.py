"""All subjects in turn, several times round."""

from collections.abc import Sequence

from bench.circumstances import circumstances
from bench.cold_start.figures import ColdStarts, Start
from bench.cold_start.imports import by_package
from bench.cold_start.starts import Subject, import_log, start

PACKAGES = ("flask", "gunicorn", "grpcio", "protobuf")


def run(subjects: Sequence[Subject], runs: int) -> ColdStarts:
    """Raises `DidNotStart`."""
    found = circumstances(PACKAGES, on_emulators=False)
    starts: dict[str, list[Start]] = {subject.name: [] for subject in subjects}
    # Not timed: this is when bytecode gets written and files get into memory.
    imports = {subject.name: by_package(import_log(subject)) for subject in subjects}
    for _ in range(runs):
        for subject in subjects:
            starts[subject.name].append(start(subject))
        print(
            ", ".join(
                f"{name} {times[-1].seconds * 1000:.0f} ms" for name, times in starts.items()
            ),
            flush=True,
        )
    plan = f"{runs} starts of each in turns, bytecode present, files in memory"
    return ColdStarts(circumstances=found | {"plan": plan}, starts=starts, imports=imports)
