/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_UNIT_STOPS_WORLD_H
#define MONITOR_TESTS_UNIT_STOPS_WORLD_H

/* Processes that are seized and stop, for the tests of tracer/stops.c, whose tracer has no listener. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "tests/unit/no_listener.h"
#include "tracer/supervisor.h"

enum { CALL = 4711, OTHER_CALL = 4712, UNKNOWN = 1 << 30, SECOND = 1000000000 };

static struct tracer t;
static pid_t children[16];
static size_t nchildren;
static uint64_t let_in; /* the notification whose call was let into the kernel last */

int notify_continue(int listener, uint64_t id)
{
	(void)listener;
	let_in = id;
	return 0;
}

int notify_hand_over(int listener, uint64_t id, int fd, bool cloexec, bool killable)
{
	(void)listener, (void)id, (void)fd, (void)cloexec, (void)killable;
	return -ENOENT;
}

int notify_return(int listener, uint64_t id, int64_t value)
{
	(void)listener, (void)id, (void)value;
	return 0;
}

/* The latest process says when it is ready, and waits until its gate is opened; none sees it closed. */
static int gate[2] = { -1, -1 }, ready[2];

static inline void close_gate(void)
{
	if (gate[0] < 0)
		return;
	close(gate[0]);
	close(gate[1]);
	gate[0] = gate[1] = -1;
}

static inline int begin(void **state)
{
	(void)state;
	alarm(60); /* a stop that does not come */
	let_in = 0;
	t = (struct tracer){ .listener = -1, .slow = { .fd = -1 } };
	t.launch.workload = UNKNOWN;
	calls_init(&t.calls);
	t.memo = decode_memo_new(NULL);
	return t.memo ? tracees_init(&t.tracees, NULL) : -1;
}

static inline int end(void **state)
{
	(void)state;
	for (size_t i = 0; i < nchildren; i++)
		kill(children[i], SIGKILL);
	while (waitpid(-1, NULL, __WALL) > 0) /* threads that are ours, too */
		;
	nchildren = 0;
	close_gate();
	told_free(&t);
	tracees_free(&t.tracees);
	filter_free(t.filter);
	event_builder_free(&t.fetched);
	decode_memo_free(t.memo);
	return 0;
}

static inline void note(int number)
{
	(void)number;
}

/* A thread says its id, too, and executes a program behind the gate. */
static inline void *execute(void *unused)
{
	pid_t tid = (pid_t)syscall(SYS_gettid);
	char byte;

	if (write(ready[1], &tid, sizeof(tid)) == sizeof(tid) && read(gate[0], &byte, 1) == 1)
		execl("/bin/sh", "sh", "-c", "exit", NULL);
	return unused;
}

/* Reads from the gate, or polls nothing, and ends with what that gave. */
static inline void wait_for_byte(void)
{
	char byte = 0;
	ssize_t n = read(gate[0], &byte, 1);

	if (n == 1 && byte == 'p')
		n = ppoll(NULL, 0, NULL, NULL);
	_exit(n < 0 ? errno : 0);
}

/* It ignores SIGUSR1 and has a handler for SIGUSR2 and SIGURG. */
static inline pid_t new_process(bool threads, pid_t *ret_tid)
{
	const struct sigaction action = { .sa_handler = note };
	pid_t pid, tid = 0;
	pthread_t thread;

	close_gate(); /* of the one before */
	assert_true(pipe(gate) == 0 && pipe(ready) == 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0); /* no orphaned group, which is not stopped by a terminal */
		signal(SIGUSR1, SIG_IGN);
		sigaction(SIGUSR2, &action, NULL);
		sigaction(SIGURG, &action, NULL);
		if (threads)
			pthread_create(&thread, NULL, execute, NULL);
		else if (write(ready[1], &tid, sizeof(tid)) == sizeof(tid))
			wait_for_byte();
		for (;;)
			pause();
	}
	assert_true(pid > 0);
	assert_true(nchildren < ARRAY_SIZE(children));
	children[nchildren++] = pid;
	assert_int_equal(read(ready[0], &tid, sizeof(tid)), sizeof(tid));
	close(ready[0]);
	close(ready[1]);
	if (ret_tid)
		*ret_tid = tid;
	return pid;
}

static inline struct tracee *seize(pid_t tid, pid_t pid)
{
	struct tracee *tracee = tracees_add(&t.tracees, tid, pid);

	assert_non_null(tracee);
	if (ptrace(PTRACE_SEIZE, tid, NULL, (void *)stops_options(&t, tracee->process)) < 0)
		skip();
	tracee->seized = true;
	return tracee;
}

static inline struct tracee *new_tracee(void)
{
	pid_t pid = new_process(false, NULL);

	return seize(pid, pid);
}

/* What the kernel says of it next is there, and is looked at. */
static inline void await(pid_t tid)
{
	siginfo_t info;

	assert_int_equal(waitid(P_PID, (id_t)tid, &info, WEXITED | WSTOPPED | WNOWAIT | __WALL), 0);
}

static inline void take(pid_t tid)
{
	await(tid);
	assert_true(stops_take(&t));
}

static inline void interrupt(struct tracee *tracee)
{
	assert_int_equal(ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL), 0);
	take(tracee->tid);
}

static inline const struct told *said(size_t i, enum told_kind kind, pid_t tid)
{
	const struct told *told = &t.told.list[t.told.first + i];

	assert_true(i < t.told.count);
	assert_int_equal(told->kind, kind);
	assert_int_equal(told->tid, tid);
	return told;
}

static inline void open_gate(char byte)
{
	assert_int_equal(write(gate[1], &byte, 1), 1);
}

static inline void forget_said(void)
{
	told_free(&t);
	t.told = (struct told_queue){ 0 };
}

/* It waits in this call. */
static inline void wait_until_asleep(pid_t tid, long number)
{
	char path[64], text[256], wanted[32];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/syscall", tid);
	snprintf(wanted, sizeof(wanted), "%ld ", number);
	do {
		f = fopen(path, "re");
		assert_non_null(f);
		if (!fgets(text, sizeof(text), f))
			text[0] = '\0';
		fclose(f);
	} while (strncmp(text, wanted, strlen(wanted)) != 0);
}

static inline struct event *any_event(pid_t tid)
{
	struct event ev;
	struct error err;

	assert_int_equal(decode_exit(tid, 1, 0, &t.fetched, &ev, &err), 0);
	ev.ext = &t.ext;
	return event_copy(&ev);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

#endif
