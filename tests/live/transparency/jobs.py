#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""jobs.py WHAT COMMAND...: what a shell hears of a job, COMMAND, that is stopped, goes on, is killed: prints each change."""
import os, signal, sys, time

TIMEOUT = 20.0

def change(status):
    if os.WIFSTOPPED(status):
        return "stopped by %d" % os.WSTOPSIG(status)
    if os.WIFCONTINUED(status):
        return "goes on"
    return "ended with %d" % os.waitstatus_to_exitcode(status)

class Job:
    def __init__(self, argv):
        self.pid = os.fork()
        if self.pid == 0:
            os.setpgid(0, 0)
            os.execvp(argv[0], argv)

    def hears(self, options=os.WUNTRACED | os.WCONTINUED):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG | options)
            if pid:
                print(change(status), flush=True)
                return
            time.sleep(0.01)
        print("nothing more is heard", flush=True)
        os.killpg(self.pid, signal.SIGKILL)
        os.kill(self.pid, signal.SIGKILL)
        sys.exit()

    def gets(self, *signals):
        for s in signals:
            os.killpg(self.pid, s)

def main():
    what = sys.argv[1]
    job = Job(sys.argv[2:] + ["sh", "-c", "kill -STOP $$; exec sleep 60"])
    job.hears()
    if what == "ended":
        job.gets(signal.SIGCONT)
        job.hears()
        job.gets(signal.SIGTERM)
    elif what == "again":
        job.gets(signal.SIGCONT)
        job.hears()
        job.gets(signal.SIGTSTP)
        job.hears()
        job.gets(signal.SIGCONT)
        job.hears()
        job.gets(signal.SIGTERM)
    elif what == "quickly":
        job.gets(signal.SIGCONT, signal.SIGSTOP)
        job.hears(os.WUNTRACED)
        job.gets(signal.SIGKILL)
    else:
        job.gets(signal.SIGKILL)
    job.hears(0)

if __name__ == "__main__":
    main()
