"""The entry point: `--version` costs no more than starting Python, everything else is loaded when it is asked for."""

import sys

from console import __version__


def main() -> int:
    """Run the command line of this process and return its exit code."""
    arguments = sys.argv[1:]
    if arguments == ["--version"] and sys.stdout is not None:
        try:
            sys.stdout.write(f"gateway-console {__version__}\n")
            sys.stdout.flush()
        except OSError:
            from console.cli.streams import let_go_of_stdout

            let_go_of_stdout()
            return 1
        return 0
    try:
        from console.cli.main import run

        return run(arguments)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
