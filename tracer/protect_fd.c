/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/supervisor.h"

#include <fcntl.h>
#include <linux/magic.h>
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
#include "tracer/socket.h"

/*
 * The supervisor named in ways that the filter cannot compare: as the owner of a file's signals behind a
 * pointer, and by a descriptor. A caller that is alone goes on when we have looked. For one whose memory or
 * descriptors others could change before the kernel looks, we make the call on a copy of the descriptor.
 */

static bool is_off_limits(const struct tracer *t, pid_t id)
{
	return protect_is_ours(id) || id == t->launch.front;
}

/* ---- descriptors of processes -------------------------------------------------------------------------- */

/* A process's folder in /proc serves as a descriptor of it, too. 0 = neither. */
static pid_t named_by_folder(int fd)
{
	char link[32], path[PATH_MAX];
	const char *name;
	struct statfs fs;
	uint32_t pid;
	ssize_t n;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0)
		return 0;
	path[n] = '\0';
	name = strrchr(path, '/');
	return name && parse_u32(str_of(name + 1), &pid) == 0 ? (pid_t)pid : 0;
}

static pid_t named_by(int fd)
{
	auto_free char *text = NULL;
	char path[64];
	const char *at;
	uint32_t pid;
	size_t len;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (file_read_all(path, 65536, &text, &len, NULL) < 0)
		return 0;
	at = strstr(text, "\nPid:\t");
	if (!at)
		return named_by_folder(fd);
	at += strlen("\nPid:\t");
	return parse_u32((struct str){ at, strcspn(at, "\n") }, &pid) == 0 ? (pid_t)pid : 0;
}

static int signal_by_copy(struct tracer *t, struct tracee *tracee, const struct call *call, int copy)
{
	siginfo_t info;

	if (!identity_same(t, tracee))
		return -EPERM;
	if (call->args[2] && (!call->memory || memory_read(call->memory, call->args[2], &info, sizeof(info)) < 0))
		return -EFAULT;
	return syscall(SYS_pidfd_send_signal, copy, (int)call->args[1], call->args[2] ? &info : NULL,
		       (unsigned int)call->args[3]) < 0 ?
		       -errno :
		       0;
}

static int check_pidfd(struct tracer *t, struct tracee *tracee, const struct call *call, bool *ret_done)
{
	auto_fd int copy = socket_copy(call->tid, (int)call->args[0]);
	pid_t target;
	int r;

	if (copy < 0) /* a bad number; or copies are forbidden here: then nobody else can change it for sure */
		return copy == -EBADF || (tracee && tracees_alone(tracee)) ? 0 : -EPERM;
	target = named_by(copy);
	if (is_off_limits(t, target))
		return -EPERM;
	if (tracee && tracees_alone(tracee))
		return 0;
	r = signal_by_copy(t, tracee, call, copy);
	*ret_done = r == 0;
	return r;
}

/* ---- owners of files ----------------------------------------------------------------------------------- */

static int read_owner(const struct call *call, struct f_owner_ex *ret_owner)
{
	int who, r;

	if (call->number == SYS_fcntl && (int)call->args[1] == F_SETOWN) {
		who = (int)call->args[2];
	} else if (!call->memory) {
		return -EFAULT;
	} else if (call->number == SYS_fcntl) {
		return memory_read(call->memory, call->args[2], ret_owner, sizeof(*ret_owner));
	} else {
		r = memory_read(call->memory, call->args[2], &who, sizeof(who));
		if (r < 0)
			return r;
	}
	*ret_owner = (struct f_owner_ex){ who < 0 ? F_OWNER_PGRP : F_OWNER_PID, who < 0 ? -who : who };
	return 0;
}

static bool sets_owner(const struct call *call)
{
	unsigned int command = (unsigned int)call->args[1];

	if (call->number == SYS_ioctl)
		return command == FIOSETOWN || command == SIOCSPGRP;
	return command == F_SETOWN || command == F_SETOWN_EX;
}

static int check_owner(struct tracer *t, struct tracee *tracee, const struct call *call, bool *ret_done)
{
	struct f_owner_ex owner;
	auto_fd int copy = -1;

	if (!sets_owner(call) || !protect_same_ids(call->tid) || read_owner(call, &owner) < 0)
		return 0; /* what cannot be read fails in the kernel, too */
	if (is_off_limits(t, owner.pid))
		return -EPERM;
	if (tracee && tracees_alone(tracee))
		return 0;
	/* whose rights the signals are sent with is remembered of the caller */
	if (!identity_same(t, tracee))
		return -EPERM;
	copy = socket_copy(call->tid, (int)call->args[0]);
	if (copy < 0)
		return copy == -EBADF ? 0 : -EPERM;
	if (fcntl(copy, F_SETOWN_EX, &owner) < 0)
		return -errno;
	*ret_done = true;
	return 0;
}

int protect_check_fd(struct tracer *t, struct tracee *tracee, const struct call *call, unsigned int traits,
		     bool *ret_done)
{
	*ret_done = false;
	return traits & CALL_PIDFD ? check_pidfd(t, tracee, call, ret_done) : check_owner(t, tracee, call, ret_done);
}
