#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hangup.py runs|stopped CMD...: CMD leads the session of a terminal, says ready (and stops); the terminal goes, and how CMD ends is printed."""
import os, pty, signal, sys, time

TIMEOUT = 60.0

def stopped(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rpartition(") ")[2][0] == "T"

def main():
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.execvp(sys.argv[2], sys.argv[2:])
    end = time.monotonic() + TIMEOUT
    text = b""
    while b"ready" not in text:
        text += os.read(fd, 4096)
    while sys.argv[1] == "stopped" and not stopped(pid) and time.monotonic() < end:
        time.sleep(0.02)
    os.close(fd)
    while time.monotonic() < end:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            print("status %d" % os.waitstatus_to_exitcode(status))
            return
        time.sleep(0.02)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    print("it goes on")

if __name__ == "__main__":
    main()
