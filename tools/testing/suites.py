"""The tests that many programs are made of: unit, end to end, fuzz corpora.

A suite is a list of jobs. A job is one program that runs one file of tests and
says how each went, in JUnit's XML: cmocka and pytest both write it.
"""
import concurrent.futures
import pathlib
import sys
import tempfile
import time
import xml.etree.ElementTree

from . import builds, procs

UNIT_SECONDS = 60   # for one unit test program
FILE_SECONDS = 240  # for one file of end-to-end tests; each test has its own
AT_A_TIME = 3 * builds.JOBS

# Tests of the tests, of the build and of browsers: sanitizers would add nothing.
ONCE = {"test_http1", "test_harness", "test_install", "test_make", "test_site"}


# They take longest, the first ones most of all: nobody is to wait for them at
# the end.
LONG = ["test_site", "test_sched_kernel", "test_watch", "test_chaos",
        "test_upgrade", "test_upkeep", "test_cluster_net", "test_protocol",
        "test_stop", "test_reload", "test_sched_balanced", "test_preload",
        "test_limits", "test_shared", "test_rescue", "test_kills"]


class Job:
    """One program to run, and the environment it needs. `report` is where it
    writes its XML; without one, the program itself is the test."""

    def __init__(self, name, command, seconds, env=None, report=None):
        self.name = name
        self.command = command
        self.seconds = seconds
        self.env = env
        self.report = report


def unit(build, scratch, env):
    """The tests that Meson lists for a build: of units, and of the examples,
    which do without cmocka and are one test each."""
    jobs = []
    for test in builds.introspect(build, "tests"):
        job = Job(test["name"], test["cmd"], UNIT_SECONDS,
                  {**env, **test["env"]})
        if "unit" in " ".join(test["suite"]):
            # cmocka replaces %g with the name of a group of tests.
            job.report = scratch / f"{test['name'].replace('/', '-')}-%g.xml"
            job.env |= {"CMOCKA_MESSAGE_OUTPUT": "XML",
                        "CMOCKA_XML_FILE": str(job.report)}
        jobs.append(job)
    # Those that start servers wait for them, and take longest.
    return sorted(jobs, key=lambda job: not job.name.startswith("store/"))


def end_to_end(build, scratch, env):
    """The end-to-end tests, against the programs of a build."""
    jobs = []
    tests = builds.ROOT / "tests"
    for path in sorted([*tests.glob("browser/test_*.py"),
                        *tests.glob("e2e/test_*.py")], key=place):
        if path.stem in ONCE and build != "build-gcc":
            continue
        report = scratch / f"{path.stem}.xml"
        command = [sys.executable, "-m", "pytest", "-q", "--no-header",
                   "-p", "no:cacheprovider", f"--junitxml={report}",
                   f"--basetemp={scratch / path.stem}", path]
        jobs.append(Job(path.stem, command, FILE_SECONDS, {
            **env, "YOKE_BUILD": str(builds.ROOT / build)}, report))
    return jobs


def place(path):
    """Where a file of tests stands in their order: what takes long comes
    first. Of the rest, the longer the text the longer it takes, more or less."""
    known = LONG.index(path.stem) if path.stem in LONG else len(LONG)
    return known, -path.stat().st_size


def corpora(build, scratch, env):
    """The fuzz targets, each over its corpus, once."""
    jobs = []
    for name, program in builds.fuzzers(build).items():
        command = [program, "-runs=0", f"-artifact_prefix={scratch}/",
                   builds.ROOT / "fuzz/corpus" / name]
        jobs.append(Job(name, command, UNIT_SECONDS, env))
    return jobs


def run(jobs_of, build, env=None):
    """Runs the jobs that `jobs_of` makes. Returns how many tests passed, how
    many failed, and what the failed ones had to say."""
    passed = failed = 0
    complaints = []
    with tempfile.TemporaryDirectory() as folder:
        jobs = jobs_of(build, pathlib.Path(folder), env or {})
        for good, bad, text in in_parallel(run_job, jobs):
            passed += good
            failed += bad
            complaints += [text] if bad else []
    return passed, failed, "\n".join(complaints)


def in_parallel(function, items):
    """The results of function(item) for all items, in their order. More are
    done at a time than there are CPUs, for many wait. When this is interrupted,
    what waits is forgotten and what runs is killed."""
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in futures):
                procs.sweep(builds.folders())
                time.sleep(0.1)
            raise


def run_job(job):
    """(passed, failed, text) of one job. One that fails without naming a test
    that did, by dying for example, counts as a failed test itself."""
    result = procs.run(job.command, job.seconds, builds.ROOT, job.env)
    passed, failures = read_reports(job.report) if job.report else (0, [])
    # pytest has told of each failure in its output, cmocka has not.
    untold = [text for name, text in failures if name not in result.output]
    text = "\n".join([f"--- {job.name} ({job.command[0]})",
                      result.output.strip(), *untold])
    if not job.report and result.ok:
        passed = 1
    failed = len(failures)
    if not failed and (not result.ok or not passed):
        failed = 1
        text += "" if result.output.strip() else "it ran no test"
    return passed, failed, text


def read_reports(pattern):
    """How many tests passed in these reports, and (name, text) of each that
    did not. A skipped test is neither."""
    passed, failures = 0, []
    for report in pattern.parent.glob(pattern.name.replace("%g", "*")):
        try:
            cases = list(xml.etree.ElementTree.parse(report).iter("testcase"))
        except xml.etree.ElementTree.ParseError as error:
            failures.append((report.name, f"{report.name}: {error}"))
            continue
        for case in cases:
            bad = case.find("failure")
            bad = case.find("error") if bad is None else bad
            if bad is not None:
                name = case.get("name")
                failures.append((name, f"FAILED {name}\n{bad.text or ''}"))
            elif case.find("skipped") is None:
                passed += 1
    return passed, failures
