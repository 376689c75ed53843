"""What every suite is told, and the arithmetic that they share."""
from dataclasses import dataclass
from statistics import median


@dataclass
class Plan:
    rounds: int        # turns of each server; the medians are over these
    seconds: int       # of load in one turn
    server_cpus: list
    load_cpus: list    # this script and what it sends load with run here


def ratio(values, base):
    """The median of the ratios of each round: what disturbed the machine in
    a round disturbed both, and cancels."""
    return median(v / b for v, b in zip(values, base))


def spread(values, form="{:.2f}"):
    return f"{form.format(min(values))} - {form.format(max(values))}"
