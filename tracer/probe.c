/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/probe.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "tracer/arch.h"
#include "tracer/launch.h"
#include "tracer/notify.h"

#ifndef PR_SET_PTRACER
#define PR_SET_PTRACER 0x59616d61
#endif

#define PROBE_CALL	 SYS_getppid
#define PROBE_ANSWER	 424242

struct probe {
	struct probe_result result;
	pid_t child;
	struct launch_shared *shared;
	int listener;
};

static _Noreturn void child_main(struct launch_shared *shared, uint32_t action, bool listener, pid_t parent)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROBE_CALL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct timespec pause = { 0, 50000 };
	bool killable;
	int r;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent) /* it was killed before that */
		_exit(1);
	r = action ? launch_install(program, ARRAY_SIZE(program), listener, &killable) : 0;
	if (r < 0) {
		atomic_store(&shared->start_errno, -r);
		_exit(1);
	}
	atomic_store(&shared->listener, listener ? r : 0);
	/* the parent says so when it has attached */
	while (!atomic_load(&shared->killable))
		nanosleep(&pause, NULL);
	/* one way lets the first one pass */
	_exit(syscall(PROBE_CALL) == PROBE_ANSWER || syscall(PROBE_CALL) == PROBE_ANSWER ? 0 : 2);
}

