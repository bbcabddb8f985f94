/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for what comes next: a notification, a ptrace stop, a signal. */
#include "tracer/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>

#define EMBRYO_MS 20 /* while children wait for word from their parents */

/* Who kills the front means the command that it stands for. */
static void look_at_front(struct tracer *t)
{
	struct pollfd control = { t->launch.control, 0, 0 }; /* hang-up only */

	if (t->front_gone || poll(&control, 1, 0) <= 0)
		return;
	t->front_gone = true;
	if (!t->status.exited)
		kill(t->launch.workload, SIGKILL);
}

/* True when it is time to look around. */
static bool take_signals(struct tracer *t)
{
	struct signalfd_siginfo list[4];
	ssize_t n = read(t->wait_signal, list, sizeof(list));
	bool idle = false;

	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(list[0]); i++) {
		if (list[i].ssi_signo == SIGCHLD) {
			t->waits_due = true;
			continue;
		}
		if (list[i].ssi_signo == SIGALRM) {
			idle = true;
			loose_look_around(t);
		}
		look_at_front(t);
		if (idle)
			errand_look_around(t);
		loose_hold_workload(t);
	}
	return idle;
}

/*
 * The kernel looks at these in this order: of who ended before a call was made, and has no children since, the signal
 * is there when the call is seen.
 */
enum { CALLS, SIGNALS, MOUNTS, BIRTHS, STREAMS };

/*
 * True when calls wait behind the ends and stops that were there before them: an orphan's is told as its new parent's.
 * Once for each call, since stops may never cease to come.
 */
static bool ends_come_first(struct tracer *t)
{
	t->call_waited = t->waits_due && !t->call_waited;
	return t->call_waited;
}

int wait_next(struct tracer *t, struct event *ret_event, struct error *err)
{
	struct pollfd polled[STREAMS] = {
		[CALLS] = { t->hung_up ? -1 : t->listener, POLLIN, 0 },
		[SIGNALS] = { t->wait_signal, POLLIN, 0 },
		[MOUNTS] = { t->slow.fd, POLLPRI, 0 },
		[BIRTHS] = { t->rings ? task_rings_fd(t->rings) : -1, POLLIN, 0 },
	};
	nfds_t count = t->rings ? STREAMS : t->slow.fd >= 0 ? BIRTHS : MOUNTS;
	uint64_t since;
	bool idle;
	int n = 0;

	if (t->apart && unseized_sweep(t))
		return 0;
	if (t->injections || t->crowd.many)
		n = poll(polled, count, 0);
	if (n == 0 && t->injections)
		return inject_tell(t, true, ret_event, err);
	if (n == 0) {
		crowd_is_away(t);
		since = tracer_now();
		n = poll(polled, count, t->tracees.embryos || t->apart ? EMBRYO_MS : -1);
		near_waited(t, since, tracer_now());
	}
	if (n <= 0) {
		int error = n < 0 ? errno : EINTR;

		stops_adopt(t);
		return error != EINTR ? error_errno(err, -error, "cannot wait for the workload") : -EINTR;
	}
	idle = polled[SIGNALS].revents && take_signals(t);
	if (polled[MOUNTS].revents)
		lookup_mounts_changed(t);
	if (idle)
		stops_adopt(t);
	if (polled[CALLS].revents & POLLIN)
		return ends_come_first(t) ? 0 : entry_receive(t, ret_event, err);
	/* an error is none: a signal, or a freeze, came while the listener's lock was taken (seccomp_notify_poll()) */
	if (polled[CALLS].revents & POLLHUP) {
		t->hung_up = true;
		t->waits_due = true;
	}
	return idle ? -EINTR : 0;
}
