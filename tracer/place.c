/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/parse.h"
#include "tracer/task_ring.h"

enum place_proc place_proc(void)
{
	char link[16];
	ssize_t n = readlink("/proc/self", link, sizeof(link));
	uint32_t pid;

	if (n <= 0)
		return PLACE_PROC_NONE;
	/* the number is that of the pid namespace which /proc shows */
	return parse_u32((struct str){ link, (size_t)n }, &pid) == 0 && (pid_t)pid == getpid() ? PLACE_PROC_OURS :
												 PLACE_PROC_FOREIGN;
}

bool place_mount_proc(void)
{
	return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 &&
	       place_proc() == PLACE_PROC_OURS;
}

bool place_can_mount_proc(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(place_mount_proc() ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

bool place_set_uid(void)
{
	return geteuid() == 0;
}

bool place_sees_all(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	return syscall(SYS_capget, &header, data) == 0 && data[0].effective >> CAP_SYS_PTRACE & 1;
}

bool place_opens(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

bool place_records(void)
{
	auto_task_rings struct task_rings *rings = NULL;
	struct error ignored;

	return task_rings_open(&rings, &ignored) == 0;
}
