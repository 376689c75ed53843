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


# ---- Programs that serve, and what the guide asks them ----

FENCED = re.compile(r"^```(cp?p?)?\n(.*?)^```", re.M | re.S)
MAIN = """
int main(void)
{
    yoke_app_listen(make_app(), .port = yoke_env_int("PORT", 1337));
    return yoke_run();
}
"""
START = re.compile(r"^\$ ((?:\w+=\S+ )+)\./(\w+) &$", re.M)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.M)


def conversations(name):
    """Of each program: its name, its code, the environment that it is started
    with, and the (command, output) pairs of the blocks behind it. What needs a
    shell with jobs is left out."""
    found = {}
    program = None
    for kind, text in FENCED.findall((harness.ROOT / name).read_text()):
        title = re.match(r"/\* (\w+)\.c \*/\n", text)
        if kind and title and re.search(r"int main\(|make_app\(void\)\n", text):
            program = title[1]
            found[program] = (text if "int main(" in text else text + MAIN, {},
                              [])
        if kind or not program:
            continue
        for env, started in START.findall(text):
            assert started == program
            found[program][1].update(pair.split("=", 1) for pair in env.split())
        found[program][2].extend(
            (command, output) for command, output in COMMAND.findall(text)
            if "curl" in command and not command.startswith("time ")
            and not command.endswith("&") and "--max-time" not in command)
    return {f"{name}: {program}": (program, code, env, asked)
            for program, (code, env, asked) in found.items() if asked}


SERVED = {}
for guide in ("guide", "guide/routing", "guide/errors", "guide/middleware",
              "guide/requests", "guide/security"):
    SERVED.update(conversations(f"docs/{guide}.md"))


def test_the_guides_programs_that_serve_are_found():
    assert sum(len(asked) for *_, asked in SERVED.values()) >= 50


def without_date(text):
    return re.sub(r"^Date: .*", "Date: now", text, flags=re.M)


def check_answers(asked, port, folder):
    """Asks a server what stands in a guide, and compares."""
    for command, output in asked:
        # So many lines take their time.
        command = command.replace("1337", str(port))
        command = command.replace("10000000", "100000")
        expected = without_date(output.replace("10000000", "100000"))
        done = subprocess.run(["bash", "-c", command], text=True, timeout=60,
                              cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
        assert matches(without_date(done.stdout).splitlines(),
                       expected.splitlines()), (command, done.stdout)


@pytest.mark.seconds(120)
@pytest.mark.parametrize("name", SERVED)
def test_the_answers_are_those_in_the_guide(name, tmp_path, start):
    program, code, env, asked = SERVED[name]
    build(program, code, tmp_path)
    server = start([tmp_path / program], env=env, cwd=tmp_path)
    check_answers(asked, server.port, tmp_path)


def test_hello_answers_as_the_readme_says(hello, tmp_path):
    text = (harness.ROOT / "README.md").read_text()
    asked = [found for found in COMMAND.findall(text)
             if found[0].startswith("curl")]
    asked = [(command, output.partition("```")[0]) for command, output in asked]
    assert len(asked) == 2
    check_answers(asked, hello.port, tmp_path)
