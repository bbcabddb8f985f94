/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TRACER_PROCFS_H
#define MONITOR_TRACER_PROCFS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"
#include "tracer/procfs_folder.h"

struct filesystem_memo;

/*
 * What /proc/PID says, parsed with bounds: a process chooses its own name, arguments and paths, and may vanish between
 * two reads. proc(5) has the file formats.
 */

/* /proc/TID/stat and /proc/TID/status */
struct procfs_task {
	char comm[16];
	pid_t tgid, ppid, pgid, sid;
	int64_t vtid, vpid, vpgid; /* in the task's own pid namespace */
	uint32_t tty; /* kernel's device encoding */
	uint64_t minflt, majflt;
	uint64_t start_ticks; /* since boot, in USER_HZ: with the pid it names a process */
	bool has_program; /* false until an exec has put arguments and environment into place, and behind the end */
	uint32_t uid, gid; /* effective */
	uint32_t fsuid, fsgid;
	uint64_t cap_inheritable, cap_permitted, cap_effective;
	uint32_t vm_size_kb, vm_rss_kb, vm_swap_kb;
	bool in_pid_namespace; /* in one below ours, where its ids may be the same all the same */
};

/* 0, -ESRCH when the task is gone, -EBADMSG when the content is not what proc(5) describes. */
int procfs_read_task(pid_t tid, struct procfs_task *ret_task, struct error *err);

/*
 * stat alone, open as fd: ids of the parent, group and session, name, terminal, page faults, start, whether there is
 * a program, sizes but for swapped memory.
 */
int procfs_read_stat(pid_t tid, int fd, struct procfs_task *ret_task, struct error *err);

/* How a thread fares: 'R' (has a processor or would), 'S', 'D', 'T' (stopped by job control) …; '\0': not known. */
char procfs_read_state(pid_t tid);

/* The same without what stat alone tells: name, groups, terminal, page faults, start. */
int procfs_read_status(pid_t tid, struct procfs_task *ret_task, struct error *err);

/* Only the ids that lineage needs: cheaper than the whole (status alone). */
int procfs_read_ids(pid_t tid, pid_t *ret_tgid, pid_t *ret_ppid, struct error *err);

/* Opens a file below /proc/TID for reading, -ESRCH when the task is gone. */
int procfs_open(pid_t tid, const char *name);
/* A small file below /proc/TID as bytes, at most max (longer ones are cut): length or -errno. */
ssize_t procfs_read_file(pid_t tid, const char *name, char *bytes, size_t max);
/* A link below /proc/TID, NUL-terminated, at most max - 1 bytes: length or -errno. */
ssize_t procfs_read_link(pid_t tid, const char *name, char *bytes, size_t max);

/* The inode of a thread's namespace ("ns/pid" …); tid 0: of ours. 0 and errno: nobody tells. */
uint64_t procfs_namespace(pid_t tid, const char *name);

/* The cgroups as Falco's events have them: "cpuset=/a", "cpu=/a" …, each with its NUL. Length, at most max. */
size_t procfs_read_cgroups(pid_t tid, char *bytes, size_t max);

/* How many descriptors the process may have, RLIMIT_NOFILE; 0 and negative errno where nobody tells. */
int procfs_read_fdlimit(pid_t tid, uint64_t *ret_limit);

/* The executable: what /proc/TID/exe is. */
struct procfs_exe {
	char path[4096]; /* without the kernel's " (deleted)" */
	uint64_t inode, ctime_ns, mtime_ns;
	bool writable; /* by the task, as far as mode bits and ownership tell */
	bool upper_layer, lower_layer; /* on an overlay file system */
	bool from_memfd;
};
/*
 * Of the program that the task runs, or of the file that is fd of ours, if that is not -1.
 * since_ns tells when the monitor started, asked on overlays only: a file there that changed later lies in
 * the upper layer. No server of a file system is waited for (slow.c).
 */
int procfs_read_exe(pid_t tid, int fd, const struct procfs_task *task, uint64_t (*since_ns)(void),
		    struct filesystem_memo *mounts, struct procfs_exe *ret_exe, struct error *err);

/* What /proc/TID/fdinfo/FD says. */
struct procfs_fdinfo {
	uint32_t flags; /* O_*, the kernel's */
	uint32_t mount_id;
	uint64_t inode; /* 0 where the kernel does not tell (before 5.14) */
	int64_t pid; /* of a pidfd: -1 = it has ended; 0 = it is none */
};
struct procfs_fdinfo procfs_parse_fdinfo(struct str text);

#endif
