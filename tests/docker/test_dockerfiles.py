"""The Dockerfiles, read."""

import pytest

from local.processes import ROOT
from local.services import _CONFIGURATION
from tests.docker.stages import Stage, stages

API = stages(ROOT / "Dockerfile.api")
WORKER = stages(ROOT / "Dockerfile.worker")
SHARED = {"jobs", "identity", "handlers"}


def stage(all_stages: list[Stage], name: str) -> Stage:
    [found] = [one for one in all_stages if one.name == name]
    return found


def chain(all_stages: list[Stage], last: Stage) -> list[Stage]:
    """The stage and those that it is built upon."""
    below = [one for one in all_stages if one.name == last.base]
    return [*chain(all_stages, below[0]), last] if below else [last]


@pytest.mark.parametrize("all_stages", [API, WORKER], ids=["api", "worker"])
def test_the_image_runs_without_root(all_stages: list[Stage]) -> None:
    """The last `USER` is a number, so that a platform can see that it is not root."""
    users = [user for one in chain(all_stages, all_stages[-1]) for user in one.arguments("USER")]
    assert int(users[-1]) > 0


@pytest.mark.parametrize("all_stages", [API, WORKER], ids=["api", "worker"])
def test_the_image_has_what_it_needs_from_the_build_stage_only(all_stages: list[Stage]) -> None:
    """Tools of the build stay behind: the image is another stage on the same slim Python."""
    image = chain(all_stages, all_stages[-1])
    build = stage(all_stages, "build")
    assert build not in image
    assert image[0].base == build.base
    assert build.base.startswith("python:3.")
    assert "-slim-" in build.base
    copies = [copy for one in image for copy in one.arguments("COPY")]
    assert copies == ["--from=build /venv /venv", "--from=build /app /app"]


def test_each_image_holds_its_own_rooms() -> None:
    """The API's has no worker, the worker's no API, and neither has the development tools."""
    assert stage(API, "build").copied_from_context == {
        "requirements/api.txt",
        "api",
        *SHARED,
    }
    assert stage(WORKER, "build").copied_from_context == {
        "requirements/worker.txt",
        "triggers.toml",
        "worker",
        *SHARED,
    }


@pytest.mark.parametrize("all_stages", [API, WORKER], ids=["api", "worker"])
def test_packages_are_pinned_by_hash_and_never_built(all_stages: list[Stage]) -> None:
    """An install takes nothing that the lock does not name by its hash, and no source package."""
    [install] = [run for run in stage(all_stages, "build").arguments("RUN") if "install" in run]
    for option in ("--require-hashes", "--only-binary :all:", "--no-deps"):
        assert option in install


@pytest.mark.parametrize("all_stages", [API, WORKER], ids=["api", "worker"])
def test_everything_is_compiled(all_stages: list[Stage]) -> None:
    """Packages, our own code and the standard library have their bytecode in the image."""
    runs = [run for one in all_stages for run in one.arguments("RUN") if "compileall" in run]
    assert any("/venv/lib /app" in run for run in runs)
    assert any("/usr/local/lib/python3." in run for run in runs)


def test_both_images_are_made_alike() -> None:
    """What the two files say about the final image differs in nothing but the command."""
    api = [line for line in API[-1].instructions if line[0] != "CMD"]
    assert api == list(stage(WORKER, "runtime").instructions)


@pytest.mark.parametrize(
    ("name", "image"),
    [("api", API[-1]), ("worker", WORKER[-1]), ("local", stage(WORKER, "local"))],
    ids=["api", "worker", "local"],
)
def test_a_container_starts_what_dev_up_starts(name: str, image: Stage) -> None:
    """The command has the exec form, without a shell that would keep SIGTERM to itself."""
    configuration, build, _ = _CONFIGURATION[name]
    assert image.command == ["gunicorn", "-c", configuration, build]


def test_the_worker_is_what_a_build_makes_unasked() -> None:
    """The local cloud has to be asked for: the last stage is the worker's."""
    assert WORKER[-1].name == "worker"


def test_the_build_context_is_a_list_of_what_goes_in() -> None:
    """Whatever is not named stays out of the build: secrets, tests, virtual environments."""
    text = (ROOT / ".dockerignore").read_text()
    rules = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    taken = {rule.removeprefix("!").rstrip("/") for rule in rules if rule.startswith("!")}
    assert taken == {"requirements", "api", "worker", "local", "triggers.toml", *SHARED}
