#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""terminal.py SHELL [PREFIX...]: a session of job control with an interactive shell on a terminal; prints what happened.

Waits for what must appear, so that nothing depends on how fast the machine is. PREFIX is put before the shell's command.
"""
import os, pty, re, select, signal, sys, time

TIMEOUT = 100.0

class Session:
    def __init__(self, argv):
        self.text = ""
        self.prompted = False  # whether the prompt was part of what was waited for
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            # whoever started us in the background has had them ignored
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGQUIT, signal.SIG_DFL)
            os.environ.update(PS1="$ ", PS2="> ", TERM="dumb", HISTFILE="/dev/null")
            os.execvp(argv[0], argv)

    def wait_for(self, pattern):
        end = time.monotonic() + TIMEOUT
        while True:
            m = re.search(pattern, self.text)
            if m:
                self.text = self.text[m.end():]
                return m
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                sys.exit("waited in vain for %r; last seen: %r" % (pattern, self.text[-300:]))
            try:
                self.text += os.read(self.fd, 4096).decode("utf-8", "replace")
            except OSError:
                sys.exit("the terminal closed while waiting for %r; last seen: %r" % (pattern, self.text[-300:]))

    def in_front(self):
        group = os.tcgetpgrp(self.fd)
        try:
            with open("/proc/%d/comm" % group) as f:
                return f.read().strip() if group != self.shell else None
        except OSError:
            return None

    def line(self, command, pattern, what):
        """Types a command where the shell asks for one, and waits for a result that its echo cannot be taken for."""
        if not self.prompted:
            self.wait_for(r"\$ ")
        os.write(self.fd, command.encode() + b"\n")
        m = self.wait_for(pattern)
        self.prompted = False
        print("%s: %s" % (what, m.group(1) if m.groups() else "yes"))

    def key(self, byte, pattern, what):
        # a key goes to the group in front: to the job, once the shell has put it there and its program has begun
        end = time.monotonic() + TIMEOUT
        while self.in_front() != "sleep" and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        os.write(self.fd, byte)
        m = self.wait_for(pattern)
        self.prompted = m.group().endswith("$ ")
        print("%s: %s" % (what, m.group(1) if m.groups() else "yes"))

def main():
    shell = sys.argv[1]
    argv = [shell, "--norc", "--noprofile", "-i"] if shell == "bash" else [shell, "-i"]
    s = Session(sys.argv[2:] + argv)
    s.line("echo be''gin", r"\bbegin\b", "a shell")
    s.shell = os.tcgetpgrp(s.fd)
    s.line("tty >/dev/null && echo on-a-''terminal", r"on-a-terminal\b", "terminal")
    s.line("sleep 100", r"sleep 100", "in front")
    s.key(b"\x1a", r"(Stopped)", "stopped by ^Z")
    s.line("jobs", r"(Stopped)[^\n]*\n", "listed")
    s.line("bg >/dev/null; jobs", r"(Running)[^\n]*\n", "in the background")
    s.line("fg", r"sleep 100", "in front again")
    s.key(b"\x03", r"\^C\s*\$ ", "ended by ^C")
    s.line("echo stat''us $?", r"status (\d+)", "status of ^C")
    s.line("sleep 100 & p=$!; sleep 0.2; kill $p; wait $p; echo stat''us $?", r"status (\d+)", "status of a killed job")
    s.line("cat /etc/hostname >/dev/null | cat; echo stat''us $?", r"status (\d+)", "pipeline")
    s.line("cat & p=$!", r"cat &", "a background reader")
    s.line("f=$(mktemp); until jobs >$f; grep -q Stop''ped $f; do sleep 0.1; done; cat $f; rm $f", r"(Stopped)", "stopped by SIGTTIN")
    s.line("kill -9 $p; sleep 0.3; echo kil''led", r"killed", "killed while stopped")
    s.line("exit 7", r"exit 7", "leave")
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        pid, status = os.waitpid(s.pid, os.WNOHANG)
        if pid:
            print("status: %d" % os.waitstatus_to_exitcode(status))
            return
        if select.select([s.fd], [], [], 0.05)[0]:
            try:
                os.read(s.fd, 4096)
            except OSError:
                pass
    sys.exit("it did not end")

if __name__ == "__main__":
    main()
