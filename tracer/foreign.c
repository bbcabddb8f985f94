/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/audit.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "tracer/procfs.h"
#include "tracer/sight.h"

/*
 * Calls that pass by every rule: those of another ABI, whose numbers and arguments mean other things than the
 * tables say, and rings, whose operations are no calls at all. The policy refuses them or lets them pass;
 * either way it is said once for each program that a process executes. So are processes that the kernel does
 * not let us look into, and those whose memory is somebody's to give who takes his time.
 */

#define X32_BIT 0x40000000

static const char *abi_name(uint32_t arch, long number)
{
	if (arch == AUDIT_ARCH_I386)
		return "i386";
	if (arch == AUDIT_ARCH_ARM)
		return "arm";
	return arch == AUDIT_ARCH_X86_64 && number & X32_BIT ? "x32" : "unknown";
}

static bool is_told(const struct tracee *tracee, unsigned int kind)
{
	return tracee && tracee->process->program.told & 1u << kind;
}

/*
 * Of a thread, once for its program; each time of one that nothing is known of (tracee NULL). The notice has its
 * kind and time, and of calls their number and ABI.
 */
static void say(struct tracer *t, const struct tracee *tracee, pid_t tid, pid_t pid, struct tracer_notice *notice)
{
	auto_free char *name = NULL;
	char at[64], path[PATH_MAX] = "";
	ssize_t n;
	size_t len;

	if (!t->options.notice || is_told(tracee, notice->kind))
		return;
	if (tracee)
		tracee->process->program.told |= 1u << notice->kind;
	snprintf(at, sizeof(at), "%d/exe", tid);
	n = SIGHT(at, readlinkat(procfs_folder(), at, path, sizeof(path) - 1));
	path[n > 0 ? n : 0] = '\0';
	snprintf(at, sizeof(at), "%d/comm", tid);
	if (file_read_all_at(procfs_folder(), at, 64, &name, &len, NULL) == 0 && len && name[len - 1] == '\n')
		name[len - 1] = '\0';
	notice->pid = pid;
	notice->name = name ? name : "";
	notice->path = path;
	t->options.notice(t->options.notice_context, notice);
}

/* Of the pending call. */
static void say_of_call(struct tracer *t, struct tracer_notice *notice)
{
	const struct pending *p = &t->pending;

	notice->ts = p->since;
	notice->number = p->call.number;
	say(t, p->tracee, p->call.tid, p->call.pid, notice);
}

static void say_of_process(struct tracer *t, const struct tracee *tracee, struct tracer_notice *notice)
{
	notice->ts = tracer_now();
	notice->abi = "";
	say(t, tracee, tracee->tid, tracee->process->pid, notice);
}

void foreign_call(struct tracer *t, uint32_t arch)
{
	struct pending *p = &t->pending;
	struct tracer_notice notice = { .kind = TRACER_NOTICE_FOREIGN_ABI,
					.refused = t->options.foreign_abi == TRACER_DENY };

	/*
	 * Of no ABI, so the kernel has no such call either: tracers give such numbers to calls that they cancel. Not "continue":
	 * that would leave it to whoever changes the number next.
	 */
	if (p->call.number < 0) {
		p->call.number = -1;
		entry_return(t, -ENOSYS);
		return;
	}
	notice.abi = abi_name(arch, p->call.number);
	say_of_call(t, &notice);
	p->call.number = -1; /* not one of the counted ones */
	if (notice.refused) {
		entry_return(t, -ENOSYS);
		return;
	}
	reader_fear_locks(t->reader);
	/* it may change credentials, namespaces, roots and mounts unseen: from here on every thread opens for itself */
	identity_free(t);
	t->slow.apart = true;
	reader_be_wary(t->reader);
	t->mounted = true;
	entry_continue(t);
}

static void interrupt(void *context, struct tracee *tracee)
{
	(void)context;
	if (tracee->seized && !tracee->stopped)
		ptrace(PTRACE_INTERRUPT, tracee->tid, NULL, NULL);
}

/*
 * Below our own listener the kernel refuses another one. Where calls come as stops of ptrace it does not, and what a
 * listener takes gives no such stop: from here on every call of every thread stops.
 */
void foreign_listener(struct tracer *t)
{
	struct pending *p = &t->pending;
	struct tracer_notice notice = { .kind = TRACER_NOTICE_LISTENER, .refused = t->notifying, .abi = "" };

	/* libseccomp asks what the kernel can do without a filter: that makes none */
	if ((int)p->call.args[0] != SECCOMP_SET_MODE_FILTER || !(p->call.args[1] & SECCOMP_FILTER_FLAG_NEW_LISTENER) ||
	    !p->call.args[2])
		return;
	say_of_call(t, &notice);
	if (t->notifying || t->every_call)
		return;
	t->every_call = true;
	if (p->tracee)
		p->tracee->in_call = true;
	tracees_each(&t->tracees, interrupt, NULL);
}

bool foreign_ring(struct tracer *t)
{
	struct tracer_notice notice = { .kind = TRACER_NOTICE_IO_URING,
					.refused = t->options.io_uring == TRACER_DENY,
					.abi = "" };

	if (t->options.io_uring == TRACER_ALLOW)
		return false;
	say_of_call(t, &notice);
	return notice.refused;
}

bool foreign_has_ring(pid_t pid)
{
	char path[32], link[32];
	auto_dir DIR *dir = NULL;
	struct dirent *entry;
	bool found = false;

	snprintf(path, sizeof(path), "%d/fd", pid);
	dir = procfs_list(path);
	while (dir && !found && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link, sizeof(link));

		found = n > 0 && str_eq((struct str){ link, (size_t)n }, STR("anon_inode:[io_uring]"));
	}
	return found;
}

void foreign_waits(struct tracer *t, const struct tracee *tracee, long number)
{
	say_of_process(t, tracee, &(struct tracer_notice){ .kind = TRACER_NOTICE_WAITS, .number = number });
}

void foreign_closed(struct tracer *t, const struct tracee *tracee)
{
	char at[64], byte;

	if (is_told(tracee, TRACER_NOTICE_CLOSED))
		return;
	/* of a process that is about to end nothing is refused, there is nothing */
	snprintf(at, sizeof(at), "%d/exe", tracee->tid);
	if (SIGHT(at, readlinkat(procfs_folder(), at, &byte, 1)) >= 0 || (errno != EACCES && errno != EPERM))
		return;
	say_of_process(t, tracee, &(struct tracer_notice){ .kind = TRACER_NOTICE_CLOSED });
}

void foreign_late(struct tracer *t, const struct tracee *tracee)
{
	struct memory *memory = tracee->process->memory;
	struct tracer_notice notice = { .kind = memory_is_sealed(memory) ? TRACER_NOTICE_SEALED :
									   TRACER_NOTICE_LATE };

	if (!memory_is_late(memory))
		return;
	memory_forget_late(memory);
	say_of_process(t, tracee, &notice);
}
