"""`./dev doctor`: what is wrong with a deployment, and how to mend it.

What is read becomes a frozen snapshot (`snapshot.py`, `reading.py`); each check is a pure function
from it to findings (`checks/`).
"""
