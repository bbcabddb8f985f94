/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/protect.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/descriptor.h"
#include "tracer/maps.h"
#include "tracer/procfs.h"
#include "tracer/reader.h"
#include "tracer/sender.h"
#include "tracer/sight.h"
#include "tracer/status.h"
#include "tracer/supervisor.h"

/*
 * The supervisor named in ways that the filter cannot compare: as the owner of a file's signals behind a
 * pointer, and by a descriptor. What others could change before the kernel looks is not left to the kernel: we
 * make the call on a copy of the descriptor, with what we read.
 */

#define SELF_THREAD  (-10000) /* PIDFD_SELF_THREAD */
#define SELF_PROCESS (-10001) /* PIDFD_SELF_THREAD_GROUP */

/* Nobody else can change its descriptors. Who is not ours by ptrace may have threads that nothing told of. */
static bool is_alone(const struct tracee *tracee)
{
	return tracee && tracee->seized && tracees_alone(tracee);
}

/* ---- descriptors of processes -------------------------------------------------------------------------- */

/* A process as a descriptor names it: 0 = none. */
struct named {
	pid_t pid;
	unsigned int flags; /* of pidfd_open(): whether one of its threads is meant */
};

/* The text of the folder's status, nothing that somebody mounted there. 0 or -errno. */
static int read_status(int folder, char **ret_text)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_NO_XDEV };
	auto_fd int fd = (int)syscall(SYS_openat2, folder, "status", &how, sizeof(how));
	char path[32];

	if (fd < 0)
		return -errno;
	snprintf(path, sizeof(path), "self/fd/%d", fd);
	return file_read_all_at(procfs_folder(), path, STATUS_BYTES, ret_text, NULL, NULL);
}

/*
 * A process's folder in /proc serves as a descriptor of it, too, and whoever may mount has it under any name, also from
 * a /proc that counts differently: so all numbers of the process are compared. 0: it is none; -EPERM: that cannot be
 * known, since its file system would have to be asked.
 */
static pid_t named_by_folder(struct slow *slow, int fd)
{
	auto_free char *text = NULL;
	struct statfs fs;
	struct str ids;
	uint32_t pid, first;
	int r;

	if (slow_has(slow, fd) || (slow->apart && !slow_is_ours(slow, fd)))
		return -EPERM;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	r = read_status(fd, &text);
	if (r < 0)
		return r == -ENOENT || r == -ESRCH ? 0 : -EPERM;
	ids = status_line(text, "NSpid");
	if (!ids.len)
		ids = status_line(text, "Pid"); /* a kernel without namespaces of them */
	if (parse_u32(words_next(&ids), &first) < 0)
		return 0;
	for (pid = first; !protect_is_ours((pid_t)pid);)
		if (parse_u32(words_next(&ids), &pid) < 0)
			return (pid_t)first;
	return (pid_t)pid;
}

