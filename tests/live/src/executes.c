/* SPDX-License-Identifier: Apache-2.0 */
/*
 * executes TIMES PROGRAM [beside]: in each of as many children eight threads execute PROGRAM at once, with the child's
 * number as its argument; in every second one the first thread has ended before. beside: one thread does, and the
 * others execute what is not there, on and on. Prints how many of the children ended well.
 */
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 8

static pthread_barrier_t all;
static const char *program;
static char number[16];

static void *execute(void *unused)
{
	(void)unused;
	pthread_barrier_wait(&all);
	execl(program, program, number, (char *)NULL);
	return NULL;
}

static void *fail(void *unused)
{
	(void)unused;
	for (;;)
		execl("/nonexistent", "nonexistent", (char *)NULL);
	return NULL;
}

static void be_child(int i, bool beside)
{
	pthread_t thread;

	snprintf(number, sizeof(number), "%d", i);
	pthread_barrier_init(&all, NULL, beside ? 1 : THREADS);
	for (int n = 1; n <= THREADS; n++)
		if (pthread_create(&thread, NULL, beside && n < THREADS ? fail : execute, NULL))
			_exit(1);
	if (beside)
		fail(NULL);
	if (i % 2)
		syscall(SYS_exit, 0);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	long times = argc >= 3 ? strtol(argv[1], NULL, 10) : 0;
	int well = 0;

	program = argc >= 3 ? argv[2] : NULL;
	for (int i = 0; i < times; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			be_child(i, argc > 3);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		well += status == 0;
	}
	printf("%d\n", well);
	return 0;
}
