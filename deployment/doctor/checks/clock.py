"""Do this machine and the deployment agree what time it is?"""

from collections.abc import Iterator
from datetime import timedelta

from deployment.doctor.findings import Finding, Severity
from deployment.doctor.snapshot import Health, Snapshot

TOLERATED = timedelta(seconds=10)
"""As clocks are compared to the second, by way of a network."""


def check_clock(snapshot: Snapshot) -> Iterator[Finding]:
    if snapshot.health:
        yield from skew_of(snapshot.health)


def skew_of(health: Health) -> Iterator[Finding]:
    if abs(health.skew) > TOLERATED:
        way = "ahead of" if health.skew > timedelta() else "behind"
        seconds = abs(health.skew).total_seconds()
        yield Finding(
            id="clock-skew",
            severity=Severity.WARNING,
            what=f"This machine's clock is {seconds:.0f} s {way} that of the API:"
            " tokens are refused, and delays end at other times than meant.",
            mend="Set the clock by NTP: `timedatectl set-ntp true`, or restart Docker's virtual"
            " machine.",
        )
