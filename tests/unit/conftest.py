"""How thoroughly properties are tested.

By default quickly, and each time alike, so that a failure is the change's own. To search further:
`pytest tests/unit --hypothesis-profile=long --timeout=0`.
"""

from hypothesis import HealthCheck, settings

# How long an example takes is the machine's affair.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

settings.register_profile("quick", _UNTIMED, max_examples=300, derandomize=True, database=None)
settings.register_profile("long", _UNTIMED, max_examples=10_000, print_blob=True)
settings.load_profile("quick")
