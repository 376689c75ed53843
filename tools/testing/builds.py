"""The builds that the tests need, each in a folder of its own beside build/."""
import json
import os
import pathlib
import shutil

from . import procs

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = max(2, len(os.sched_getaffinity(0)))

SETUP_SECONDS = 120
BUILD_SECONDS = 900  # One that is done beside tests takes what they leave.
BESIDE_TESTS = ["nice", "-n", "10"]

# Where in the source something happened is all that these builds have to know.
STRICT = ["-Dwerror=true", "-Dtests=enabled", "-Ddebug=false"]
FUZZ = ["-Dfuzz=true", "-Db_lundef=false"]

# folder: compiler, options
BUILDS = {
    "build-gcc": ("gcc", [*STRICT, "-Dc_args=-g1"]),
    # What clang warns of does not depend on optimizing, and corpora are short.
    "build-clang": ("clang", [*STRICT, *FUZZ, "-Doptimization=0",
                              "-Dc_args=-g1"]),
    "build-asan": ("gcc", [
        "-Dtests=enabled", "-Doptimization=g", "-Ddebug=false",
        "-Db_sanitize=address,undefined", "-Db_lundef=false",
        "-Dc_args=-g1 -fno-sanitize-recover=all"]),
    # For `make fuzz`.
    "build-fuzz": ("clang", ["-Dtests=disabled", *FUZZ, "-Doptimization=1"]),
}

# A finding ends the process that made it, so that it cannot be overlooked.
SANITIZER_ENV = {
    "ASAN_OPTIONS": "halt_on_error=1:detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def folders():
    return [ROOT / name for name in BUILDS]


def build(name):
    """Configures the build when that is needed, and builds; a Result."""
    compiler, options = BUILDS[name]
    folder = ROOT / name
    stamp = folder / "configured-as"
    wanted = " ".join([compiler, *options])
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        setup = procs.run(
            ["meson", "setup", folder, "-Db_colorout=never", *options],
            SETUP_SECONDS, ROOT, {"CC": compiler})
        if not setup.ok:
            return setup
        stamp.write_text(wanted)
    # All that is wrong, not only the first error.
    return procs.run([*BESIDE_TESTS, "ninja", "-C", folder, "-k", "0",
                      *targets(name)], BUILD_SECONDS, ROOT)


def targets(name):
    """What of a build is built: all, but that clang, whose programs nobody
    runs, links only the fuzz targets."""
    if "-Dfuzz=true" not in BUILDS[name][1]:
        return []
    commands = json.loads((ROOT / name / "compile_commands.json").read_text())
    return ["fuzzers", *(command["output"] for command in commands)]


def introspect(name, what):
    """What Meson knows about a build: its "tests", its "targets"."""
    text = procs.run(["meson", "introspect", ROOT / name, f"--{what}"], 60)
    return json.loads(text.output)


def fuzzers(name):
    """{name: program} of the fuzz targets of a build."""
    return {target["name"]: target["filename"][0]
            for target in introspect(name, "targets")
            if target["type"] == "executable"
            and target["defined_in"] == str(ROOT / "fuzz/meson.build")}
