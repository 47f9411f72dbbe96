"""The once-a-minute pass: overdue jobs, schedules."""
