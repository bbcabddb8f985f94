/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mimic fork|vfork|threads OTHER TEXT: a child that its parent traces executes OTHER, a copy of this program by a path
 * as long, so that where addresses are not random (setarch -R) the two are given the same by exec. What the copy prints
 * is TEXT. threads: not the child's first thread executes it.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static char **arguments;

static void *execute(void *unused)
{
	(void)unused;
	execve(arguments[0], arguments, environ);
	_exit(1);
}

static void begin(const char *how)
{
	pthread_t thread;

	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	if (strcmp(how, "threads") != 0)
		execute(NULL);
	if (pthread_create(&thread, NULL, execute, NULL) == 0)
		pthread_join(thread, NULL);
	_exit(1);
}

int main(int argc, char **argv)
{
	char *copy[] = { argv[2], NULL, argv[0], argv[3], NULL };
	char shown[16] = "";
	int status;
	pid_t child;

	if (argc != 4)
		return 1;
	if (strncmp(argv[1], "x", 1) == 0)
		return puts(argv[3]) < 0;
	copy[1] = memset(shown, 'x', strlen(argv[1]));
	arguments = copy;
	child = strcmp(argv[1], "vfork") == 0 ? vfork() : fork();
	if (child == 0)
		begin(argv[1]);
	while (waitpid(child, &status, __WALL) == child && WIFSTOPPED(status))
		ptrace(PTRACE_CONT, child, NULL, NULL);
	return !WIFEXITED(status) || WEXITSTATUS(status);
}
