"""The builds that the tests need, each in a folder of its own beside build/."""
import json
import os
import pathlib
import shutil

from . import procs

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = max(2, len(os.sched_getaffinity(0)))

STRICT = ["-Dwerror=true", "-Dtests=enabled"]

# folder: compiler, options
BUILDS = {
    "build-gcc": ("gcc", STRICT),
    # Nothing runs it, and what clang warns of does not depend on optimizing.
    "build-clang": ("clang", [*STRICT, "-Doptimization=0"]),
    "build-asan": ("gcc", [
        "-Dtests=enabled", "-Doptimization=1",
        "-Db_sanitize=address,undefined", "-Db_lundef=false",
        "-Dc_args=-fno-sanitize-recover=all"]),
    "build-fuzz": ("clang", [
        "-Dtests=disabled", "-Dfuzz=true", "-Doptimization=1",
        "-Db_lundef=false"]),
}

# A finding ends the process that made it, so that it cannot be overlooked.
SANITIZER_ENV = {
    "ASAN_OPTIONS": "halt_on_error=1:detect_leaks=1:detect_stack_use_after_return=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
}


def folders():
    return [ROOT / name for name in BUILDS]


def build(name, *targets):
    """Configures the build when that is needed, and builds; a Result."""
    compiler, options = BUILDS[name]
    folder = ROOT / name
    stamp = folder / "configured-as"
    wanted = " ".join([compiler, *options])
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        setup = procs.run(
            ["meson", "setup", folder, "-Db_colorout=never", *options],
            120, ROOT, {"CC": compiler})
        if not setup.ok:
            return setup
        stamp.write_text(wanted)
    # All that is wrong, not only the first error.
    return procs.run(["ninja", "-C", folder, "-k", "0", *targets], 300, ROOT)


def introspect(name, what):
    """What Meson knows about a build: its "tests", its "targets"."""
    text = procs.run(["meson", "introspect", ROOT / name, f"--{what}"], 60)
    return json.loads(text.output)


def fuzzers():
    """{name: program} of the fuzz targets."""
    return {target["name"]: target["filename"][0]
            for target in introspect("build-fuzz", "targets")
            if target["type"] == "executable"
            and target["defined_in"] == str(ROOT / "fuzz/meson.build")}
