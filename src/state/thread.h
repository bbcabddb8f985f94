/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_STATE_THREAD_H
#define MONITOR_STATE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "event/facts.h"

struct fdtable;
struct thread_group;

/* PPM_CL_* as in captures (flags.def clone_flags has their names); only those that the state itself reads. */
enum {
	THREAD_CLONE_FILES = 1u << 0,
	THREAD_CLONE_NEWPID = 1u << 6,
	THREAD_CLONE_PARENT = 1u << 8,
	THREAD_CLONE_THREAD = 1u << 13,
	THREAD_CLONE_INVERTED = 1u << 16, /* the child's event came before the caller's */
	THREAD_NAME_CHANGED = 1u << 17,
	THREAD_CLOSED = 1u << 18, /* exit was seen */
	THREAD_ACTIVE = 1u << 19,
	THREAD_CLONE_NEWUSER = 1u << 20,
	THREAD_PIPE_SRC = 1u << 21,
	THREAD_PIPE_DST = 1u << 22,
	THREAD_CLONE_VFORK = 1u << 27,
	THREAD_CHILD_IN_PIDNS = 1u << 29,
	THREAD_IS_MAIN_THREAD = 1u << 30,
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
	uint32_t args_grown; /* bytes that cleaning added to args */
	struct rstr *full_args; /* args where the event had to cut them (extension record); else NULL */
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
	/* of the last procinfo event and of the one before it; 0 = none */
	struct cpu_times { uint64_t user, system; } cpu, cpu_before;
	uint64_t exe_ino, exe_ino_ctime, exe_ino_mtime; /* times: epoch ns */
	uint64_t exe_ino_ctime_duration_clone_ts, exe_ino_ctime_duration_pidns_start;
	uint64_t clone_ts, lastexec_ts; /* epoch ns, 0 = not seen */
	uint64_t pidns_init_start_ts;
	bool exe_writable, exe_upper_layer, exe_lower_layer, exe_from_memfd;
	bool late; /* first seen through the source's answer to a need, not by its birth */
	bool cwd_known; /* false: a relative path cannot be resolved; fields ask NEED_CWD */
	bool dead; /* exit was seen; kept until settle, a leader as long as other threads of its process live */

	uint32_t nchildren; /* children that are in the table */
	struct thread *leader; /* NULL when the leader is gone or not known; self for a leader */
	struct thread *parent; /* the thread of ptid, NULL when it is not in the table */
	struct thread_group *group; /* NULL for a thread of which nothing but its tid is known */
	struct fdtable *fds; /* shared by CLONE_FILES; never NULL */

	/* the last event's own memory, for latency fields and two-event calls */
	uint64_t lastevent_ts;
	uint16_t lastevent_type;
	int64_t lastevent_fd;

	/*
	 * What the engine may remember about a thread: a predicate over facts F (a part of FACTS_PROCESS)
	 * holds until one of F changes. The state adds each fact that changed to stale; for FACT_LINEAGE it
	 * adds to all descendants, and for what a process shares (cwd, environment, container) to all its
	 * threads. The engine, on its first look at a thread in an event, drops from memo what reads any of
	 * stale and sets stale to 0: the check is one load and a compare with 0. A new thread has stale 0 and
	 * memo NULL. Facts outside FACTS_PROCESS are never noted. Other threads that are reached by number
	 * (session and group leaders) are not covered: what reads them is not to be remembered.
	 */
	facts_t stale;
	void *memo; /* the engine's; state_on_thread_free() tells when it dies */

	/* Values of attributes that were added at run time, by their slot (state.h); NULL when there are none. */
	struct rstr **dynamic;
	uint32_t ndynamic;

	/* for state/ alone: lists, and the last enter event until its exit event comes */
	struct thread *children, *sibling_next, *sibling_prev;
	struct thread *member_next, *member_prev;
	struct thread *mark_next;
	uint8_t *enter;
	uint32_t enter_len, enter_cap;
	bool enter_valid, marked;
	uint64_t lastaccess_ts;
};

/* Nothing but the tid is known (Falco's "invalid" thread: names are "<NA>"). */
static inline bool thread_invalid(const struct thread *t)
{
	return t->tid < 0 || t->pid < 0 || t->ptid < 0;
}

static inline bool thread_is_leader(const struct thread *t)
{
	return t->tid == t->pid || (t->flags & THREAD_IS_MAIN_THREAD);
}

static inline bool thread_in_pidns(const struct thread *t)
{
	return (t->flags & THREAD_CHILD_IN_PIDNS) || (t->vtid >= 0 && t->tid != t->vtid);
}

/* The leader of a thread's process, or the thread itself. Never NULL for a non-NULL thread. */
struct thread *thread_leader(struct thread *t);
/* With a slash behind it. Of a process that is not known it is "./", as in Falco. */
struct str thread_cwd(struct thread *t);
struct fd *thread_fd(struct thread *t, int64_t number); /* NULL when not in the table */
/* Calls visit for each descriptor of the process, in Falco's order, until it returns non-zero. */
int thread_each_fd(struct thread *t, int (*visit)(void *context, struct fd *fd), void *context);
size_t thread_fd_count(const struct thread *t);

/* Living threads of the thread's process (proc.nthreads), and those of them that do not lead it (proc.nchilds). */
uint64_t thread_count(const struct thread *t);
uint64_t thread_count_others(const struct thread *t);

#endif
