"""What the scripts of the bench have in common: their options, and how they
end."""
import argparse
import signal
import sys

SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def options(doc):
    """A parser with the options that every script has."""
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--markdown", action="store_true",
                        help="put the tables into docs/BENCHMARKS.md too")
    parser.add_argument("--strict", action="store_true",
                        help="exit 1 when a target is missed")
    return parser


def parts_option(parser, part, known):
    """Words of the command line that choose parts of the script: "suite"."""
    parser.add_argument(f"{part}s", nargs="*", metavar=part.upper(),
                        help="of " + ", ".join(known))


def check_known(parser, part, chosen, known):
    """Ends the script when it was asked for something that there is not."""
    wrong = set(chosen) - set(known)
    if wrong:
        parser.error(f"no such {part}: {', '.join(sorted(wrong))} "
                     f"(there are: {', '.join(known)})")


def _on_signal(number, frame):
    # Once: a second one must not interrupt the stopping of the servers.
    for other in SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    sys.exit(128 + number)


def end_by_exception():
    """A signal ends the script as an exception does, which runs every `with`;
    that stops what was started."""
    for number in SIGNALS:
        signal.signal(number, _on_signal)
