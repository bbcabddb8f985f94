/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <elf.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "tracer/notify.h"
#include "tracer/procfs.h"
#include "tracer/reader.h"
#include "tracer/sight.h"
#include "tracer/statx.h"

/*
 * The backend that must do without ptrace, and threads that a debugger of the workload has: no stop tells of
 * births, execs and ends. A child is known from its first caught call on. An exec shows by the auxiliary
 * vector, whose addresses are other ones for each program's start, or by the memory that was opened before
 * it, which reads nothing any more (a vfork's parent keeps it alive): of who was let into one and makes his next call
 * with neither changed it has failed. A number that is used again shows by
 * the time at which its process began, by that process, or by the kernel's own number for it. Ends are found by
 * looking around now and then.
 */

#define SWEEP_NS   100000000ull
#define SWEEP_TOLD (TOLD_MANY / 2) /* the others come with the next sweep */

/*
 * How much of an auxiliary vector there is up to the program's name, behind which nothing tells one start from another;
 * 0 while an exec has not come that far: the kernel fills it in before everybody's eyes. Pairs of a 32-bit program are
 * half as long, and so its first one is no small number. *ret_random: where the program has random bytes.
 */
static size_t auxv_len(const char *bytes, size_t n, uint64_t *ret_random)
{
	uint64_t first = 0;
	size_t word;

	memcpy(&first, bytes, n < sizeof(first) ? n : sizeof(first));
	word = first > UINT32_MAX ? sizeof(uint32_t) : sizeof(uint64_t);
	for (size_t at = 0; at + 2 * word <= n; at += 2 * word) {
		uint64_t pair[2] = { 0 };

		memcpy(&pair[0], bytes + at, word);
		memcpy(&pair[1], bytes + at + word, word);
		if (pair[0] == AT_RANDOM)
			*ret_random = pair[1];
		if (pair[0] == AT_EXECFN)
			return pair[1] ? at + 2 * word : 0;
	}
	return 0;
}

static bool waits(const struct tracer *t, const struct tracee *tracee)
{
	return t->pending.active && t->pending.tracee == tracee;
}

/*
 * Who waits in a call is in no exec, which locks this for as long as it takes to close the files that the new program
 * does not get (a server on FUSE may never be done with one). -EAGAIN: it is locked, or not made yet by an exec that
 * has left the old program; 0 = there is none to be read.
 */
static int image_of(struct tracer *t, const struct tracee *tracee, uint64_t *ret_image, uint64_t *ret_random)
{
	char bytes[1024];
	ssize_t n = waits(t, tracee) ? procfs_read_file(tracee->tid, "auxv", bytes, sizeof(bytes)) :
				       reader_locked_file(t->reader, tracee->tid, "auxv", bytes, sizeof(bytes));
	size_t len;

	*ret_random = 0;
	len = n > 0 ? auxv_len(bytes, (size_t)n, ret_random) : 0;
	*ret_image = len ? str_hash((struct str){ bytes, len }) : 0;
	return n == -EBUSY || n == -EAGAIN || (n > 0 && !len) ? -EAGAIN : 0;
}

enum program_seen {
	PROGRAM_UNKNOWN,
	PROGRAM_SAME,
	PROGRAM_OTHER,
};

/*
 * Of who may be in an exec: two programs have the same vector if they are made for it, where addresses are not random
 * (personality()). So its file tells, and the random bytes, which every start has of its own: only a program that
 * wants to be taken for the one before it has the same, and it is the same file then. 0: it has ended.
 */
static uint64_t start_of(struct tracer *t, const struct tracee *tracee, uint64_t random)
{
	struct {
		dev_t dev;
		ino_t ino;
		char bytes[16];
	} start;
	struct memory *m = random ? memory_direct(tracee->tid, t->reader) : NULL;
	char path[32];
	struct stat st;
	bool ended;
	int r;

	memset(&start, 0, sizeof(start));
	snprintf(path, sizeof(path), "%d/exe", tracee->tid);
	if (SIGHT(path, statx_known_at(procfs_folder(), path, 0, &st)) == 0) {
		start.dev = st.st_dev;
		start.ino = st.st_ino;
	}
	r = m ? memory_read(m, random, start.bytes, sizeof(start.bytes)) : 0;
	ended = !start.ino || (r == -ESRCH && !memory_refused(m));
	if (r < 0)
		memset(start.bytes, 0, sizeof(start.bytes));
	memory_close(m);
	return ended ? 0 : str_hash((struct str){ (const char *)&start, sizeof(start) });
}

static enum program_seen compare_program(struct tracer *t, const struct tracee *tracee)
{
	uint64_t image, random, start;

