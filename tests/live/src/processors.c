/* SPDX-License-Identifier: Apache-2.0 */
/*
 * processors FILE: a thread opens FILE without end, and the others look where it may run: the same processors
 * each time. Then it is bound to one, by another thread and by another process, and stays there; at last it
 * may run everywhere again. Says what was otherwise.
 *
 * processors FILE until-it-fails: one thread opens FILE until that is refused, and may run where it could before, soon.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOKS	100
#define PAUSE_NS 15000000L /* the monitor leaves alone who has just been asked about */

static const char *file;
static atomic_bool over;
static atomic_long opened;
static atomic_int opener;

static void *open_on(void *unused)
{
	opener = gettid();
	while (!over) {
		int fd = open(file, opened % 16 ? O_RDONLY : O_WRONLY | O_CREAT, 0600);

		if (fd >= 0)
			opened++;
		close(fd);
	}
	return unused;
}

/* It has opened files since. */
static void pass_time(void)
{
	long before = opened;

	do
		nanosleep(&(struct timespec){ 0, PAUSE_NS }, NULL);
	while (opened < before + 100);
}

static bool runs_on(const cpu_set_t *expected, const char *what)
{
	cpu_set_t seen;

	if (sched_getaffinity(opener, sizeof(seen), &seen) == 0 && CPU_EQUAL(&seen, expected))
		return true;
	printf("other processors: %s\n", what);
	return false;
}

/* From another process, if so asked. */
static void bind_to(const cpu_set_t *set, bool outside)
{
	pid_t child = outside ? fork() : 0;

	if (child > 0) {
		waitpid(child, NULL, 0);
		return;
	}
	if (sched_setaffinity(opener, sizeof(*set), set) < 0)
		perror("sched_setaffinity");
	if (outside)
		_exit(0);
}

/* Nobody answers any more: whoever bound the thread may have gone in the middle of that. */
static int outlive(const cpu_set_t *all)
{
	int fd;

	while ((fd = open(file, O_RDONLY)) >= 0)
		close(fd);
	opener = 0; /* itself: of others the question is not answered any more, either */
	for (int i = 0; i < 200; i++) {
		cpu_set_t now;

		nanosleep(&(struct timespec){ 0, PAUSE_NS }, NULL);
		if (sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, all))
			break;
	}
	return runs_on(all, "at last") ? 0 : 1;
}

int main(int argc, char **argv)
{
	cpu_set_t all, one;
	pthread_t thread;
	bool right = true;
	int first = 0;

	if (argc < 2 || sched_getaffinity(0, sizeof(all), &all) < 0)
		return 2;
	file = argv[1];
	if (argc > 2)
		return outlive(&all);
	while (!CPU_ISSET((size_t)first, &all))
		first++;
	CPU_ZERO(&one);
	CPU_SET((size_t)first, &one);
	pthread_create(&thread, NULL, open_on, NULL);
	while (opened < 1000)
		sched_yield();
	for (int i = 0; i < LOOKS; i++) {
		pass_time();
		right &= runs_on(&all, "while it may run anywhere");
	}
	for (int i = 0; i < LOOKS / 5; i++) {
		bind_to(&one, i % 2);
		pass_time();
		right &= runs_on(&one, "while it is bound");
		bind_to(&all, i % 4 > 1);
		pass_time();
		right &= runs_on(&all, "when it may run anywhere again");
	}
	over = true;
	pthread_join(thread, NULL);
	printf("looked %d times: %s\n", LOOKS + LOOKS / 5 * 2, right ? "as expected" : "not as expected");
	return right ? 0 : 1;
}
