"""What workers are made of: program, folder, environment, descriptors."""
import procfs
from fleet import FLEET, start_fleet  # noqa: F401, the fixture
from harness import run, wait_for


def test_a_worker_cannot_be_told_from_its_environment(start_fleet):
    """Its own children are to be primaries."""
    server = start_fleet(1, "127.0.0.1:0")
    assert server.ask("env YOKE_WORKER") == "nothing"


def test_variables_can_be_added_and_replaced(start_fleet):
    server = start_fleet(1, "127.0.0.1:0", env={"COLOUR": "red"})
    assert server.ask("env COLOUR") == "red"
    server.command("fork COLOUR=blue")
    server.wait_output(r"^listening 2 ")
    wait_for(lambda: {server.ask("env COLOUR") for _ in range(2)}
             == {"red", "blue"}, "an answer of each")


def test_a_worker_runs_where_it_is_told(start_fleet, tmp_path):
    server = start_fleet(1, "-d", str(tmp_path), "127.0.0.1:0")
    assert server.ask("folder") == str(tmp_path)


def test_a_worker_has_the_name_of_its_program(start_fleet):
    server = start_fleet(1, "127.0.0.1:0")
    with open(f"/proc/{server.answerer()}/comm") as file:
        assert file.read() == "fleet\n"


def test_a_worker_outlives_the_file_of_its_program(start_fleet, tmp_path):
    """A replacement runs the program that the primary runs, whatever has been
    put in its place meanwhile."""
    copy = tmp_path / "fleet"
    copy.write_bytes(FLEET.read_bytes())
    copy.chmod(0o755)
    server = start_fleet(1, "-S", "127.0.0.1:0", program=copy)
    copy.unlink()
    victim = server.answerer()
    server.line().send("exit 1")
    server.wait_workers(1, other_than=[victim])
    assert server.answerer() != victim


def test_a_program_that_is_not_there_is_named(start_fleet):
    done = run([FLEET, "-n", "1", "-x", "/no/such/program", "127.0.0.1:0"])
    assert "could not start: cannot run /no/such/program: No such file" \
        in done.stdout
    assert done.stdout.index("disconnect 1") < done.stdout.index("exit 1")


def test_a_worker_inherits_no_descriptor_of_the_primary(start_fleet):
    server = start_fleet(4, "127.0.0.1:0", "127.0.0.1:0", listeners=2)
    first, *_, last = server.workers()
    # As many whether three siblings have been started before it or none.
    assert server.fd_count(first) == server.fd_count(last)
    assert procfs.listening_ports(last) == []


def test_the_table_of_workers_is_in_order(start_fleet):
    server = start_fleet(3, "127.0.0.1:0")
    server.command("list")
    line = server.wait_output(r"^workers (.*)\.$")[0][1]
    ids, pids = zip(*(entry.split(":") for entry in line.split()))
    assert ids == ("1", "2", "3")
    assert sorted(map(int, pids)) == sorted(server.workers())
