/* SPDX-License-Identifier: Apache-2.0 */
/* What is found out and set up before the workload begins; what lacks here is said (status.lost). */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "base/cleanup.h"
#include "tracer/backend.h"
#include "tracer/place.h"
#include "tracer/probe.h"
#include "tracer/procfs.h"

#define IDLE_SECONDS 1 /* next() comes back this often, so that its caller can look around */

int prepare_backend(struct tracer *t, struct error *err)
{
	enum tracer_backend backend;
	const struct backend *info;
	struct probe_result probed;
	struct error refused;
	int r = backend_choose(t->options.backend, &backend, &probed, &refused, err);

	if (r < 0)
		return r;
	info = backend_info(backend);
	t->status.backend = backend;
	t->notifying = backend == TRACER_NOTIFY || backend == TRACER_NOTIFY_ONLY;
	t->seizing = backend != TRACER_NOTIFY_ONLY;
	t->every_call = backend == TRACER_PTRACE_ALL;
	t->injects = probed.injects;
	t->finishes = probed.finishes;
	if (info->lost[0])
		snprintf(t->status.lost, sizeof(t->status.lost),
			 "intercepting by %s%s%.120s%s: %s (monitor doctor says more)", info->how,
			 refused.text[0] ? " (" : "", refused.text, refused.text[0] ? ")" : "", info->lost);
	return 0;
}

static void add_lost(struct tracer *t, const char *text)
{
	size_t used = strlen(t->status.lost);

	snprintf(t->status.lost + used, sizeof(t->status.lost) - used, "%s%s", used ? "; " : "", text);
}

/* Files cannot be opened in the workload's place. */
static void lose_opens(struct tracer *t, const char *why)
{
	char text[256];

	snprintf(text, sizeof(text), "%s: opened files are judged %s", why,
		 t->seizing || !t->notifying ? "after the call" :
					       "by their paths before the call, and taken for opened");
	add_lost(t, text);
}

/* Everything that is said of processes is read from /proc: another namespace's would tell of the wrong ones. */
static int find_proc(struct tracer *t, struct error *err)
{
	enum place_proc proc = place_proc();

	if (proc == PLACE_PROC_OURS)
		return 0;
	if (place_mount_proc()) {
		lose_opens(t, proc == PLACE_PROC_NONE ?
				      "/proc is missing and was mounted for the monitor alone" :
				      "/proc belongs to another pid namespace and was mounted for the monitor alone");
		return 0;
	}
	if (proc == PLACE_PROC_FOREIGN)
		return error_set(
			err, -EOPNOTSUPP,
			"/proc belongs to another pid namespace: mount one (mount -t proc proc /proc, or unshare --mount-proc)");
	return error_set(err, -EOPNOTSUPP, "there is no /proc: mount one (mount -t proc proc /proc)");
}

static int prepare_proc(struct tracer *t, struct error *err)
{
	int r = find_proc(t, err);

	if (r == 0)
		procfs_keep();
	return r;
}

static bool is_single_thread(void)
{
	struct stat st;

	return fstatat(procfs_folder(), "self/task", &st, 0) == 0 && st.st_nlink == 3; /* two, and one for each thread */
}

static void be_interrupted(int number)
{
	(void)number;
}

/*
 * What seldom happens comes as a signal: each descriptor and each time limit more makes every wait dearer. One of them
 * is let through where that ends a wait (descriptor.c).
 */
static int prepare_signals(struct tracer *t, struct error *err)
{
	const struct itimerval idle = { { IDLE_SECONDS, 0 }, { IDLE_SECONDS, 0 } };
	const struct sigaction interrupted = { .sa_handler = be_interrupted };
	sigset_t set;

	sigaction(SIGALRM, &interrupted, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGIO);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	t->wait_signal = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (t->wait_signal < 0 || setitimer(ITIMER_REAL, &idle, NULL) < 0 ||
	    fcntl(t->launch.control, F_SETOWN, getpid()) < 0 || fcntl(t->launch.control, F_SETFL, O_ASYNC) < 0)
		return error_errno(err, -errno, "no signal descriptor");
	return 0;
}

/* What it takes to open in a caller's place; what lacks is said where that was asked for. */
static void prepare_opens(struct tracer *t)
{
	bool exact = t->options.opens == TRACER_OPENS_EXACT, opens = place_opens();

	if (exact && t->notifying && !opens)
		lose_opens(t, "openat2 or statx is refused, or from before Linux 5.8");
	else if (exact && t->notifying && !t->injects)
		lose_opens(t, "callers cannot be given descriptors");
	t->own_fds = openat(procfs_folder(), "self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* creation masks are set per open: no other thread may see them. Profiles of containers refuse unshare(). */
	t->own_mask = place_keeps_masks() || is_single_thread();
	if (!t->own_mask && exact && t->injects && opens)
		add_lost(t, "unshare is refused: files that are made are judged after the call");
	if (t->own_fds < 0 || !opens || identity_init(t) < 0) {
		identity_free(t); /* opens are then looked at behind the call */
		if (exact && opens && t->injects)
			lose_opens(t, "what /proc has of the monitor may not be read");
	}
	if (t->own && t->injects && exact)
		near_begin(t);
}

int prepare_supervisor(struct tracer *t, struct error *err)
{
	struct tracee *workload;
	int r = prepare_signals(t, err);

	if (r < 0)
		return r;
	if (atomic_load(&t->launch.shared->set_id) && place_set_uid(t->status.backend) == PLACE_SET_UID_LOST)
		add_lost(t, "the command is a set-uid program and stays without privileges: " PLACE_SET_UID_REMEDY);
	r = prepare_proc(t, err);
	if (r < 0)
		return r;
	prepare_opens(t);
	t->guards_memory = !place_sees_all();
	calls_init(&t->calls);
	birth_init(t);
	slow_begin(&t->slow);
	lookup_mounts_changed(t);
	/* of processes of other users the file alone can be had without rights over them (sight.h) */
	t->tracees.direct = t->seizing && !t->guards_memory && memory_can_direct();
	workload = tracees_add(&t->tracees, t->launch.workload, t->launch.workload);
	if (!workload)
		return error_set(err, -ENOMEM, "out of memory");
	workload->process->parent = t->launch.front;
	fetch_ancestors(t);
	return 0;
}
