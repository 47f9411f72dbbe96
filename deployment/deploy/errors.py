"""Why a deployment stops."""


class Refused(Exception):
    """What stands in the way, and what to do about it. Nothing was changed by what refused."""
