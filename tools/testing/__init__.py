"""The parts of tools/test.py and tools/fuzz.py."""
