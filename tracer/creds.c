/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/creds.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "tracer/procfs.h"

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
