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


CPP_PROGRAM = """
#include <yoke/middleware.h>
#include <yoke/test.h>
#include <yoke/yoke.h>

static void fail(const yoke_err *, yoke_req *, yoke_res *res)
{
    yoke_res_status(res, 418);
    yoke_res_text(res, "caught");
}

static void greet(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, static_cast<const char *>(yoke_data(req)));
}

int main()
{
    static char hello[] = "hello";
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, "new", "old");
    yoke_app_use(app, yoke_cors(.max_age_s = 60));
    yoke_app_get(app, yoke_paths("/a", "/b"),
                 [](yoke_req *req, yoke_res *) { yoke_next(req); },
                 yoke_with(greet, hello, nullptr));
    yoke_app_get(app, "/bad", [](yoke_req *req, yoke_res *) {
        yoke_next_err(req, 500, "%s", "on purpose");
    });
    yoke_app_catch(app, fail);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/b"), 200, "hello");
    yoke_expect_text(yoke_test_get(t, "/bad"), 418, "caught");
    yoke_test_free(t);
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


def test_a_program_in_cpp_builds_and_runs(prefix, tmp_path):
    source, program = tmp_path / "program.cc", tmp_path / "program"
    source.write_text(CPP_PROGRAM)
    subprocess.run(["clang++", "-std=c++20", "-Wall", "-Wextra", "-Werror",
                    "-o", program, source, *pkg_config(prefix, "--cflags"),
                    *pkg_config(prefix, "--libs")], check=True)
    done = harness.run([program], env={"LD_LIBRARY_PATH": prefix / "lib",
                                       "YOKE_LOG": "off"})
    assert done.returncode == 0, done.stderr


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
