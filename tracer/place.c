/* SPDX-License-Identifier: Apache-2.0 */
#include "tracer/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/limits.h"
#include "base/parse.h"
#include "tracer/statx.h"
#include "tracer/task_ring.h"

struct tried {
	int number;
	const char *name;
};

static const struct tried tried[] = {
	{ SYS_ptrace, "ptrace" },
	{ SYS_seccomp, "seccomp" },
	{ SYS_process_vm_readv, "process_vm_readv" },
	{ SYS_close_range, "close_range" },
	{ SYS_openat2, "openat2" },
	{ SYS_statx, "statx" },
	{ SYS_unshare, "unshare" },
	{ SYS_kcmp, "kcmp" },
	{ SYS_pidfd_getfd, "pidfd_getfd" },
	{ SYS_perf_event_open, "perf_event_open" }, /* of root only: the last */
};

/* Of each call, with arguments that no kernel takes. */
static _Noreturn void try_all(atomic_uint *at)
{
	unsigned int count = ARRAY_SIZE(tried) - (geteuid() != 0);

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core */
	for (unsigned int i = 0; i < count; i++) {
		atomic_store(at, i);
		syscall(tried[i].number, -1L, 0L, 0L, 0L, 0L, 0L);
	}
	_exit(0);
}

int place_lets_live(struct error *err)
{
	atomic_uint *at;
	unsigned int last;
	int status = 0;
	pid_t child;

	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != SECCOMP_MODE_FILTER)
		return 0;
	at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return error_errno(err, -errno, "no shared memory");
	child = fork();
	if (child == 0)
		try_all(at);
	/* who cannot fork hears of that later */
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	last = atomic_load(at);
	munmap(at, sizeof(*at));
	if (child < 0 || !WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		return 0;
	return error_set(
		err, -EPERM,
		"the seccomp filter of this place kills who calls %s(): allow it, or let the filter refuse what it does not "
		"allow (systemd: SystemCallErrorNumber=EPERM)",
		tried[last].name);
}

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

/* Only where our root is that of all: to who has other mounts than its processes, their paths begin there. */
bool place_mount_proc(void)
{
	auto_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char path[32], link[4];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", root);
	return root >= 0 && unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 &&
	       readlink(path, link, sizeof(link)) == 1;
}

bool place_can_mount_proc(void)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(place_mount_proc() ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool has(int capability)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	return syscall(SYS_capget, &header, data) == 0 && data[0].effective >> capability & 1;
}

enum place_set_uid place_set_uid(enum tracer_backend backend)
{
	bool may_filter = backend == TRACER_PTRACE_ALL || has(CAP_SYS_ADMIN);
	bool may_trace = backend == TRACER_NOTIFY_ONLY || has(CAP_SYS_PTRACE);

	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
		return PLACE_SET_UID_NONE;
	return may_filter && may_trace ? PLACE_SET_UID_KEPT : PLACE_SET_UID_LOST;
}

bool place_sees_all(void)
{
	return has(CAP_SYS_PTRACE);
}

bool place_opens(void)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_NO_MAGICLINKS };
	int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
	struct statx st;

	if (fd < 0)
		return false;
	close(fd);
	/* whose mounts a caller has (identity.c) */
	return statx_ask(AT_FDCWD, "/", AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == 0 && st.stx_mask & STATX_MNT_ID;
}

bool place_keeps_masks(void)
{
	return unshare(CLONE_FS) == 0;
}

bool place_forks(void)
{
	pid_t first = fork(), second = -1;

	if (first > 0)
		second = fork();
	if (first == 0 || second == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		for (;;)
			pause();
	}
	for (int i = 0; i < 2; i++) {
		pid_t child = i ? second : first;

		if (child > 0) {
			kill(child, SIGKILL);
			waitpid(child, NULL, 0);
		}
	}
	return second > 0;
}

bool place_few_descriptors(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < RUN_FEW_DESCRIPTORS;
}

bool place_records(void)
{
	auto_task_rings struct task_rings *rings = NULL;
	struct error ignored;

	return task_rings_open(&rings, &ignored) == 0;
}