static void probe_end(struct probe *p)
{
	if (p->child > 0) {
		kill(p->child, SIGKILL);
		while (waitpid(p->child, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	if (p->listener >= 0)
		close(p->listener);
	if (p->shared)
		munmap(p->shared, sizeof(*p->shared));
}

static int probe_begin(struct probe *p, uint32_t action, bool listener, struct error *err)
{
	const struct timespec pause = { 0, 50000 };
	const pid_t parent = getpid();

	p->shared = mmap(NULL, sizeof(*p->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p->shared == MAP_FAILED) {
		p->shared = NULL;
		return error_errno(err, -errno, "no shared memory");
	}
	atomic_store(&p->shared->listener, -1);
	p->child = launch_fork_sharing_files();
	if (p->child == 0)
		child_main(p->shared, action, listener, parent);
	if (p->child < 0)
		return error_errno(err, p->child, "cannot fork");
	for (int i = 0; i < PROBE_TIMEOUT_MS * 20; i++) {
		int reason = atomic_load(&p->shared->start_errno);

		if (reason)
			return error_errno(err, -reason, "the kernel refuses the filter");
		if (atomic_load(&p->shared->listener) >= 0) {
			p->listener = listener ? atomic_load(&p->shared->listener) : -1;
			return 0;
		}
		nanosleep(&pause, NULL);
	}
	return error_set(err, -ETIMEDOUT, "the filter's installation hangs");
}

/* Waits for the child's next change: its status, or -errno. */
static int wait_child(struct probe *p, int *ret_status, struct error *err)
{
	const struct timespec pause = { 0, 50000 };

	for (int i = 0; i < PROBE_TIMEOUT_MS * 20; i++) {
		pid_t pid = waitpid(p->child, ret_status, __WALL | WNOHANG);

		if (pid == p->child) {
			if (!WIFSTOPPED(*ret_status))
				p->child = 0;
			return 0;
		}
		if (pid < 0 && errno != EINTR)
			return error_errno(err, -errno, "cannot wait");
		nanosleep(&pause, NULL);
	}
	return error_set(err, -ETIMEDOUT, "nothing is reported of a traced process");
}

static int expect_success(struct probe *p, struct error *err)
{
	int status, r = wait_child(p, &status, err);

	if (r < 0)
		return r;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return error_set(err, -EPROTO, "the answer to a caught call does not arrive");
	return 0;
}

static int seize(struct probe *p, unsigned long options, struct error *err)
{
	p->result.step = PROBE_TRACE;
	if (ptrace(PTRACE_SEIZE, p->child, NULL, (void *)options) < 0)
		return error_errno(err, -errno, "ptrace is refused");
	p->result.step = PROBE_ANSWERS;
	return 0;
}

static int run_notify(struct probe *p, bool attach, struct error *err)
{
	struct pollfd polled = { .events = POLLIN };
	struct seccomp_notif notification;
	int r;

	r = notify_check_sizes();
	if (r < 0)
		return error_errno(err, r, "no seccomp user notification");
	r = probe_begin(p, SECCOMP_RET_USER_NOTIF, true, err);
	if (r < 0)
		return r;
	r = attach ?
		    seize(p, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC, err) :
		    0;
	if (r < 0)
		return r;
	p->result.step = PROBE_ANSWERS;
	atomic_store(&p->shared->killable, true);
	polled.fd = p->listener;
	if (poll(&polled, 1, PROBE_TIMEOUT_MS) != 1 || !(polled.revents & POLLIN))
		return error_set(err, -ETIMEDOUT, "a caught call is not notified");
	r = notify_receive(p->listener, &notification);
	if (r < 0)
		return error_errno(err, r, "a notification cannot be received");
	p->result.injects = notify_injects(p->listener, false);
	p->result.finishes = notify_injects(p->listener, true);
	r = notify_return(p->listener, notification.id, PROBE_ANSWER);
	if (r < 0)
		return error_errno(err, r, "a notification cannot be answered");
	return expect_success(p, err);
}

static int expect_stop(struct probe *p, int expected, struct arch_regs *ret_regs, struct error *err)
{
	int status, r = wait_child(p, &status, err);

	if (r < 0)
		return r;
	if (!WIFSTOPPED(status) || status >> 8 != expected)
		return error_set(err, -EPROTO, "a caught call does not stop");
	r = arch_read(p->child, ret_regs);
	return r < 0 ? error_errno(err, r, "registers cannot be read") : 0;
}

/* To the call's next stop, or on its own way. */
static int go_on(struct probe *p, bool stops, struct error *err)
{
	long r = stops ? ptrace(PTRACE_SYSCALL, p->child, NULL, NULL) : ptrace(PTRACE_CONT, p->child, NULL, NULL);

	return r < 0 ? error_errno(err, -errno, "a stopped process cannot be continued") : 0;
}

/*
 * Of one call the result is seen: in gVisor, and before Linux 4.8, its entry stops behind the filter's stop.
 * The next one is answered.
 */
static int run_ptrace(struct probe *p, struct error *err)
{
	const int filtered = SIGTRAP | PTRACE_EVENT_SECCOMP << 8;
	struct arch_regs regs;
	int r;

	r = probe_begin(p, SECCOMP_RET_TRACE, false, err);
	if (r == 0)
		r = seize(p, PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD, err);
	if (r < 0)
		return r;
	atomic_store(&p->shared->killable, true);
	r = expect_stop(p, filtered, &regs, err);
	if (r == 0)
		r = go_on(p, true, err);
	if (r == 0)
		r = expect_stop(p, SIGTRAP | 0x80, &regs, err);
	if (r == 0 && arch_result(&regs) != getpid())
		r = error_set(err, -EPROTO, "the stop after a caught call does not have its result");
	if (r == 0)
		r = go_on(p, false, err);
	if (r == 0)
		r = expect_stop(p, filtered, &regs, err);
	if (r < 0)
		return r;
	r = arch_skip(p->child, &regs, PROBE_ANSWER);
	if (r < 0)
		return error_errno(err, r, "registers cannot be written");
	r = go_on(p, false, err);
	return r < 0 ? r : expect_success(p, err);
}

/* The exit stop of a call that was left out: a filter that names what is allowed may have given it an error. */
static int answer_at_exit(struct probe *p, struct error *err)
{
	struct arch_regs regs;
	int r = go_on(p, true, err);

	if (r == 0)
		r = expect_stop(p, SIGTRAP | 0x80, &regs, err);
	if (r < 0)
		return r;
	arch_set_result(&regs, PROBE_ANSWER);
	r = arch_write(p->child, &regs);
	return r < 0 ? error_errno(err, r, "registers cannot be written") : go_on(p, false, err);
}

/* Every call stops: those by which the child waits, then the one whose answer is ours. */
static int run_ptrace_all(struct probe *p, struct error *err)
{
	struct arch_regs regs;
	int status, r = probe_begin(p, 0, false, err);

	if (r == 0)
		r = seize(p, PTRACE_O_TRACESYSGOOD, err);
	if (r == 0 && ptrace(PTRACE_INTERRUPT, p->child, NULL, NULL) < 0)
		r = error_errno(err, -errno, "a traced process cannot be interrupted");
	if (r < 0)
		return r;
	atomic_store(&p->shared->killable, true);
	for (int i = 0; i < PROBE_STOPS; i++) {
		r = wait_child(p, &status, err);
		if (r < 0)
			return r;
		if (!WIFSTOPPED(status))
			break;
		if (arch_read(p->child, &regs) < 0)
			return error_set(err, -EPROTO, "registers cannot be read");
		if (WSTOPSIG(status) == (SIGTRAP | 0x80) && arch_number(&regs) == PROBE_CALL) {
			r = arch_skip(p->child, &regs, PROBE_ANSWER);
			if (r < 0)
				return error_errno(err, r, "registers cannot be written");
			r = answer_at_exit(p, err);
			return r < 0 ? r : expect_success(p, err);
		}
		r = go_on(p, true, err);
		if (r < 0)
			return r;
	}
	return error_set(err, -EPROTO, "a call does not stop");
}

int probe_backend(enum tracer_backend backend, struct probe_result *ret_result, struct error *err)
{
	struct probe p = { .listener = -1 };
	int r = -EINVAL;

	switch (backend) {
	case TRACER_NOTIFY:
	case TRACER_NOTIFY_ONLY:
		r = run_notify(&p, backend == TRACER_NOTIFY, err);
		break;
	case TRACER_PTRACE:
		r = run_ptrace(&p, err);
		break;
	case TRACER_PTRACE_ALL:
		r = run_ptrace_all(&p, err);
		break;
	case TRACER_AUTO:
	case TRACER_BACKENDS:
		break;
	}
	probe_end(&p);
	*ret_result = p.result;
	return r;
}
