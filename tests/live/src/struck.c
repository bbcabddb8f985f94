/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struck FILE TIMES WAY: a signal with a handler comes at about the first call of a new thread that is caught, an
 * open of FILE, TIMES times; prints how many of these were broken off, which natively none is, and ends with 1 if
 * one was, or no signal came.
 *
 *   interval  by setitimer()
 *   before    likewise, and the handler is set behind it
 *   timer     by timer_create()
 *   thread    by setitimer() in another thread of the process
 *   born      likewise, and the one that opens is born behind it
 *   file      of a pipe that has an owner
 *   alarm     by alarm(), in each of 60 processes at a time
 *   kill, queue  of another process
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DELAYS_US 60 /* an open under a monitor takes so long */
#define SIGNALS   20 /* that another process sends */
#define ALARMS    60 /* at a time: one takes a second */

static struct shared {
	atomic_bool ready, go;
	atomic_int broken, struck;
} * shared;
static const char *path;
static int delay_us, ends[2];
static atomic_int signals;

static void note(int number)
{
	(void)number;
	signals++;
}

static void handle(void)
{
	struct sigaction action = { .sa_handler = note };

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
}

static void mask(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(how, &set, NULL);
}

static void *call(void *unused)
{
	while (!shared->go)
		sched_yield();
	mask(SIG_UNBLOCK);
	shared->broken += open(path, O_RDONLY) < 0 && errno == EINTR;
	return unused;
}

static void arm(void)
{
	struct itimerval once = { { 0, 0 }, { 0, delay_us } };

	setitimer(ITIMER_REAL, &once, NULL);
}

static void interval(void)
{
	handle();
	arm();
	call(NULL);
}

static void before(void)
{
	mask(SIG_BLOCK);
	arm();
	handle();
	call(NULL);
}

static void timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec once = { { 0, 0 }, { 0, delay_us * 1000L } };
	timer_t id;

	handle();
	timer_create(CLOCK_MONOTONIC, &event, &id);
	timer_settime(id, 0, &once, NULL);
	call(NULL);
}

static void in_thread(bool born_behind, void (*before_it)(void))
{
	pthread_t caller;

	shared->go = false;
	if (!born_behind)
		pthread_create(&caller, NULL, call, NULL);
	close(open(path, O_RDONLY)); /* the monitor hears of the birth, and sees no handlers */
	handle();
	mask(SIG_BLOCK);
	before_it();
	if (born_behind)
		pthread_create(&caller, NULL, call, NULL);
	shared->go = true;
	pthread_join(caller, NULL);
}

static void thread(void)
{
	in_thread(false, arm);
}

static void born(void)
{
	delay_us += 80; /* a birth takes longer */
	in_thread(true, arm);
}

static void own(void)
{
	fcntl(ends[0], F_SETOWN, getpid());
	fcntl(ends[0], F_SETSIG, SIGUSR1);
	fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK);
	shared->ready = true;
}

static void file(void)
{
	in_thread(false, own);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * (int64_t)1000000 + now.tv_nsec / 1000;
}

/* The call is made shortly before its alarm. */
static void await_alarm(void)
{
	int64_t at;

	handle();
	at = now_us() + 1000000 - delay_us;
	alarm(1);
	usleep(990000);
	while (now_us() < at)
		;
	call(NULL);
}

static void alarms(void)
{
	for (delay_us = 1; delay_us <= ALARMS; delay_us++) {
		if (fork() == 0) {
			await_alarm();
			shared->struck += signals > 0;
			_exit(0);
		}
		usleep(12000); /* one after the other */
	}
	while (wait(NULL) > 0)
		;
}

static void target(void)
{
	shared->go = false;
	handle();
	shared->ready = true;
	call(NULL);
}

static const struct way {
	const char *name;
	void (*child)(void);
} ways[] = {
	{ "interval", interval }, { "before", before }, { "timer", timer }, { "thread", thread },
	{ "born", born },         { "file", file },     { "alarm", alarms }, { "kill", target },
	{ "queue", target },
};

/* What its parent does to the child. */
static void strike(const struct way *way, pid_t pid)
{
	bool by_file = way->child == file;

	if (!by_file && way->child != target)
		return;
	while (!shared->ready)
		sched_yield();
	shared->go = true;
	for (volatile int i = 0; by_file && i < delay_us * 500; i++)
		;
	for (int i = 0; i < SIGNALS; i++)
		if (by_file)
			write(ends[1], "x", 1);
		else if (!strcmp(way->name, "queue"))
			sigqueue(pid, SIGUSR1, (union sigval){ 0 });
		else
			kill(pid, SIGUSR1);
}

int main(int argc, char **argv)
{
	int times = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;
	const struct way *way = ways;

	while (argc == 4 && way < ways + sizeof(ways) / sizeof(*ways) && strcmp(way->name, argv[3]))
		way++;
	if (argc != 4 || way == ways + sizeof(ways) / sizeof(*ways) || pipe(ends) < 0)
		return 99;
	path = argv[1];
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < times; i++) {
		pid_t pid;

		delay_us = 1 + i % DELAYS_US;
		shared->ready = false;
		shared->go = true;
		pid = fork();
		if (pid == 0) {
			way->child();
			shared->struck += signals > 0;
			_exit(0);
		}
		strike(way, pid);
		waitpid(pid, NULL, 0);
	}
	times *= way->child == alarms ? ALARMS : 1;
	printf("%s: %d of %d were broken off, %d were struck\n", way->name, shared->broken, times, shared->struck);
	return shared->broken || !shared->struck;
}
