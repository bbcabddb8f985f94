/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_THREAD_H
#define MONITOR_STATE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "event/facts.h"

struct fdtable;

/* PPM_CL_* as in captures; only those that the state itself reads. */
enum {
	THREAD_CLONE_FILES = 1u << 1,
	THREAD_CLONE_THREAD = 1u << 13,
	THREAD_CLOSED = 1u << 16, /* PPM_CL_CLONE_INVERTED and friends keep Falco's bits: see flags.def clone_flags */
};

/*
 * One thread. What a process shares (fd table, cwd, environment, argv) is reached through its leader. Plain data:
 * fields read it, only state/ writes it. Text is reference-counted and may be NULL (= empty).
 *
 * A process is (pid, start time): a pid that is born again is a new object, and nothing is inherited from the old one.
 */
struct thread {
	int64_t tid, pid, ptid; /* -1 = not known */
	int64_t vtid, vpid;
	int64_t sid, pgid, vpgid;
	int64_t reaper_tid;
	struct rstr *comm;
	struct rstr *exe; /* argv[0] */
	struct rstr *exepath; /* as the kernel resolved it */
	struct rstr *args; /* argv[1..], NUL-separated, NUL-terminated as on the wire */
	struct rstr *env; /* NUL-separated */
	struct rstr *cwd; /* ends with '/' */
	struct rstr *root;
	struct rstr *cgroups; /* "subsystem=path" NUL-separated */
	struct rstr *container_id; /* from the cgroups; empty = host */
	uint32_t flags; /* PPM_CL_* */
	uint32_t uid, gid, loginuid;
	uint32_t tty;
	uint64_t cap_inheritable, cap_permitted, cap_effective;
	int64_t fdlimit;
	uint32_t vm_size_kb, vm_rss_kb, vm_swap_kb;
	uint64_t pfmajor, pfminor;
	uint64_t exe_ino, exe_ino_ctime, exe_ino_mtime; /* times: epoch ns */
	uint64_t exe_ino_ctime_duration_clone_ts, exe_ino_ctime_duration_pidns_start;
	uint64_t clone_ts, lastexec_ts; /* epoch ns, 0 = not seen */
	uint64_t pidns_init_start_ts;
	bool exe_writable, exe_upper_layer, exe_lower_layer, exe_from_memfd;
	bool late; /* first seen through the source's answer to a need, not by its birth */
	bool cwd_known; /* false: a relative path cannot be resolved; fields ask NEED_CWD */
	bool dead; /* exit was seen; kept until settle, or while children need it as an ancestor */

	uint32_t nchildren; /* living processes */
	uint32_t nthreads; /* of the process, on its leader */
	struct thread *leader; /* NULL when the leader is gone; self for a leader */
	struct fdtable *fds; /* shared by CLONE_FILES; never NULL */

	/* the last event's own memory, for latency fields and two-event calls */
	uint64_t lastevent_ts;
	uint16_t lastevent_type;
	int64_t lastevent_fd;

	/*
	 * Raised whenever a fact about this thread (or, for FACT_LINEAGE, about an ancestor) changes: what the
	 * engine remembered under an older number is void. memo belongs to the engine, freed through state_hooks.
	 */
	uint32_t version;
	void *memo;

	/* Values of attributes that were added at run time, by their slot (state.h); NULL when there are none. */
	struct rstr **dynamic;
};

#endif
