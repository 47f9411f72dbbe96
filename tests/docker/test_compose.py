"""The compose file, read."""

import os
import re
from typing import Any

import msgspec
import pytest

from local.containers import IMAGE
from local.ports import PURPOSES, Ports, variable
from local.processes import ROOT
from local.services import _CONFIGURATION, environment, url

SERVICES: dict[str, dict[str, Any]] = msgspec.yaml.decode(
    (ROOT / "docker-compose.yml").read_bytes(), type=dict[str, Any]
)["services"]
OURS = ("api", "worker", "local")
_DEFAULT = re.compile(r"\$\{(\w+):-([^}]*)\}")


def as_by_default(text: str) -> str:
    """The text with no variable set."""
    return _DEFAULT.sub(r"\2", text)


def test_the_services_are_those_of_dev_up() -> None:
    """There is one service for each port of the local system."""
    assert set(SERVICES) == set(PURPOSES)


@pytest.mark.parametrize("name", PURPOSES)
def test_ports_are_those_of_dev_up_for_this_machine_only(name: str) -> None:
    """Each service is published on loopback, at the port that `./dev up` gives it."""
    port = getattr(Ports(), name)
    assert SERVICES[name]["ports"] == [f"127.0.0.1:${{{variable(name)}:-{port}}}:{port}"]


@pytest.mark.parametrize("name", OURS)
def test_settings_are_those_of_dev_up(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each service has the settings of `./dev up`, with the others under their own names."""
    for ambient in [name for name in os.environ if name.startswith("DORMOUSE_")]:
        monkeypatch.delenv(ambient)
    ports = Ports()
    wanted = {
        setting: value
        for setting, value in environment(ports).items()
        if setting.startswith(("DORMOUSE_", "GOOGLE_CLOUD_PROJECT")) or "EMULATOR" in setting
    }
    for other in PURPOSES:
        port = getattr(ports, other)
        for setting in wanted.keys() - {"DORMOUSE_API_AUDIENCES"}:
            wanted[setting] = wanted[setting].replace(f"127.0.0.1:{port}", f"{other}:{port}")
    # The browser that signs in is outside.
    wanted["DORMOUSE_SIGN_IN_URL"] = f"{url(ports.local)},{wanted['DORMOUSE_SIGN_IN_URL']}"
    wanted["PORT"] = str(getattr(ports, name))
    if name == "local":
        wanted["DORMOUSE_LOCAL_HOST"] = "0.0.0.0"  # noqa: S104 - inside its own container
    given = {key: as_by_default(value) for key, value in SERVICES[name]["environment"].items()}
    assert given == wanted


@pytest.mark.parametrize("name", PURPOSES)
def test_every_start_waits_for_health(name: str) -> None:
    """Nothing starts on a guess: who is waited for is healthy, and everybody says when that is."""
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] == "CMD"
    conditions = {wait["condition"] for wait in service.get("depends_on", {}).values()}
    assert conditions <= {"service_healthy"}


def test_the_api_comes_last() -> None:
    """Once the API is healthy, everything is."""

    def before(name: str) -> set[str]:
        waits = set(SERVICES[name].get("depends_on", {}))
        return waits.union(*map(before, waits))

    assert before("api") == set(SERVICES) - {"api"}


@pytest.mark.parametrize("name", OURS)
def test_health_is_asked_where_dev_up_asks(name: str) -> None:
    """The same path says that a service is up, here and under `./dev up`."""
    _, _, path = _CONFIGURATION[name]
    url = f"http://127.0.0.1:{getattr(Ports(), name)}{path}"
    assert f"'{url}'" in SERVICES[name]["healthcheck"]["test"][-1]


@pytest.mark.parametrize("name", PURPOSES)
def test_containers_can_do_little(name: str) -> None:
    """Every container has a read-only file system but for /tmp, and no way to more rights."""
    service = SERVICES[name]
    assert service["read_only"] is True
    limit = ":size=768m" if name == "worker" else ""
    assert service["tmpfs"] == [f"/tmp{limit}"]  # noqa: S108 - the container's own
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "volumes" not in service


@pytest.mark.parametrize("name", ["firestore", "pubsub"])
def test_the_emulators_are_those_of_dev_up(name: str) -> None:
    """The same release of the emulators runs here and where `./dev up` takes them from Docker."""
    assert SERVICES[name]["image"] == IMAGE
    assert int(SERVICES[name]["user"].split(":")[0]) > 0


@pytest.mark.parametrize(
    ("name", "dockerfile", "target"),
    [
        ("api", "Dockerfile.api", None),
        ("worker", "Dockerfile.worker", None),
        ("local", "Dockerfile.worker", "local"),
    ],
)
def test_ours_are_built_from_the_two_dockerfiles(
    name: str, dockerfile: str, target: str | None
) -> None:
    """API and worker are the images that a deployment runs."""
    wanted = {"context": ".", "dockerfile": dockerfile} | ({"target": target} if target else {})
    assert SERVICES[name]["build"] == wanted