	if (image_of(t, tracee, &image, &random) < 0)
		return PROGRAM_UNKNOWN;
	if (memory_is_gone(tracee->process->memory))
		return PROGRAM_OTHER;
	if (!image || !tracee->image)
		return PROGRAM_UNKNOWN;
	if (image != tracee->image)
		return PROGRAM_OTHER;
	start = tracee->process->start ? start_of(t, tracee, random) : 0;
	if (!start || start == tracee->process->start)
		return PROGRAM_SAME;
	/* an exec that came between the two looks may not have made all of it yet */
	return image_of(t, tracee, &image, &random) < 0 ? PROGRAM_UNKNOWN : PROGRAM_OTHER;
}

/*
 * Whoever has ended has no memory any more, either: it had another program at most if it was let into an exec. And the
 * kernel puts arguments and environment into place behind what the vector tells.
 */
static enum program_seen look_at_program(struct tracer *t, const struct tracee *tracee)
{
	enum program_seen seen = compare_program(t, tracee);
	auto_fd int fd = -1;
	struct procfs_task task;
	struct error ignored;

	if (seen != PROGRAM_OTHER || waits(t, tracee))
		return seen;
	fd = procfs_open(tracee->tid, "stat");
	if (procfs_read_stat(tracee->tid, fd, &task, &ignored) < 0)
		return PROGRAM_UNKNOWN;
	return task.has_program || (!task.vm_size_kb && tracee->process->program.executes) ? seen : PROGRAM_UNKNOWN;
}

static void note_image(struct tracer *t, struct tracee *tracee)
{
	uint64_t random;

	image_of(t, tracee, &tracee->image, &random);
}

void unseized_executes(struct tracer *t, struct tracee *tracee)
{
	uint64_t image, random;

	if (image_of(t, tracee, &image, &random) == 0)
		tracee->process->start = start_of(t, tracee, random);
}

/* Who has its number. */
enum holder {
	HOLDER_NONE,
	HOLDER_SAME,
	HOLDER_OTHER,
};

/*
 * What the kernel makes for a process in /proc goes with it, and its inode's number is not soon another's. 0
 * = there is none.
 */
static uint64_t folder_of(pid_t tid)
{
	char path[32];
	struct statx st;

	snprintf(path, sizeof(path), "%d", tid);
	return statx_ask(procfs_folder(), path, AT_STATX_DONT_SYNC, STATX_INO, &st) < 0 ? 0 : st.stx_ino;
}

/*
 * The inode of what the kernel has of a thread for its descriptors, which no other ever has. Before Linux 6.9 they have
 * none of their own, nor are there descriptors of threads: 0.
 */