/* What /proc says of a descriptor of a process. Of others it is not read: it may lie behind a lock (eventpoll). */
static int read_named(struct reader *reader, pid_t tid, int number, struct named *ret_named)
{
	char name[READER_NAME_BYTES], text[4096];
	struct procfs_fdinfo info;
	ssize_t n;

	snprintf(name, sizeof(name), "fdinfo/%d", number);
	n = reader_locked_file(reader, tid, name, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -EBADF : (int)n;
	info = procfs_parse_fdinfo((struct str){ text, (size_t)n });
	*ret_named = (struct named){ info.pid > 0 ? (pid_t)info.pid : 0, info.flags & O_EXCL }; /* PIDFD_THREAD */
	return info.pid < 0 ? -ESRCH : 0;
}

/* The descriptor number of a process: 0, or a negative errno when it cannot be looked at. */
static int find_named(struct tracer *t, pid_t tid, int number, struct named *ret_named)
{
	auto_fd int folder = -1;
	char path[64], link[32];
	ssize_t n;
	int r;

	*ret_named = (struct named){ 0 };
	snprintf(path, sizeof(path), "%d/fd/%d", tid, number);
	n = SIGHT(path, readlinkat(procfs_folder(), path, link, sizeof(link) - 1));
	if (n < 0)
		return errno == ENOENT ? -EBADF : -errno;
	link[n] = '\0';
	if (str_starts(str_of(link), STR("anon_inode:[pidfd]")) || str_starts(str_of(link), STR("pidfd:")))
		return read_named(t->reader, tid, number, ret_named);
	if (str_starts(str_of(link), STR("anon_inode:")))
		return 0;
	folder = SIGHT(path, openat(procfs_folder(), path, O_PATH | O_DIRECTORY | O_CLOEXEC));
	r = folder >= 0 ? named_by_folder(&t->slow, folder) : 0;
	if (r < 0)
		return r;
	ret_named->pid = r;
	return folder >= 0 || errno == ENOTDIR || errno == ENXIO ? 0 : errno == ENOENT ? -EBADF : -errno;
}

/*
 * Where copies are refused, as in profiles of containers: a descriptor of our own for the process that is named.
 * Its number is nobody else's as long as the caller's descriptor still has it.
 */
static int copy_by_name(struct tracer *t, pid_t tid, int number, struct named *ret_named)
{
	struct named again;
	auto_fd int fd = -1;
	int r = find_named(t, tid, number, ret_named);

	if (r < 0)
		return r;
	if (!ret_named->pid)
		return -EBADF;
	fd = (int)syscall(SYS_pidfd_open, ret_named->pid, ret_named->flags);
	if (fd < 0)
		return -errno;
	r = find_named(t, tid, number, &again);
	return r < 0 ? r : again.pid == ret_named->pid ? take_fd(fd) : -EPERM;
}

static int signal_by_copy(const struct call *call, enum sender sender, int copy)
{
	siginfo_t info;
	long r;

	if (call->args[2] && (!call->memory || memory_read(call->memory, call->args[2], &info, sizeof(info)) < 0))
		return -EFAULT;
	if (!sender_assume(sender))
		return -EPERM;
	r = syscall(SYS_pidfd_send_signal, copy, (int)call->args[1], call->args[2] ? &info : NULL,
		    (unsigned int)call->args[3]);
	r = r < 0 ? -errno : 0;
	sender_return(sender);
	return (int)r;
}

/* What a call names, and a copy of its descriptor: negative where nobody needs one, or there is none to be had. */
struct target {
	struct named named;
	bool alone; /* nobody else can put something there */
	int copy;
	int error; /* of finding it; 0 or negative errno */
};

static void find_target(struct tracer *t, const struct call *call, struct target *to)
{
	int number = (int)call->args[0];

	to->copy = descriptor_copy(call->tid, number, t->reader);
	if (to->copy >= 0) {
		to->error = find_named(t, getpid(), to->copy, &to->named);
	} else if (to->alone) {
		to->error = find_named(t, call->tid, number, &to->named);
	} else {
		to->copy = copy_by_name(t, call->tid, number, &to->named);
		to->error = to->copy < 0 ? to->copy : 0;
	}
}

static int check_target(const struct call *call, const struct target *to, enum sender sender, bool *ret_done)
{
	int r = to->error;

	if (r < 0 && r != -EBADF && r != -ESRCH)
		return -EPERM; /* it may be us */
	if (protect_is_ours(to->named.pid))
		return -EPERM;
	if (to->alone)
		return 0;
	if (r == 0)
		r = signal_by_copy(call, sender, to->copy);
	*ret_done = r == 0;
	return r;
}

/* No descriptor, but the caller itself (Linux 6.14); for older kernels a number that nothing can have. */
static bool names_caller(const struct call *call)
{
	int number = (int)call->args[0];

	return number == SELF_THREAD || number == SELF_PROCESS;
}

static int check_pidfd(struct tracer *t, const struct tracee *tracee, const struct call *call, bool *ret_done)
{
	enum sender sender = sender_of(call->tid);
	struct target to = { .alone = is_alone(tracee) };
	int r;

	if (sender == SENDER_POWERLESS || names_caller(call))
		return 0;
	find_target(t, call, &to);
	r = check_target(call, &to, sender, ret_done);
	descriptor_drop(to.copy, t->reader);
	return r;
}

/* ---- owners of files ----------------------------------------------------------------------------------- */

static bool by_number(const struct call *call)
{
	return call->number == SYS_fcntl && (int)call->args[1] == F_SETOWN;
}

static int read_owner(const struct call *call, struct f_owner_ex *ret_owner)
{
	int who, r;

	if (by_number(call)) {
		who = (int)call->args[2];
	} else if (!call->memory) {
		return -EPERM;
	} else if (call->number == SYS_fcntl) {
		return memory_read(call->memory, call->args[2], ret_owner, sizeof(*ret_owner));
	} else {
		r = memory_read(call->memory, call->args[2], &who, sizeof(who));
		if (r < 0)
			return r;
	}
	if (who == INT_MIN)
		return -EINVAL;
	*ret_owner = (struct f_owner_ex){ who < 0 ? F_OWNER_PGRP : F_OWNER_PID, who < 0 ? -who : who };
	return 0;
}

bool protect_sets_owner(const struct call *call)
{
	unsigned int command = (unsigned int)call->args[1];

	if (call->number == SYS_ioctl)
		return command == FIOSETOWN || command == SIOCSPGRP;
	return command == F_SETOWN || command == F_SETOWN_EX;
}

static int set_owner(const struct call *call, int copy, const struct f_owner_ex *owner)
{
	int who = owner->type == F_OWNER_PGRP ? -owner->pid : owner->pid;
	int r = call->number == SYS_ioctl ? ioctl(copy, (unsigned int)call->args[1], &who) :
					    fcntl(copy, F_SETOWN_EX, owner);

	return r < 0 ? -errno : 0;
}

static int check_owner(struct tracer *t, const struct tracee *tracee, const struct call *call, bool *ret_done)
{
	enum sender sender;
	bool alone = is_alone(tracee);
	struct f_owner_ex owner;
	int copy, r;

	if (!protect_sets_owner(call) || !protect_same_ids(call->tid))
		return 0;
	sender = sender_of(call->tid);
	if (sender == SENDER_POWERLESS)
		return 0;
	r = read_owner(call, &owner);
	if (r == -EINVAL)
		return r;
	if (r == -EFAULT)
		return alone ? 0 : r; /* others could put something there */
	if (r < 0)
		return -EPERM; /* it may be us */
	if (protect_is_ours(owner.pid))
		return -EPERM;
	if (by_number(call))
		return 0;
	/* as whom the signals are sent is remembered of the caller: which user, not with which capabilities */
	if (sender == SENDER_ALIKE || sender == SENDER_WEAKER) {
		copy = descriptor_copy(call->tid, (int)call->args[0], t->reader);
		if (copy >= 0) {
			r = set_owner(call, copy, &owner);
			descriptor_drop(copy, t->reader);
			*ret_done = r == 0;
			return r;
		}
		if (copy == -EBADF)
			return alone ? 0 : copy;
	}
	return alone && maps_is_private(call->tid, call->args[2]) ? 0 : -EPERM;
}

int protect_check_fd(struct tracer *t, const struct tracee *tracee, const struct call *call, unsigned int traits,
		     bool *ret_done)
{
	*ret_done = false;
	return traits & CALL_PIDFD ? check_pidfd(t, tracee, call, ret_done) : check_owner(t, tracee, call, ret_done);
}
