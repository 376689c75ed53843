#!/usr/bin/python3
"""Fails when a C file is laid out otherwise than .clang-format says.

`make format` mends it.
"""
import subprocess
import sys

import sources

sys.exit(subprocess.run(["clang-format", "--dry-run", "-Werror",
                         *sources.c_files()], cwd=sources.ROOT).returncode)
