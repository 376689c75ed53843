"""A client of server-sent events that forgets nothing: it keeps what it has
heard, and goes on where it was when it has to connect again, as a browser's
EventSource does."""
import contextlib
import socket
import threading
import time


class Listener:
    """Listens in a thread. `events` are (type, data, id) in the order in which
    they came; `last_id` is the last id; `connects` how often it was welcome."""

    def __init__(self, port, target="/events"):
        self.port, self.target = port, target
        self.events = []
        self.last_id = ""
        self.connects = 0
        self.is_ready = False   # It has been told an id, so it misses nothing.
        self.socket = None
        self.ends = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ends:
            with contextlib.suppress(OSError):
                self.listen()
            self.is_ready = False
            time.sleep(0.02)

    def listen(self):
        with socket.create_connection(("127.0.0.1", self.port), 20) as one:
            self.socket = one
            last = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
            one.sendall(f"GET {self.target} HTTP/1.1\r\nHost: a\r\n"
                        f"{last}\r\n".encode())
            one.settimeout(None)
            with one.makefile("rb") as file:
                self.read(file)

    def read(self, file):
        if b" 200 " not in file.readline():
            raise OSError("no stream")
        while file.readline() not in (b"\r\n", b""):
            pass
        self.connects += 1
        text = b""
        while size := int(file.readline().strip() or b"0", 16):
            text += file.read(size)
            file.readline()
            *whole, text = text.split(b"\n\n")
            for event in whole:
                self.take(event.decode())

    def take(self, text):
        fields = dict(line.split(": ", 1) for line in text.split("\n")
                      if ": " in line)
        if "id" in fields:
            self.last_id = fields["id"]
            self.is_ready = True
        if "data" in fields:
            self.events.append((fields.get("event", "message"), fields["data"],
                                fields.get("id")))

    def of_type(self, name):
        """The data of all events of a type."""
        return [data for kind, data, _ in list(self.events) if kind == name]

    def stop(self):
        self.ends = True
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join(20)
