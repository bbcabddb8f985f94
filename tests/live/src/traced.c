/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traced traceme|seize|detach CMD...: CMD below a debugger that changes nothing. traceme: the child asks for
 * it; seize: it is taken before it executes; detach: as traceme, and let go for good at its exec. Children
 * are followed. Exit status: that of CMD.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define OPTIONS (PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC)

static int fault(const char *what)
{
	perror(what);
	return 126;
}

static pid_t begin(bool asks, char **argv, int ends[2])
{
	pid_t pid = fork();
	char c;

	if (pid != 0)
		return pid;
	close(ends[1]);
	if (asks)
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	else if (read(ends[0], &c, 1) != 1) /* until it is seized */
		_exit(fault("read"));
	execvp(argv[0], argv);
	_exit(fault(argv[0]));
}

/* A signal that the thread is to have; 0 for the stops that a debugger causes. */
static int signal_of(int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	return event || signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
}

int main(int argc, char **argv)
{
	bool seize = argc > 2 && strcmp(argv[1], "seize") == 0, detach = argc > 2 && strcmp(argv[1], "detach") == 0;
	bool begun = seize;
	int ends[2], status;
	pid_t child, pid;

	if (argc < 3 || pipe(ends))
		return 126;
	child = begin(!seize, argv + 2, ends);
	if (child < 0)
		return fault("fork");
	if (seize && ptrace(PTRACE_SEIZE, child, NULL, (void *)OPTIONS))
		return fault("seize");
	if (seize && write(ends[1], "", 1) != 1)
		return fault("write");
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (!WIFSTOPPED(status)) {
			if (pid == child)
				return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			continue;
		}
		if (!begun && detach) {
			if (ptrace(PTRACE_DETACH, pid, NULL, NULL))
				return fault("detach");
			begun = true;
			continue;
		}
		if (!begun)
			ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)OPTIONS);
		begun = true;
		ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal_of(status));
	}
	return 126;
}
