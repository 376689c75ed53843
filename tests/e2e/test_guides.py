"""The programs of the guides that say what they print are built, are run, and
print it: also those that fail, in a program without cmocka and in one with."""
import re
import subprocess

import harness
import pytest

GUIDES = [(harness.ROOT / "docs/guide" / f"{name}.md").read_text()
          for name in ("testing", "async", "views")]
PROGRAM = re.compile(r"^```c\n(/\* (\w+)\.c \*/\n.*?)^```\n\n"
                     r"^```\n\$ (?:cc .* && )?\./\2\n(.*?)^```", re.M | re.S)
PROGRAMS = {name: (code, output)
            for text in GUIDES for code, name, output in PROGRAM.findall(text)}


def sanitizer_flags():
    """What a program needs to use a library that was built with sanitizers."""
    options = harness.BUILD / "meson-info" / "intro-buildoptions.json"
    found = re.search(r'"name": "b_sanitize", "value": "([^"]*)"',
                      options.read_text())
    kind = found[1] if found else "none"
    return [] if kind == "none" else [f"-fsanitize={kind}"]


def build(name, code, folder):
    source = folder / f"{name}.c"
    source.write_text(code)
    libraries = ["-lyoke", "-ljansson", "-luv"]
    if "cmocka" in code:
        libraries.append("-lcmocka")
    subprocess.run(
        ["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-g",
         *sanitizer_flags(), f"-I{harness.ROOT}/include", "-o", name,
         source.name, f"-L{harness.BUILD}", f"-Wl,-rpath,{harness.BUILD}",
         *libraries],
        cwd=folder, check=True, timeout=100)


def matches(lines, expected):
    """Whether the lines are those expected; "..." stands for any lines, at the
    end of a line for the rest of it."""
    pattern = ""
    for line in expected:
        if line.endswith("..."):
            pattern += re.escape(line.rstrip().removesuffix("...").rstrip())
            pattern += r"[^\n]*\n(?:[^\n]*\n)*?"
        else:
            pattern += re.escape(line.rstrip()) + r"\n"
    text = "".join(line.rstrip() + "\n" for line in lines)
    return re.fullmatch(pattern, text) is not None


def test_every_program_of_the_guide_is_found():
    assert len(PROGRAMS) == sum(text.count("```c\n") for text in GUIDES)


@pytest.mark.seconds(120)
@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_prints_what_the_guide_says(name, tmp_path):
    code, output = PROGRAMS[name]
    expected = output.splitlines()
    build(name, code, tmp_path)
    done = subprocess.run([f"./{name}"], cwd=tmp_path, text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if expected[-1] == "Aborted":
        assert done.returncode == -6
        expected.pop()
    elif "FAILED" in output:
        assert done.returncode == 1
    else:
        assert done.returncode == 0
    assert matches(done.stdout.splitlines(), expected), done.stdout
