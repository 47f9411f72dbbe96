"""`./dev bench`: how fast, how cheap and how large Dormouse is, beside others."""

import signal
import sys
from collections.abc import Sequence

import bench.cold_start.command
import bench.comparison.command
import bench.memory.command
from bench.cold_start.starts import DidNotStart
from bench.comparison.grounds import RedisMissing
from bench.comparison.system import JobFailed
from local.processes import ChildEnded, TookTooLong
from local.sdk import EmulatorsMissing

USAGE = """\
usage: ./dev bench                  the comparison and the cold starts
       ./dev bench comparison ...   beside the floor, Google's sample, Celery and RQ
       ./dev bench cold-start ...   from exec to the first answer
       ./dev bench memory ...       over 100,000 jobs
Each takes --help, and --to FOLDER for its results."""
COMMANDS = {
    "comparison": bench.comparison.command.main,
    "cold-start": bench.cold_start.command.main,
    "memory": bench.memory.command.main,
}
BY_DEFAULT = ("cold-start", "comparison")
FAILURES = (
    ChildEnded,
    DidNotStart,
    EmulatorsMissing,
    JobFailed,
    RedisMissing,
    TookTooLong,
)


def main(arguments: Sequence[str]) -> int:
    """Returns the exit status."""
    if arguments and arguments[0] not in COMMANDS:
        print(USAGE, file=sys.stderr)
        return 0 if arguments[0] in ("-h", "--help") else 2
    # As Ctrl-C does: so that nothing of the systems is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        for command in arguments[:1] or BY_DEFAULT:
            COMMANDS[command](arguments[1:])
    except FAILURES as failure:
        print("\n".join([str(failure), *getattr(failure, "__notes__", [])]), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
