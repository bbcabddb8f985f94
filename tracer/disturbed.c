/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/disturbed.h"

#include <errno.h>
#include <linux/time_types.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tracer/descriptor.h"
#include "tracer/socket.h"
#include "tracer/supervisor.h"

/*
 * Waits that are broken off because we trace. Natively a signal that is ignored wakes nobody, the SIGCHLD of
 * a child that ends among them; one who is traced is woken for it, and so by our own interrupts. Most waits go
 * on by themselves then. Those in this table fail with EINTR, since the kernel could not tell them how much of
 * their time is left: they are made to start again. Should the signal have a handler, the kernel makes
 * that EINTR again. A thread that really stops and goes on sees EINTR natively, too.
 *
 * When the call began is not known, so a wait with a limit lasts no longer than its limit from the first time
 * that we let it start again; at a signal that comes later it ends as it does at its limit.
 */

#define NEVER UINT64_MAX

enum limit {
	LIMIT_NONE,
	LIMIT_MS, /* in the argument: milliseconds, below 0 = none */
	LIMIT_SPEC, /* the argument points to a struct timespec, NULL = none */
	LIMIT_RECEIVE, /* the argument is a descriptor, SO_RCVTIMEO of a socket */
	LIMIT_SEND, /* likewise, SO_SNDTIMEO */
};

static const struct wait {
	long number;
	enum limit limit;
	unsigned int arg;
	int at_limit; /* what the call gives then */
} waits[] = {
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, LIMIT_MS, 3, 0 },
#endif
	{ SYS_epoll_pwait, LIMIT_MS, 3, 0 },
#ifdef SYS_epoll_pwait2
	{ SYS_epoll_pwait2, LIMIT_SPEC, 3, 0 },
#endif
	{ SYS_rt_sigtimedwait, LIMIT_SPEC, 2, -EAGAIN },
	{ SYS_semop, LIMIT_NONE, 0, 0 },
	{ SYS_semtimedop, LIMIT_SPEC, 3, -EAGAIN },
	{ SYS_io_getevents, LIMIT_SPEC, 4, 0 },
	{ SYS_read, LIMIT_RECEIVE, 0, -EAGAIN },
	{ SYS_readv, LIMIT_RECEIVE, 0, -EAGAIN },
	{ SYS_recvfrom, LIMIT_RECEIVE, 0, -EAGAIN },
	{ SYS_recvmsg, LIMIT_RECEIVE, 0, -EAGAIN },
	{ SYS_recvmmsg, LIMIT_RECEIVE, 0, -EAGAIN },
	{ SYS_accept, LIMIT_RECEIVE, 0, -EAGAIN },
	{ SYS_accept4, LIMIT_RECEIVE, 0, -EAGAIN },
	{ SYS_write, LIMIT_SEND, 0, -EAGAIN },
	{ SYS_writev, LIMIT_SEND, 0, -EAGAIN },
	{ SYS_sendto, LIMIT_SEND, 0, -EAGAIN },
	{ SYS_sendmsg, LIMIT_SEND, 0, -EAGAIN },
	{ SYS_sendmmsg, LIMIT_SEND, 0, -EAGAIN },
};

static const struct wait *find(long number)
{
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		if (waits[i].number == number)
			return &waits[i];
	return NULL;
}

static uint64_t in_ns(int64_t seconds, int64_t ns)
{
	return seconds < 0 || seconds >= INT64_MAX / 2000000000 ? NEVER :
								  (uint64_t)seconds * 1000000000u + (uint64_t)ns;
}

/* Only sockets with a limit fail so; of anything else EINTR is its own. */
static int socket_limit(const struct tracer *t, const struct tracee *tracee, int fd, int option, uint64_t *ret_ns)
{
	int copy = socket_copy(tracee->tid, fd, t->reader), r;
	struct timeval limit;
	socklen_t len = sizeof(limit);

	if (copy < 0)
		return copy;
	r = getsockopt(copy, SOL_SOCKET, option, &limit, &len) < 0 ? -errno : 0;
	descriptor_drop(copy, t->reader);
	if (r < 0)
		return r;
	if (!limit.tv_sec && !limit.tv_usec)
		return -EINVAL;
	*ret_ns = in_ns(limit.tv_sec, (int64_t)limit.tv_usec * 1000);
	return 0;
}

static int spec_limit(struct tracer *t, struct tracee *tracee, uint64_t address, uint64_t *ret_ns)
{
	struct memory *memory;
	struct __kernel_timespec limit;
	int r;

	if (!address) {
		*ret_ns = NEVER;
		return 0;
	}
	memory = tracees_memory(&t->tracees, tracee);
	if (!memory)
		return -ESRCH;
	r = memory_read(memory, address, &limit, sizeof(limit));
	if (r < 0)
		return r;
	*ret_ns = in_ns(limit.tv_sec, limit.tv_nsec);
	return 0;
}

/* How long the wait may last, in ns, or NEVER. Negative errno: not to be known. */
static int read_limit(struct tracer *t, struct tracee *tracee, const struct wait *w, uint64_t arg, uint64_t *ret_ns)
{
	switch (w->limit) {
	case LIMIT_MS:
		*ret_ns = (int)arg < 0 ? NEVER : (uint64_t)(int)arg * 1000000u;
		return 0;
	case LIMIT_SPEC:
		return spec_limit(t, tracee, arg, ret_ns);
	case LIMIT_RECEIVE:
		return socket_limit(t, tracee, (int)arg, SO_RCVTIMEO, ret_ns);
	case LIMIT_SEND:
		return socket_limit(t, tracee, (int)arg, SO_SNDTIMEO, ret_ns);
	default:
		*ret_ns = NEVER;
		return 0;
	}
}

/* Whether it is at its limit: the same call was let start again before, and its time is over since. */
static bool is_over(struct tracee *tracee, const struct wait *w, const struct arch_regs *regs, uint64_t limit,
		    uint64_t now)
{
	struct disturbed *d = &tracee->disturbed;
	/* who is so much later that it cannot be the same call has made another */
	bool same = d->number == w->number && d->ip == arch_ip(regs) && d->sp == arch_sp(regs) && d->limit == limit &&
		    now < d->until + limit;

	if (!same)
		*d = (struct disturbed){ w->number, arch_ip(regs), arch_sp(regs), limit, now + limit };
	return same && now >= d->until;
}

void disturbed_wait(struct tracer *t, struct tracee *tracee, struct arch_regs *regs, uint64_t now)
{
	const struct wait *w = find(arch_number(regs));
	uint64_t limit;

	if (!w || read_limit(t, tracee, w, arch_arg(regs, w->arg), &limit) < 0)
		return;
	if (limit != NEVER && is_over(tracee, w, regs, limit, now)) {
		arch_set_result(regs, w->at_limit);
		tracee->disturbed.number = -1;
	} else {
		arch_set_result(regs, -ARCH_ERESTARTNOHAND);
	}
	arch_write(tracee->tid, regs);
}

void disturbed_stop(struct tracee *tracee, struct arch_regs *regs)
{
	if (!find(arch_number(regs)))
		return;
	/* its signal was taken for one that is ignored */
	if (arch_result(regs) == -EINTR || arch_result(regs) == -ARCH_ERESTARTNOHAND)
		arch_skip(tracee->tid, regs, -EINTR);
}
