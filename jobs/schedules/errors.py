"""What can go wrong with schedules. A class's docstring is its message where none is given."""

from jobs.errors import DormouseError


class ScheduleNotFound(DormouseError):
    """There is no such schedule, or it is not yours."""

    code = "schedule_not_found"


class ScheduleExists(DormouseError):
    """A schedule with this id exists already."""

    code = "schedule_exists"


class TooManySchedules(DormouseError):
    """You have as many schedules as one caller may have. Delete one first."""

    code = "too_many_schedules"


def too_many(most: int) -> TooManySchedules:
    return TooManySchedules(f"You have {most} schedules, and may have no more.")
