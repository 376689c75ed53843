"""Messages, from Node's tests, and where yoke does more."""
from node import play


def test_messages_go_both_ways():
    # message, worker-init, worker-events
    lines = play("message")
    assert "message 1 hello worker" in lines.of("W1")
    assert "message 1 hello primary" in lines.of("P")
    assert lines.events(1) == ["fork", "online", "message", "disconnect",
                               "exit"]


def test_json_arrives_as_it_was():
    # advanced-serialization
    assert "json same" in play("json").of("P")
    assert "nothing -22" in play("json").of("P")


def test_json_is_text_for_those_who_want_no_json():
    assert 'message 1 {"a":1}' in play("text").of("W1")


def test_both_sides_may_send_much_at_once():
    lines = play("flood", seconds=50)
    for who in ("P", "W1"):
        assert "waiting 1" in lines.of(who)
        assert any(line.startswith("received 500, drained ")
                   for line in lines.of(who))
    assert not lines.has("wrong message")
    assert lines.has(r"^P exit 1 .* code=0 signal=0$")


def test_the_queue_to_a_worker_has_a_limit_and_empties():
    """Node's has none."""
    lines = play("full", seconds=50)
    assert lines.has(r"^P refused after 6[45]: the queue is full$")
    assert "drained, 0 wait" in lines.of("P")
    received = lines.of("W1")[-1]
    assert received in ("received 64", "received 65")


def test_what_waited_for_a_worker_that_died_is_told():
    lines = play("lost")
    assert lines.has(r"^P error 1 6\d messages could not be sent to worker \d+$")
    assert lines.events(1)[-3:] == ["error", "disconnect", "exit"]
    assert lines.has(r"^P exit 1 .* code=-1 signal=9$")


def test_what_is_no_message_is_ignored():
    # invalid-message
    lines = play("invalid")
    assert "message 1 still here" in lines.of("P")
    assert lines.has(r"^P exit 1 .* code=-1 signal=9$")
