/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/protect.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "tracer/procfs.h"
#include "tracer/sender.h"
#include "tracer/status.h"
#include "tracer/supervisor.h"

#define IOPRIO_WHO_PGRP 2 /* linux/ioprio.h cannot be had everywhere */

/*
 * The supervisor is out of bounds for its workload: calls that name its process, or one of its threads, are refused
 * with EPERM. So are the programs that it starts, as long as they stay in its session. Whoever lives in another pid
 * namespace means another process by the same number and passes.
 */

bool protect_is_ours(pid_t id)
{
	pid_t own = getpid();

	return id == own || (id > 0 && getsid(id) == own);
}

/* Whether a thread has ids in namespaces below ours: everybody may read that. */
static bool has_inner_id(pid_t tid)
{
	auto_free char *text = NULL;
	struct str ids;

	if (status_read(tid, &text) < 0)
		return false;
	ids = status_line(text, "NSpid");
	return memchr(ids.ptr, '\t', ids.len);
}

bool protect_same_ids(pid_t tid)
{
	uint64_t own = procfs_namespace(0, "ns/pid"), other = procfs_namespace(tid, "ns/pid");

	if (!own || !other)
		return !has_inner_id(tid); /* one that we may not look into */
	return own == other;
}

/*
 * kill(-1): all processes but the caller and the first. We do it in the caller's place, leaving out ourselves, the
 * programs that we have started and the front, which natively would not be there. As in the kernel a process that may
 * not be told is no failure, not even where there is no other.
 */
static int kill_all(const struct tracer *t, const struct call *call, bool *ret_done)
{
	auto_dir DIR *dir = procfs_list(".");
	struct dirent *entry;
	int result = -ESRCH;

	if (!dir)
		return -EPERM;
	while ((entry = readdir(dir))) {
		uint32_t pid;
		int error;

		if (parse_u32(str_of(entry->d_name), &pid) < 0 || pid <= 1 || (pid_t)pid == call->pid ||
		    (pid_t)pid == t->launch.front || protect_is_ours((pid_t)pid))
			continue;
		error = kill((pid_t)pid, (int)call->args[1]) < 0 ? errno : 0;
		if (error == ESRCH)
			continue;
		if (error != EPERM || result == -ESRCH)
			result = error == EPERM ? 0 : -error;
	}
	*ret_done = result == 0;
	return result;
}

static int check_all(const struct tracer *t, const struct call *call, bool *ret_done)
{
	enum sender sender;
	int r;

	if ((int)call->args[1] == 0)
		return 0;
	sender = sender_of(call->tid);
	if (sender == SENDER_POWERLESS)
		return 0;
	if (!sender_assume(sender)) /* we would lend it our rights */
		return -EPERM;
	r = kill_all(t, call, ret_done);
	sender_return(sender);
	return r;
}

int protect_check(const struct tracer *t, const struct call *call, unsigned int traits, bool *ret_done)
{
	pid_t target = (pid_t)call->args[t->calls.by_number[call->number].arg];

	*ret_done = false;
	if (traits & CALL_GROUP && target == -1 && protect_same_ids(call->tid))
		return check_all(t, call, ret_done);
	/* the supervisor leads a process group of its own, and so does each program */
	if (!protect_is_ours(traits & CALL_GROUP && target < -1 && target != INT_MIN ? -target : target))
		return 0;
	if (!protect_same_ids(call->tid))
		return 0;
	/*
	 * setpriority() and ioprio_set() can also name groups, which has our number, and users; they count
	 * from 0 and from 1
	 */
	if (call->number == SYS_setpriority && (int)call->args[0] > PRIO_PGRP)
		return 0;
	if (call->number == SYS_ioprio_set && (int)call->args[0] > IOPRIO_WHO_PGRP)
		return 0;
	return -EPERM;
}
