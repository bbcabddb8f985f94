#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""suspended.py [PREFIX...]: a shell, started on a terminal by another one with PREFIX before its command, suspends itself twice."""
import os, shlex, sys

from terminal import Session

SHELL = ["bash", "--norc", "--noprofile", "-i"]

def main():
    s = Session(SHELL)
    s.line(shlex.join(sys.argv[1:] + SHELL), r"-i\r?\n", "a shell in a shell")
    for turn in 1, 2:
        s.line("suspend", r"(Stopped)", "suspended")
        s.line("jobs", r"(Stopped)[^\n]*\n", "listed")
        s.line("fg", r"-i\r?\n", "in front again")
        s.line("sleep 0.2; echo ba''ck", r"(back)", "goes on")
    s.line("exit 7", r"exit\r?\n", "leave")
    s.line("echo stat''us $?", r"status (\d+)", "status")
    s.line("exit", r"exit", "leave")
    os.close(s.fd)

if __name__ == "__main__":
    main()
