"""The command `dormouse`, for people and scripts. Needs the extra `cli`."""
