"""Made-up rounds, whose figures are easy to reckon with."""

from bench.comparison.figures import Comparison, Latency, PerJob, Round, Service


def a_round(system: str, *, cpu_ms: float, result_ms: float = 10, speed: float = 100) -> Round:
    service = Service(cpu_ms=cpu_ms / 2, idle_cpu_ms=1.5, rss_mib=100, pss_mib=80.4, processes=2)
    return Round(
        system=system,
        services={"api": service, "worker": service},
        submit=Latency(p50=1, p95=2, p99=3),
        result=Latency(p50=result_ms, p95=20, p99=30),
        jobs_per_second=speed,
    )


def a_comparison(*rounds: Round, **per_job: PerJob) -> Comparison:
    return Comparison(circumstances={"machine": "a test"}, rounds=rounds, per_job=per_job)
