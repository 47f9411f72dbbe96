"""Entry point of `dormouse` and `python -m dormouse.command`."""

import sys


def run() -> None:
    """Ends the process with the command's exit status."""
    try:
        from dormouse.command.main import main  # noqa: PLC0415 - it needs the extra
    except ModuleNotFoundError as missing:
        if missing.name not in {"click", "rich"}:
            raise
        sys.exit("The command needs two libraries more: `pip install 'dormouse-client[cli]'`.")
    sys.exit(main())


if __name__ == "__main__":
    run()
