"""A fake service for tests of programs that submit jobs: no network, no waiting.

    from dormouse.testing import FakeDormouse

    def test_an_order_is_charged():
        fake = FakeDormouse()
        fake.answer("card.charge", {"receipt": "r-1"})
        my_program.run(dormouse=fake.client())
        assert [job.type for job in fake.jobs] == ["card.charge"]

Jobs run in the calling thread, as soon as they are due. Time passes at once when somebody waits, so
delays and retries take none. The fake passes the same tests as the service, for jobs, their
events, schedules and webhooks; it sends no webhooks, fires no schedules, and checks no payload.
"""

from dormouse.testing.fake import FakeDormouse
from dormouse.testing.running import FakeContext, FakeJob, Permanent

__all__ = ["FakeContext", "FakeDormouse", "FakeJob", "Permanent"]
