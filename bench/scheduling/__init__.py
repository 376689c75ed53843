"""The parts of bench/sched.py."""
