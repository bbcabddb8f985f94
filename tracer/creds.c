/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/creds.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/parse.h"
#include "base/words.h"
#include "tracer/procfs.h"

#define MAP_BYTES 16384 /* the kernel has at most 340 lines of three numbers */

static uint64_t both(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

int creds_read(pid_t pid, struct procfs_task *task)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, pid };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	struct stat st;
	char path[32];

	/* unlike the files in it, the folder belongs to the effective user also of who may not be looked into */
	snprintf(path, sizeof(path), "%d", pid);
	if (fstatat(procfs_folder(), path, &st, 0) < 0)
		return errno == ENOENT ? -ESRCH : -EOPNOTSUPP;
	if (syscall(SYS_capget, &header, caps) < 0)
		return errno == ESRCH ? -ESRCH : -EOPNOTSUPP;
	task->tgid = pid;
	task->uid = task->fsuid = st.st_uid;
	task->gid = task->fsgid = st.st_gid;
	task->cap_inheritable = both(caps[0].inheritable, caps[1].inheritable);
	task->cap_permitted = both(caps[0].permitted, caps[1].permitted);
	task->cap_effective = both(caps[0].effective, caps[1].effective);
	return 0;
}

struct event_creds creds_of_task(const struct procfs_task *task)
{
	return (struct event_creds){
		.known = true,
		.uid = task->uid,
		.gid = task->gid,
		.cap_inheritable = task->cap_inheritable,
		.cap_permitted = task->cap_permitted,
		.cap_effective = task->cap_effective,
	};
}

struct event_creds creds_now(pid_t tid)
{
	struct procfs_task task;
	struct error ignored;

	if (procfs_read_status(tid, &task, &ignored) < 0)
		return (struct event_creds){ .known = false };
	return creds_of_task(&task);
}

/* The kernel gives the right column in the namespace of who has opened the file, however deep the other one lies. */
bool creds_map(pid_t tid, bool group, uint32_t inside, uint32_t *ret_id)
{
	auto_free char *text = NULL;
	struct str rest, line;
	char path[32];

	snprintf(path, sizeof(path), "%d/%s", tid, group ? "gid_map" : "uid_map");
	if (file_read_all_at(procfs_folder(), path, MAP_BYTES, &text, NULL, NULL) < 0)
		return false;
	for (rest = str_of(text); words_line(&rest, &line);) {
		uint32_t first, ours, count;

		if (parse_u32(words_next(&line), &first) < 0 || parse_u32(words_next(&line), &ours) < 0 ||
		    parse_u32(words_next(&line), &count) < 0 || inside < first || inside - first >= count)
			continue;
		*ret_id = ours + (inside - first);
		return true;
	}
	return false;
}
