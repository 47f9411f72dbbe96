"""The distribution: it builds without a network, installs anew, and says what it needs."""

import ast
import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from local.processes import ROOT

CLIENT = ROOT / "client"
PROJECT = tomllib.loads((CLIENT / "pyproject.toml").read_text())["project"]
UV = Path(sys.executable).parent / "uv"
IMPORT_NAMES = {"google-auth": "google"}
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
NO_NETWORK = {**dict.fromkeys(PROXIES, "http://127.0.0.1:1"), "UV_OFFLINE": "1"}


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - ours
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("dist")
    ran = run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=CLIENT, **NO_NETWORK)
    assert ran.returncode == 0, ran.stderr
    return folder


def wheel_in(folder: Path) -> Path:
    return next(folder.glob("*.whl"))


def test_wheel_and_sdist_hold_the_package(built: Path) -> None:
    """Every module, the mark that it has types, the licence; and nothing else."""
    modules = {str(path.relative_to(CLIENT)) for path in CLIENT.glob("dormouse/**/*.py")}
    wanted = modules | {"dormouse/py.typed"}
    with zipfile.ZipFile(wheel_in(built)) as wheel:
        names = set(wheel.namelist())
    inside = {name for name in names if ".dist-info/" not in name}
    assert inside == wanted
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        members = {name.partition("/")[2] for name in sdist.getnames()}
    assert wanted | {"README.md", "LICENSE", "pyproject.toml"} <= members


def test_it_runs_from_a_clean_environment(built: Path, tmp_path: Path) -> None:
    """Installed without this repository around: the library, its fake, and the command."""
    made = run(UV, "venv", "--quiet", "--python", sys.executable, "venv", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    python = tmp_path / "venv" / "bin" / "python"
    installed = run(
        UV,
        *("pip", "install", "--quiet", "--no-deps", "--no-index", "--python", python),
        wheel_in(built),
        cwd=tmp_path,
        **NO_NETWORK,
    )
    assert installed.returncode == 0, installed.stderr
    command = tmp_path / "venv" / "bin" / "dormouse"
    # The libraries that it declares, from where they are anyway: a registry is not asked.
    (site,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    ours = next(Path(path) for path in sys.path if path.endswith("site-packages"))
    (site / "libraries.pth").write_text(f"{ours}\n")
    assert PROJECT["version"] in run(command, "--version", cwd=tmp_path).stdout
    script = (
        "from dormouse.testing import FakeDormouse\n"
        "fake = FakeDormouse()\n"
        "fake.answer('a.b', 1)\n"
        "print(fake.client().submit('a.b').result())"
    )
    ran = run(python, "-W", "error", "-c", script, cwd=tmp_path)
    assert (ran.stdout, ran.stderr) == ("1\n", "")


def imported(path: Path) -> set[str]:
    """The top-level names of what a module imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


def declared(*extras: str) -> set[str]:
    needs = list(PROJECT["dependencies"])
    for extra in extras:
        needs += PROJECT["optional-dependencies"][extra]
    names = [re.split(r"[^\w.-]", need, maxsplit=1)[0] for need in needs]
    return {IMPORT_NAMES.get(name, name) for name in names}


@pytest.mark.parametrize(
    "path", sorted(CLIENT.glob("dormouse/**/*.py")), ids=lambda path: str(path.relative_to(CLIENT))
)
def test_what_is_imported_is_declared(path: Path) -> None:
    """Each library is a dependency, or of the extra that the module is for."""
    extras = [
        extra
        for extra, part in (("cli", "dormouse/command/"), ("webhooks", "dormouse/webhooks.py"))
        if part in str(path)
    ]
    others = imported(path) - sys.stdlib_module_names - {"dormouse"}
    assert others <= declared(*extras)


def test_without_its_libraries_the_command_says_what_to_install() -> None:
    """Not everybody who installs the library wants the command."""
    script = (
        "import sys; sys.modules['click'] = None\nfrom dormouse.command.__main__ import run; run()"
    )
    ran = run(sys.executable, "-c", script, cwd=ROOT, PYTHONPATH=str(CLIENT))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "pip install 'dormouse-client[cli]'" in ran.stderr


def test_nothing_heavy_is_imported() -> None:
    """google-auth waits for somebody who needs it, and so do the command and the fake."""
    script = "import sys, dormouse; print(*sorted(sys.modules))"
    ran = run(sys.executable, "-c", script, cwd=ROOT, PYTHONPATH=str(CLIENT))
    loaded = set(ran.stdout.split())
    assert "dormouse.client" in loaded
    assert not loaded & {"google.auth", "standardwebhooks", "dormouse.command", "dormouse.testing"}
