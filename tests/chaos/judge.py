"""Who died, and which failures a client had to put up with.

A client may lose a request, or its connection, only to a worker that was made
to die while it had it. What shows it, in this order:

  * the worker that answered last on the connection is among the dead;
  * the worker had noted the request as one in flight (`yoke why`);
  * a worker died while the request was open, killed in the midst of reading
    it, before it could note anything. These are `unseen`: they can only be few.
    One that was stopped before cannot have been reading.

A worker that is out of memory may also say so (500, 503), or hang up. What was
in the hands of a primary that was killed is lost with it.
"""
import re
import time

DEATH = re.compile(r"worker (\d+) died \((.*)\)$", re.M)
REQUEST = re.compile(r"^[A-Z]+ /([a-z]+\d+-\d+)")
# What of a worker that was killed is heard by its clients, before the primary
# has looked at it.
EARLY_SECONDS = 3
CLEAN_ERRORS = ("500", "503")
# So many requests may be unseen, and one more for so many deaths. A worker that
# accepts itself takes several connections, and then reads from them.
UNSEEN = {"rr": 2, "callback": 2, "none": 8, "balanced": 8, "kernel-rr": 8,
          "kernel-least": 8, "sticky": 8}
DEATHS_FOR_UNSEEN = 20
# What a primary had accepted and not dealt yet is lost with it.
LOST_WITH_PRIMARY = 12


class Judge:
    def __init__(self, run):
        self.run = run
        self.read_to = 0        # How much of the log has been read.
        self.told = []          # (pid, cause) of deaths in the log,
        self.dead = set()       # the processes,
        self.begun = set()      # the ids of the requests that they had,
        self.times = []         # and when they died.
        self.last_number = 0    # Of the deaths that `why` has told.
        self.stopped = None     # When the next one to die was.
        self.orphaned = None    # When the primary was killed.
        self.lost = self.unseen = self.unwell = 0
        self.lost_with_primary = 0

    def read_deaths(self):
        """Deaths that the log tells since the last call: [(pid, cause)]."""
        text = self.run.server.stderr
        end = text.rfind("\n") + 1
        found = [(int(pid), cause) for pid, cause in
                 DEATH.findall(text[self.read_to:end])]
        self.read_to = end
        self.told += found
        self.dead.update(pid for pid, _ in found)
        return found

    def heard_of_death(self, pid):
        """One that no primary was there to tell of."""
        self.dead.add(pid)
        self.times.append(time.time())

    def read_why(self):
        """What the dead were doing; the primary remembers the last 64."""
        for death in self.run.ask("why")["deaths"]:
            if death["number"] <= self.last_number:
                continue
            self.last_number = death["number"]
            if death["meant"] and not death["signal"]:
                continue
            self.dead.add(death["pid"])
            self.times.append(death["time_ms"] / 1000)
            for request in death["requests"]:
                match = REQUEST.match(request["line"])
                if match:
                    self.begun.add(match[1])

    def died_during(self, failure):
        return any(failure.begun <= time and failure.ended >= time - EARLY_SECONDS
                   for time in self.times)

    def died_with_primary(self, failure):
        if (not self.orphaned or failure.begun > self.orphaned or
                failure.ended < self.orphaned):
            return False
        self.lost_with_primary += 1
        return self.lost_with_primary <= LOST_WITH_PRIMARY

    def judge(self, failures, unwell=()):
        """The failures that should not have been. `unwell`: the workers that
        were made to be out of memory."""
        self.lost_with_primary = 0
        self.read_deaths()
        self.read_why()
        return [failure for failure in failures
                if not self.is_right(failure, unwell)]

    def is_right(self, failure, unwell):
        if failure.previous in unwell and (
                failure.kind in ("ended", "reset") or
                failure.what[:3] in CLEAN_ERRORS):
            self.unwell += 1
            return True
        if failure.kind not in ("ended", "reset", "crashed"):
            return False
        self.lost += 1
        if failure.previous in self.dead or failure.name in self.begun:
            return True
        if self.died_with_primary(failure):
            return True
        self.unseen += 1
        room = (UNSEEN[self.run.sched] +
                len(self.told) // DEATHS_FOR_UNSEEN)
        return (self.died_during(failure) and self.unseen <= room and
                not (self.stopped and failure.begun > self.stopped))
