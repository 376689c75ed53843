"""What `make install` puts in place serves a program that knows of nothing
else."""
import os
import subprocess

import harness
import pytest

PROGRAM = """
#include <stdio.h>
#include <yoke/yoke.h>

int main(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_free(app);
    puts(yoke_version());
    return 0;
}
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """The folder that the build was installed in."""
    destination = tmp_path_factory.mktemp("install")
    subprocess.run(["meson", "install", "-C", harness.BUILD, "--no-rebuild",
                    "--quiet", "--destdir", destination], check=True)
    return destination / "usr/local"


def pkg_config(prefix, *options):
    return subprocess.run(
        ["pkg-config", f"--define-variable=prefix={prefix}", *options, "yoke"],
        env={**os.environ, "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")},
        stdout=subprocess.PIPE, check=True, text=True).stdout.split()


@pytest.mark.parametrize("options", [["--libs"], ["--libs", "--static"]],
                         ids=["shared", "static"])
def test_a_program_builds_and_runs(prefix, tmp_path, options):
    source, program = tmp_path / "program.c", tmp_path / "program"
    source.write_text(PROGRAM)
    libraries = pkg_config(prefix, *options)
    if "--static" in options:  # yoke's archive; the system's libraries as ever
        libraries = [prefix / "lib/libyoke.a" if word == "-lyoke" else word
                     for word in libraries]
    subprocess.run(["gcc", "-Wall", "-Werror", "-o", program, source,
                    *pkg_config(prefix, "--cflags"), *libraries], check=True)
    done = harness.run([program], env={"LD_LIBRARY_PATH": prefix / "lib"})
    assert done.returncode == 0, done.stderr
    [version] = pkg_config(prefix, "--modversion")
    assert done.stdout.strip() == version


def test_the_command_and_its_manual_are_there(prefix):
    done = harness.run([prefix / "bin/yoke", "--version"],
                       env={"LD_LIBRARY_PATH": prefix / "lib"})
    assert done.returncode == 0
    assert (prefix / "share/man/man1/yoke.1").exists()
    assert (prefix / "share/man/man3/libyoke.3").exists()


def test_no_installed_program_looks_for_libraries_in_the_build(prefix):
    done = subprocess.run(["readelf", "-d", prefix / "bin/yoke",
                           prefix / "lib/libyoke.so"],
                          stdout=subprocess.PIPE, check=True, text=True)
    assert "RPATH" not in done.stdout and "RUNPATH" not in done.stdout


def defined_names(path, *options):
    done = subprocess.run(
        ["nm", "--defined-only", "--format=posix", *options, path],
        stdout=subprocess.PIPE, check=True, text=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def test_the_library_exports_only_its_own_names(prefix):
    names = defined_names(prefix / "lib/libyoke.so", "--dynamic")
    assert names
    assert [name for name in names if not name.startswith("yoke_")] == []


def test_the_command_has_no_copy_of_what_is_public():
    names = defined_names(harness.YOKE)
    assert "main" in names
    assert [name for name in names if name.startswith("yoke_")] == []
