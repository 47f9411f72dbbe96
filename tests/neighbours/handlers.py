"""Job types that do to their process what no handler should. Used as DORMOUSE_HANDLERS in tests."""

import asyncio
import ctypes
import decimal
import locale
import logging
import multiprocessing
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from handlers import JOB_TYPES
from jobs.context import Context, Continue, PermanentError, RetryAfter
from jobs.job_types import Registry, job_type

SLEEPER = (sys.executable, "-c", "import time; time.sleep(120)")


class Deed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do, by the name of a function, and a place to leave marks."""

    name: str = ""
    folder: str = ""


class Traces(msgspec.Struct, frozen=True):
    """What a well-kept handler finds of the one before it."""

    text: str
    found: list[str]


def fork_and_raise(_: Deed, _context: Context) -> None:
    if os.fork() == 0:
        raise ValueError("in the child")
    time.sleep(0.3)


def fork_and_return(_: Deed, _context: Context) -> None:
    if os.fork() != 0:
        time.sleep(0.3)


def fork_and_stay(_: Deed, _context: Context) -> None:
    if os.fork() == 0:
        time.sleep(120)


def fork_and_die(_: Deed, _context: Context) -> None:
    """The child keeps the pipe open after its parent is gone."""
    if os.fork() == 0:
        time.sleep(120)
    os._exit(3)


def kill_group(_: Deed, _context: Context) -> None:
    os.killpg(0, signal.SIGKILL)


def terminate_group(_: Deed, _context: Context) -> None:
    os.kill(0, signal.SIGTERM)


def interrupt_group(_: Deed, _context: Context) -> None:
    os.kill(0, signal.SIGINT)
    time.sleep(1)


def exec_something(_: Deed, _context: Context) -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606 - that is the deed


def exit_at_once(_: Deed, _context: Context) -> None:
    os._exit(0)


def exit_with_text(_: Deed, _context: Context) -> None:
    sys.exit("enough of this")


def interrupt(_: Deed, _context: Context) -> None:
    raise KeyboardInterrupt


def cancelled(_: Deed, _context: Context) -> None:
    raise asyncio.CancelledError


def stop_generator(_: Deed, _context: Context) -> None:
    raise GeneratorExit


class Mute(PermanentError):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def mute(_: Deed, _context: Context) -> None:
    raise Mute


class Careless(RetryAfter):
    def __init__(self) -> None:
        """Forgets to call the one above."""


def careless_retry(_: Deed, _context: Context) -> None:
    raise Careless


def decimal_retry(_: Deed, _context: Context) -> None:
    raise RetryAfter(Decimal("1.5"))  # type: ignore[arg-type]  # that is the deed


class CarelessContinue(Continue):
    def __init__(self) -> None:
        """Forgets to call the one above."""


def careless_continue(_: Deed, _context: Context) -> None:
    raise CarelessContinue


def alarm(_: Deed, _context: Context) -> None:
    signal.signal(signal.SIGALRM, _raise)
    signal.setitimer(signal.ITIMER_REAL, 0.2)


def plain_alarm(_: Deed, _context: Context) -> None:
    signal.alarm(1)


def ignore_signals(_: Deed, _context: Context) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})


def change_folder(deed: Deed, _context: Context) -> None:
    os.chdir(deed.folder)


def remove_own_folder(_: Deed, _context: Context) -> None:
    gone = tempfile.mkdtemp()
    os.chdir(gone)
    Path(gone).rmdir()


def change_umask(_: Deed, _context: Context) -> None:
    os.umask(0o777)


def change_environment(_: Deed, _context: Context) -> None:
    os.environ["SECRET_OF_A_NEIGHBOUR"] = "x"
    os.environ.pop("PATH", None)


def close_streams(_: Deed, _context: Context) -> None:
    for number in (0, 1, 2):
        os.close(number)


def close_stdout(_: Deed, _context: Context) -> None:
    sys.stdout.close()


def replace_stdout(deed: Deed, _context: Context) -> None:
    sys.stdout = Path(deed.folder, "out").open("w")  # noqa: SIM115 - left open on purpose


def close_everything(_: Deed, _context: Context) -> None:
    os.closerange(3, 256)


def lower_limits(_: Deed, _context: Context) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))


def lower_soft_limits(_: Deed, _context: Context) -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))


def limit_cpu(_: Deed, _context: Context) -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 1))


def leave_a_thread(_: Deed, _context: Context) -> None:
    threading.Thread(target=time.sleep, args=(120,), daemon=True).start()


def leave_a_busy_thread(_: Deed, _context: Context) -> None:
    threading.Thread(target=_spin, daemon=True).start()


def leave_a_subprocess(_: Deed, _context: Context) -> None:
    subprocess.Popen(SLEEPER)  # noqa: S603 - ours


def leave_a_session(_: Deed, _context: Context) -> None:
    subprocess.Popen(SLEEPER, start_new_session=True)  # noqa: S603 - ours


def start_and_hang(deed: Deed, context: Context) -> None:
    leave_a_subprocess(deed, context)
    leave_a_session(deed, context)
    time.sleep(120)


def leave_a_daemon(_: Deed, _context: Context) -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(120)
        os._exit(0)
    os.wait()


def leave_a_zombie(_: Deed, _context: Context) -> None:
    if os.fork() == 0:
        os._exit(0)
    time.sleep(0.1)


def garbage_to_every_file(_: Deed, _context: Context) -> None:
    for number in range(3, 32):
        try:
            os.write(number, b"\x00\x00\x00\x08garbage!")
        except OSError:
            continue


def half_a_message(_: Deed, _context: Context) -> None:
    for number in range(3, 32):
        try:
            os.write(number, b"\x7f\xff\xff\xff12")
        except OSError:
            continue


def too_many_files(_: Deed, _context: Context) -> None:
    kept = []
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))


def leak_files(_: Deed, _context: Context) -> None:
    for _number in range(100):
        os.open("/dev/null", os.O_RDONLY)


def exhaust_memory(_: Deed, _context: Context) -> None:
    eaten = []
    while True:
        eaten.append(bytearray(16 * 1024 * 1024))


def recurse(_: Deed, _context: Context) -> None:
    sys.setrecursionlimit(50_000)
    _deeper(0)


def crash(_: Deed, _context: Context) -> None:
    ctypes.string_at(0)


def settings_of_libraries(_: Deed, _context: Context) -> None:
    decimal.getcontext().prec = 3
    socket.setdefaulttimeout(0.001)
    locale.setlocale(locale.LC_ALL, "C")
    sys.setrecursionlimit(200)


def silence_the_log(_: Deed, _context: Context) -> None:
    logging.disable(logging.CRITICAL)
    logging.getLogger().handlers.clear()


def not_json(_: Deed, _context: Context) -> Any:
    return msgspec.Raw(b"not json")


def multiprocess(_: Deed, _context: Context) -> int:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        return sum(pool.map(abs, [-1, -2, -3]))


def pool_of_processes(_: Deed, _context: Context) -> int:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        return sum(pool.map(abs, [-1, -2, -3]))


def _raise(_number: int, _frame: Any) -> None:
    raise RuntimeError("the alarm of another job")


def _spin() -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end:
        sum(range(1000))


def _deeper(depth: int) -> int:
    return _deeper(depth + 1)


DEEDS: dict[str, Callable[[Deed, Context], Any]] = {
    deed.__name__: deed
    for deed in (
        *(fork_and_raise, fork_and_return, fork_and_stay, fork_and_die),
        *(kill_group, terminate_group, interrupt_group, exec_something, exit_at_once),
        *(exit_with_text, interrupt, cancelled, stop_generator, mute, careless_retry),
        *(decimal_retry, careless_continue, alarm, plain_alarm, ignore_signals, change_folder),
        *(remove_own_folder, change_umask, change_environment, close_streams, close_stdout),
        *(replace_stdout, close_everything, lower_limits, lower_soft_limits, limit_cpu),
        *(leave_a_thread, leave_a_busy_thread, leave_a_subprocess, leave_a_session),
        *(leave_a_daemon, leave_a_zombie, garbage_to_every_file, half_a_message),
        *(too_many_files, leak_files, exhaust_memory, recurse, crash, settings_of_libraries),
        *(start_and_hang, silence_the_log, not_json, multiprocess, pool_of_processes),
    )
}


@job_type("bad.deed", example=Deed("exit_at_once"), timeout=timedelta(seconds=30))
def do(payload: Deed, context: Context) -> Any:
    """Do one of the deeds."""
    return DEEDS[payload.name](payload, context)


@job_type("good.deed", example=Deed("hello"), timeout=timedelta(seconds=30))
def behave(payload: Deed, context: Context) -> Traces:
    """Work as usual, and tell what of a neighbour is still to be seen."""
    context.progress(0.5, "half")
    found = [name for name in os.environ if "NEIGHBOUR" in name]
    if "PATH" not in os.environ:
        found.append("no PATH")
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"x" * 4096)
        file.flush()
        if Path(file.name).stat().st_mode & 0o400 == 0:
            found.append("umask")
    if threading.active_count() > 1:
        found.append("threads")
    if Decimal(1) / 3 != Decimal("0.3333333333333333333333333333"):
        found.append("decimal")
    if socket.getdefaulttimeout() is not None:
        found.append("timeout")
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        found.append("signals")
    print(payload.name, flush=True)  # noqa: T201 - handlers print
    time.sleep(0.4)
    return Traces(payload.name, found)


REGISTRY = Registry([do, behave, *JOB_TYPES])
