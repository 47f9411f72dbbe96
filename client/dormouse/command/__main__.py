"""`python -m dormouse.command` is the command `dormouse`."""

from dormouse.command.main import run

if __name__ == "__main__":
    run()