static uint64_t number_of(pid_t tid)
{
	auto_fd int fd = (int)syscall(SYS_pidfd_open, tid, O_EXCL); /* PIDFD_THREAD */
	struct stat st;

	return fd < 0 || fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

/* Who began later has its number, or, since the clock of that is coarse, who is of another process. */
static enum holder holder_of(struct tracee *tracee)
{
	uint64_t folder = folder_of(tracee->tid), number;
	auto_fd int fd = -1;
	struct procfs_task task;
	struct error err = { 0 };
	pid_t pid;

	if (folder && folder == tracee->folder)
		return HOLDER_SAME;
	fd = procfs_open(tracee->tid, "stat");
	if (procfs_read_stat(tracee->tid, fd, &task, &err) < 0)
		return HOLDER_NONE;
	pid = caller_tgid(tracee->tid);
	if (pid < 0)
		return HOLDER_NONE;
	number = number_of(tracee->tid);
	if (task.start_ticks > tracee->born || pid != tracee->process->pid ||
	    (tracee->number && number && number != tracee->number))
		return HOLDER_OTHER;
	tracee->folder = folder;
	tracee->number = number;
	return HOLDER_SAME;
}

static void renew(struct tracer *t, struct tracee *tracee)
{
	tracees_forget_memory(&t->tracees, tracee);
	/* the rest stays: who knows what the new one has done since it began */
	tracee->process->program.told = 0;
	tracee->process->start = 0;
	note_image(t, tracee);
	if (tracee->identity != IDENTITY_CONFINED)
		tracee->identity = IDENTITY_UNKNOWN;
	tracee->continued = -1;
	tracee->process->executing = false;
	told_add(t, &(struct told){ .kind = TOLD_EXEC,
				    .tid = tracee->tid,
				    .pid = tracee->process->pid,
				    .event = take_ptr(tracee->executed) });
	tracees_memory(&t->tracees, tracee);
}

struct executing {
	const struct tracer *t;
	const struct process *process;
	struct tracee *found;
};

/* The others have ended by then, the first one, too, unless it executes itself. */
static void find_executing(void *context, struct tracee *tracee)
{
	struct executing *e = context;

	if (tracee->process != e->process || tracee->over || tracee->lingers || tracee->continued < 0 ||
	    !(calls_traits(&e->t->calls, tracee->continued) & CALL_EXEC))
		return;
	if (!e->found || tracee->tid == e->process->pid)
		e->found = tracee;
}

/* The new program may have been seen already, when looking around. */
void unseized_executed(struct tracer *t, const struct process *process)
{
	struct executing e = { t, process, NULL };
	struct tracee *tracee;

	if (process->executing)
		tracees_each(&t->tracees, find_executing, &e);
	if (!e.found || e.found->seized)
		return;
	tracee = e.found;
	tracees_exec(&t->tracees, process->pid, tracee->tid);
	renew(t, tracee);
}

void unseized_begin(struct tracer *t, struct tracee *tracee)
{
	t->apart = true;
	tracee->loose = false;
	note_image(t, tracee);
}

struct ending {
	struct tracer *t;
	const struct process *process;
};

static void end_with_process(void *context, struct tracee *tracee)
{
	const struct ending *e = context;

	if (tracee->process == e->process && !tracee->over && !tracee->seized)
		told_end(e->t, tracee, 0);
}

bool unseized_is_other(struct tracer *t, struct tracee *tracee)
{
	if (holder_of(tracee) != HOLDER_OTHER)
		return false;
	if (tracee->tid == tracee->process->pid)
		tracees_each(&t->tracees, end_with_process, &(struct ending){ t, tracee->process });
	else if (!tracee->over)
		told_end(t, tracee, 0);
	return true;
}

/* The thread in which the new program shows. NULL: the caller is one of those that its exec made an end of. */
static struct tracee *executed(struct tracer *t, struct tracee *tracee)
{
	struct tracee *first;

	if (tracee->tid == tracee->process->pid)
		return tracee;
	if (t->pending.notified && !notify_valid(t->listener, t->pending.id))
		return NULL;
	first = caller_tracee(t, tracee->process->pid);
	return first && !first->seized ? first : tracee;
}

void unseized_look(struct tracer *t, struct tracee *tracee)
{
	enum program_seen seen = look_at_program(t, tracee);
	struct tracee *first;

	result_exec_over(t, tracee, seen == PROGRAM_SAME);
	if (seen == PROGRAM_SAME && tracee->process->start && !loose_others_execute(t, tracee))
		tracee->process->start = 0;
	if (seen != PROGRAM_OTHER) {
		tracees_memory(&t->tracees, tracee);
		return;
	}
	first = executed(t, tracee);
	if (first)
		renew(t, first);
	if (first && first != tracee)
		note_image(t, tracee);
}

static void look_around(void *context, struct tracee *tracee)
{
	struct tracer *t = context;

	if (tracee->seized || tracee->loose || tracee->over)
		return;
	t->apart = true;
	if (t->told.count >= SWEEP_TOLD)
		return;
	if (kill(tracee->tid, 0) < 0 && errno == ESRCH) {
		/* what was recorded of it is heard before that */
		if (tracee->gone || !t->rings)
			told_end(t, tracee, 0);
		tracee->gone = true;
	} else if (!unseized_is_other(t, tracee) && tracee->tid == tracee->process->pid &&
		   look_at_program(t, tracee) == PROGRAM_OTHER && holder_of(tracee) == HOLDER_SAME)
		renew(t, tracee);
}

/*
 * The front stopped, or is about to, as the command did, and is to go on when that does. True while it must
 * be looked after.
 */
static bool look_at_front(struct tracer *t)
{
	if (!t->front_held)
		return false;
	if (procfs_read_state(t->launch.workload) != 'T' && procfs_read_state(t->launch.front) == 'T')
		stops_wake_front(t, t->launch.workload);
	return t->front_held;
}

bool unseized_sweep(struct tracer *t)
{
	uint64_t now = tracer_now();

	if (now - t->swept < SWEEP_NS)
		return false;
	t->swept = now;
	t->apart = look_at_front(t); /* as far as none is found */
	tracees_each(&t->tracees, look_around, t);
	return t->told.count > 0;
}

/* The front says how the command ended, or ends itself; there is nothing else to do. False: we are asked to end. */
static bool await_front(struct tracer *t)
{
	/* of control the hang-up only */
	struct pollfd polled[] = { { t->wait_signal, POLLIN, 0 }, { t->launch.control, 0, 0 } };
	struct signalfd_siginfo list[4];

	if (poll(polled, ARRAY_SIZE(polled), -1) < 0)
		return false;
	if (polled[0].revents)
		t->waits_due |= read(t->wait_signal, list, sizeof(list)) > 0;
	t->front_gone |= polled[1].revents != 0;
	return true;
}

/* Nobody is left, and no record tells any more what became of their execs. */
static void end_unrecorded(void *context, struct tracee *tracee)
{
	struct tracer *t = context;

	if (tracee->unrecorded && !tracee->over && tracee->tid != t->launch.workload)
		told_end(t, tracee, 0);
}

bool unseized_end(struct tracer *t)
{
	struct tracee *tracee = tracees_find(&t->tracees, t->launch.workload);

	tracees_each(&t->tracees, end_unrecorded, t);
	if (t->told.count)
		return true;
	if (t->status.exited)
		return false;
	if (tracee)
		tracee->over = true;
	t->end_waits = true;
	stops_wake_front(t, t->launch.workload);
	while (!told_end_comes(t))
		if (!await_front(t))
			return false;
	return true;
}
