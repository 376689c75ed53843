#!/usr/bin/python3
"""Fails when a man page gives man something to warn about, or is missing from
docs/man/meson.build."""
import os
import subprocess
import sys

import sources

bad = 0
folder = sources.ROOT / "docs/man"
listed = (folder / "meson.build").read_text()
for page in sorted(folder.glob("*.[1-8]")):
    run = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page],
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if run.returncode or run.stderr:
        bad += 1
        print(f"{page.name}:\n{run.stderr}")
    if f"'{page.name}'" not in listed:
        bad += 1
        print(f"{page.name}: not listed in meson.build")
sys.exit(bad != 0)
