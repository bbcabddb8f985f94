/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and timers, and waiting with an end. */
#include "acts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t count;

static void note(int number)
{
	(void)number;
	count++;
}

static long since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - start->tv_sec) * 1000 + (now.tv_nsec - start->tv_nsec) / 1000000;
}

static void alarms(void)
{
	struct itimerval once = { { 0, 0 }, { 0, 30000 } }, left;

	handle(SIGALRM, note, 0);
	setitimer(ITIMER_REAL, &once, NULL);
	TRY(pause());
	getitimer(ITIMER_REAL, &left);
	say("count %d, left %ld\n", count, (long)left.it_value.tv_usec);
	TRY(alarm(5));
	TRY(alarm(0));
	TRY(setitimer(99, &once, NULL));
	once.it_value.tv_usec = 400000; /* the handler must be gone by then, where programs start slowly, too */
	setitimer(ITIMER_REAL, &once, NULL);
	/* kept by a new program, and its handler is not */
	execl("/bin/sh", "sh", "-c", "exec sleep 5", NULL);
}

static void children_have_none(void)
{
	handle(SIGALRM, note, 0);
	alarm(9);
	if (in_child()) {
		say("a child's alarm: %u\n", alarm(0));
		_exit(0);
	}
	say("still: %d\n", alarm(0) >= 8);
}

static void posix_timers(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	struct itimerspec when = { { 0, 5000000 }, { 0, 5000000 } };
	timer_t timer;

	handle(SIGUSR1, note, 0);
	TRY(timer_create(CLOCK_MONOTONIC, &event, &timer));
	TRY(timer_settime(timer, 0, &when, NULL));
	while (count < 3)
		pause();
	TRY(timer_delete(timer));
	TRY(timer_delete(timer) ? -1 : 0);
	say("came\n");
}

static void by_descriptor(void)
{
	struct itimerspec when = { { 0, 0 }, { 0, 20000000 } };
	struct pollfd polled = { timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), POLLIN, 0 };
	uint64_t times = 0;

	TRY(read(polled.fd, &times, 8));
	TRY(timerfd_settime(polled.fd, 0, &when, NULL));
	TRY(poll(&polled, 1, 2000));
	TRY(read(polled.fd, &times, 8));
	say("%llu\n", (unsigned long long)times);
	TRY(timerfd_settime(0, 0, &when, NULL));
}

/* Stopped and going on in between, a sleep is not longer for it. */
static void stopped_sleep(void)
{
	struct timespec start;
	int status;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = started();
	if (!pid) {
		int r = nanosleep(&(struct timespec){ 0, 200000000 }, NULL);

		_exit(r ? errno : since(&start) >= 195 ? 5 : 6);
	}
	for (int i = 0; i < 3; i++) {
		pause_for(25);
		kill(pid, SIGSTOP);
		waitpid(pid, &status, WUNTRACED);
		say_status("child", status);
		kill(pid, SIGCONT);
	}
	ended(pid);
	say("in time: %d\n", since(&start) < 2000);
}

static void stopped_poll(void)
{
	pid_t pid = started();

	if (!pid)
		_exit(poll(NULL, 0, 150) ? errno : 7);
	pause_for(40);
	kill(pid, SIGSTOP);
	pause_for(20);
	kill(pid, SIGCONT);
	ended(pid);
}

static void wrong_waits(void)
{
	TRY(nanosleep(&(struct timespec){ -1, 0 }, NULL));
	TRY(nanosleep(&(struct timespec){ 0, 1000000000 }, NULL));
	TRY(nanosleep(NULL, NULL));
	TRY(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){ 0, 1 }, NULL));
	TRY(clock_nanosleep(99, 0, &(struct timespec){ 0, 1 }, NULL));
	TRY(clock_gettime(99, &(struct timespec){ 0, 0 }));
	TRY(clock_getres(CLOCK_MONOTONIC, &(struct timespec){ 0, 0 }));
}

static void own_time(void)
{
	struct timespec used, start;
	struct rusage usage;

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (in_child()) {
		do {
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
		} while (used.tv_nsec < 30000000);
		_exit(0);
	}
	getrusage(RUSAGE_CHILDREN, &usage);
	say("used: %d\n", usage.ru_utime.tv_usec + usage.ru_stime.tv_usec >= 25000);
	say("not before it began: %d\n", since(&start) >= 29);
}

static void limited_time(void)
{
	struct itimerval soon = { { 0, 0 }, { 0, 20000 } };

	if (in_child()) {
		setitimer(ITIMER_VIRTUAL, &soon, NULL);
		for (;;)
			;
	}
	if (in_child()) {
		setitimer(ITIMER_PROF, &soon, NULL);
		for (;;)
			close(open("a.txt", O_RDONLY));
	}
}

const struct act acts_timers[] = {
	{ "timer-alarms", alarms },
	{ "timer-of-children", children_have_none },
	{ "timer-posix", posix_timers },
	{ "timer-by-descriptor", by_descriptor },
	{ "timer-stopped-sleep", stopped_sleep },
	{ "timer-stopped-poll", stopped_poll },
	{ "timer-wrong-waits", wrong_waits },
	{ "timer-own-time", own_time },
	{ "timer-limited-time", limited_time },
	{ 0 },
};
