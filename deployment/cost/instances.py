"""How long Cloud Run's instances are billed.

Request-based billing: an instance costs while at least one request is open, rounded up to 100 ms,
whatever its processors do. https://cloud.google.com/run/docs/configuring/billing-settings
"""

import math

TARGET = 0.6
"""Cloud Run starts another instance where requests, or processors, are above this share.

https://cloud.google.com/run/docs/about-instance-autoscaling
"""
GRAIN = 0.1


def rounded(seconds: float) -> float:
    """Up to the next 100 ms: as if each request were alone, so an upper bound."""
    return math.ceil(round(seconds / GRAIN, 6)) * GRAIN


def slots(concurrency: int) -> int:
    """How many requests an instance has before there is another one."""
    return max(1, math.floor(concurrency * TARGET))


def busy_instances(open_requests: float, slots_each: int, besides: int = 0) -> float:
    """The mean number of instances with a request, when requests come at random.

    Their number at a moment is Poisson's, with the mean `open_requests` (Little's law); `besides`
    are open all the time. Instances are filled one after another.
    """
    likely = math.ceil(open_requests + 10 * math.sqrt(open_requests) + 20)
    logarithm = -open_requests
    total = 0.0
    for number in range(likely + 1):
        if number:
            logarithm += math.log(open_requests / number) if open_requests else -math.inf
        total += math.exp(logarithm) * math.ceil((number + besides) / slots_each)
    return total


def instances_for_cpu(cpu_per_second: float, cpus_each: float) -> float:
    """How many instances have the processors for so many seconds of CPU each second."""
    return cpu_per_second / (cpus_each * TARGET)
