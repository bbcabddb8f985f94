/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/creds.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct pidfd_info of linux/pidfd.h, as far as its first version goes. */
struct pidfd_ids {
	uint64_t mask, cgroup;
	uint32_t pid, tgid, ppid;
	uint32_t ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
	int32_t exit_code;
};

#define PIDFD_GET_IDS	_IOWR(0xff, 11, struct pidfd_ids)
#define PIDFD_HAS_CREDS (1u << 1)

static uint64_t both(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

int creds_open(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : fd;
}

int creds_read(pid_t pid, int pidfd, struct procfs_task *task)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, pid };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3];
	struct pidfd_ids ids = { .mask = PIDFD_HAS_CREDS };

	if (pidfd < 0)
		return pidfd == -ESRCH ? -ESRCH : -EOPNOTSUPP;
	if (ioctl(pidfd, PIDFD_GET_IDS, &ids) < 0 || !(ids.mask & PIDFD_HAS_CREDS))
		return -EOPNOTSUPP;
	if (syscall(SYS_capget, &header, caps) < 0)
		return errno == ESRCH ? -ESRCH : -EOPNOTSUPP;
	task->tgid = (pid_t)ids.tgid;
	task->uid = ids.euid;
	task->gid = ids.egid;
	task->fsuid = ids.fsuid;
	task->fsgid = ids.fsgid;
	task->cap_inheritable = both(caps[0].inheritable, caps[1].inheritable);
	task->cap_permitted = both(caps[0].permitted, caps[1].permitted);
	task->cap_effective = both(caps[0].effective, caps[1].effective);
	return 0;
}
