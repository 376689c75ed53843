"""A real browser, Chromium, against examples/site (site.js has the
scenarios). The browser is Debian's, playwright-core is npm's."""
import json
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness  # noqa: E402

SCENARIOS = [
    "files_are_shown",
    "a_form_is_posted",
    "a_session_outlives_the_workers",
    "cookies_are_kept",
    "a_file_of_50_megabytes_is_uploaded",
    "events_arrive",
    "a_download_keeps_its_name",
    "a_reload_needs_no_bodies",
    "a_script_in_the_page_is_not_run",
]
DEADLINE_SECONDS = 150


def install():
    """Installs what package-lock.json lists, unless it is there already."""
    lock = HERE / "package-lock.json"
    stamp = HERE / "node_modules/.package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return
    subprocess.run(["npm", "ci", "--ignore-scripts"], cwd=HERE, check=True)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What became of each scenario. The site and the browser are gone when
    this returns, whatever has happened."""
    install()
    folder = tmp_path_factory.mktemp("browser")
    # A file for the sessions of this test alone; the workers are several.
    env = {"YOKE_STATE_DIR": folder, "YOKE_WORKERS": 2,
           "YOKE_NAME": "browser"}
    with harness.Server([harness.EXAMPLES / "site"], env=env) as server:
        node = subprocess.Popen(
            [shutil.which("node"), HERE / "site.js",
             f"http://127.0.0.1:{server.ports()[0]}/", folder,
             harness.YOKE, "reload", "browser"],
            env={**harness.environment(), "HOME": str(folder),
                 "TMPDIR": str(folder)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True)
        try:
            out, err = node.communicate(timeout=DEADLINE_SECONDS)
        finally:
            harness.kill_session(node.pid)
            node.wait()
        assert node.returncode == 0, err
        server.stop()
    return json.loads(out)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_site(results, scenario):
    assert results[scenario] is None, results[scenario]


def test_every_scenario_is_looked_at(results):
    assert sorted(results) == sorted(SCENARIOS)
