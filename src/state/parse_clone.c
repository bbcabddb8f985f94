/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Births. A clone is told twice: to the caller (result: the child's number in the caller's namespace) and to the child
 * (result 0), in either order, or once only. Who comes first makes the child; what that event cannot know is inherited.
 */
#include <errno.h>

#include "state/internal.h"

/* The parameters that all clone exit events have alike. */
enum {
	CLONE_EXE = 1,
	CLONE_ARGS,
	CLONE_TID,
	CLONE_PID,
	CLONE_PTID,
	CLONE_CWD,
	CLONE_FDLIMIT,
	CLONE_PFMAJOR,
	CLONE_PFMINOR,
	CLONE_VM_SIZE,
	CLONE_VM_RSS,
	CLONE_VM_SWAP,
	CLONE_COMM,
	CLONE_CGROUPS,
	CLONE_FLAGS,
	CLONE_UID,
	CLONE_GID,
	CLONE_VTID,
	CLONE_VPID,
	CLONE_PIDNS_START
};

/* A child entry this old was left by an exit that nobody told: the number has been given to another. */
#define STALE_NS UINT64_C(2000000000)

static int set_names(struct state *s, struct thread *t, const struct event *ev)
{
	struct str comm = event_param_text(ev, event_has(ev, CLONE_COMM) ? CLONE_COMM : CLONE_EXE);

	if (rstr_assign(&t->exe, event_param_text(ev, CLONE_EXE)) < 0 || rstr_assign(&t->comm, comm) < 0 ||
	    thread_set_args(s, t, event_param(ev, CLONE_ARGS)) < 0)
		return -ENOMEM;
	return 0;
}

/* Falco does not take over the boot time of a capture: there, times of namespaces count from the boot. */
static uint64_t boot_time(const struct state *s)
{
	return s->asks_threads ? s->machine.boot_ts_ns : 0;
}

/* A source that holds the caller knows the child for its copy, and says no more than who it is. */
static bool says_ids_only(const struct event *ev)
{
	return !event_has(ev, CLONE_EXE) && !event_has(ev, CLONE_COMM) && !event_has(ev, CLONE_UID);
}

/* What the event itself says of a child; the texts are shared with from (may be NULL) where they are equal. */
static int set_child(struct state *s, struct thread *t, const struct thread *from, const struct event *ev)
{
	if (from) {
		t->exe = rstr_ref(from->exe);
		t->comm = rstr_ref(from->comm);
		t->args = rstr_ref(from->args);
		t->args_grown = from->args_grown;
		t->full_args = rstr_ref(from->full_args);
		t->cgroups = rstr_ref(from->cgroups);
		t->container_id = rstr_ref(from->container_id);
	}
	t->clone_ts = ev->ts;
	t->lastaccess_ts = ev->ts;
	if (from && says_ids_only(ev)) {
		t->fdlimit = from->fdlimit;
		t->uid = from->uid;
		t->gid = from->gid;
		return 0;
	}
	if (set_names(s, t, ev) < 0)
		return -ENOMEM;
	t->fdlimit = event_param_int(ev, CLONE_FDLIMIT);
	if (event_has(ev, CLONE_VM_SWAP)) {
		t->pfmajor = event_param_uint(ev, CLONE_PFMAJOR);
		t->pfminor = event_param_uint(ev, CLONE_PFMINOR);
		t->vm_size_kb = (uint32_t)event_param_uint(ev, CLONE_VM_SIZE);
		t->vm_rss_kb = (uint32_t)event_param_uint(ev, CLONE_VM_RSS);
		t->vm_swap_kb = (uint32_t)event_param_uint(ev, CLONE_VM_SWAP);
	}
	t->uid = (uint32_t)event_param_uint(ev, CLONE_UID);
	t->gid = (uint32_t)event_param_uint(ev, CLONE_GID);
	return event_has(ev, CLONE_CGROUPS) ? container_set_cgroups(s, t, event_param(ev, CLONE_CGROUPS)) : 0;
}

/* What a child has from its parent process, or a thread from its leader, without the event saying it. */
static int inherit(const struct state *s, struct thread *t, const struct thread *from)
{
	struct fdtable *fds;

	t->exepath = rstr_ref(from->exepath);
	t->root = rstr_ref(from->root);
	t->exe_writable = from->exe_writable;
	t->exe_upper_layer = from->exe_upper_layer;
	t->exe_lower_layer = from->exe_lower_layer;
	t->exe_from_memfd = from->exe_from_memfd;
	t->sid = from->sid;
	t->vpgid = from->vpgid;
	t->pgid = from->pgid;
	t->tty = from->tty;
	t->loginuid = from->loginuid;
	t->cap_permitted = from->cap_permitted;
	t->cap_inheritable = from->cap_inheritable;
	t->cap_effective = from->cap_effective;
	t->exe_ino = from->exe_ino;
	t->exe_ino_ctime = from->exe_ino_ctime;
	t->exe_ino_mtime = from->exe_ino_mtime;
	t->exe_ino_ctime_duration_clone_ts = from->exe_ino_ctime_duration_clone_ts;
	if (t->flags & THREAD_CLONE_THREAD)
		return 0; /* descriptors, directory and environment are the leader's */
	fds = t->flags & THREAD_CLONE_FILES ? fdtable_ref(from->fds) : state_copy_fds(s, from->fds);
	if (!fds)
		return -ENOMEM;
	fdtable_unref(t->fds);
	t->fds = fds;
	t->env = rstr_ref(from->env); /* none from a secondary thread, as in Falco */
	from = from->leader ? from->leader : from;
	t->cwd = rstr_ref(from->cwd);
	t->cwd_known = from->cwd_known;
	return 0;
}

/* The caller is known by its number only: its own event tells the rest. */
static int complete_caller(struct state *s, struct thread *t, const struct event *ev)
{
	t->pid = event_param_int(ev, CLONE_PID);
	t->ptid = event_param_int(ev, CLONE_PTID);
	t->vtid = event_has(ev, CLONE_VPID) ? event_param_int(ev, CLONE_VTID) : t->tid;
	t->vpid = event_has(ev, CLONE_VPID) ? event_param_int(ev, CLONE_VPID) : -1;
	return threads_link(&s->threads, t);
}

/*
 * Whether the caller's event may not make the child: it has only the child's number in another namespace, or
 * comes too late.
 */
static bool child_tells_itself(struct state *s, const struct event *ev, const struct thread *caller, uint32_t flags,
			       int64_t child)
{
	if (flags & (THREAD_CHILD_IN_PIDNS | THREAD_CLONE_NEWPID | THREAD_CLONE_PARENT) || caller->tid != caller->vtid)
		return true;
	/* the caller of a vfork goes on only after the child has executed or exited */
	if (flags & THREAD_CLONE_VFORK || ev->type == EV_SYSCALL_VFORK_20_X)
		return true;
	return threads_exited_lately(&s->threads, child, caller->tid, ev->ts);
}

static int told_to_caller(struct state *s, const struct event *ev, struct subject *sub, int64_t child_tid)
{
	struct thread *caller = threads_get(&s->threads, ev->tid), *child;
	uint32_t flags = (uint32_t)event_param_uint(ev, CLONE_FLAGS);
	bool valid;
	int r = 0;

	sub->thread = caller;
	if (!caller)
		return 0;
	/* the child's own event, which comes next, names whose child it is: not whose copy */
	s->copied_tid = s->asks_threads && flags & THREAD_CLONE_PARENT ? ev->tid : -1;
	valid = !thread_invalid(caller);
	if (!valid)
		r = complete_caller(s, caller, ev);
	if (r < 0 || child_tells_itself(s, ev, caller, flags, child_tid))
		return r;
	child = table_get(&s->threads.by_tid, child_tid);
	if (child && child->flags & THREAD_CLONE_INVERTED)
		return 0;
	if (child == caller)
		return 0; /* only damaged input says so */
	if (child)
		threads_evict(&s->threads, child);
	/* an evicted process may have had the caller among its threads (damaged input again) */
	caller = sub->thread = table_get(&s->threads.by_tid, ev->tid);
	if (!caller)
		return 0;

	child = threads_new(child_tid);
	if (!child)
		return -ENOMEM;
	child->flags = flags;
	if (flags & THREAD_CLONE_THREAD) {
		child->pid = caller->pid;
		child->ptid = caller->ptid;
		child->flags |= THREAD_CLONE_FILES;
		child->lastexec_ts = caller->lastexec_ts;
	} else {
		child->pid = child_tid;
		child->ptid = caller->tid;
	}
	child->vtid = child->tid;
	child->vpid = child->pid;
	child->pidns_init_start_ts = boot_time(s);
	r = set_child(s, child, valid ? caller : NULL, ev);
	if (r == 0 && valid)
		r = inherit(s, child, caller);
	else if (r == 0)
		r = set_names(s, caller, ev);
	if (r < 0) {
		threads_discard(child);
		return r;
	}
	r = threads_add(&s->threads, child);
	return r == -ENOSPC ? 0 : r;
}

/* The leader of a new thread is known by its number only: the thread's event tells some of it. */
static int complete_leader(struct state *s, struct thread *leader, const struct thread *t, const struct event *ev)
{
	leader->pid = t->pid;
	leader->ptid = t->ptid;
	leader->vpid = leader->vtid = t->vpid;
	if (threads_link(&s->threads, leader) < 0)
		return -ENOMEM;
	return set_names(s, leader, ev);
}

/* Whom a child has from its birth what its event does not say: a process, for a thread its own. */
static int64_t copied_pid(const struct state *s, const struct event *ev, uint32_t flags)
{
	const struct thread *caller;

	if (flags & THREAD_CLONE_THREAD)
		return event_param_int(ev, CLONE_PID);
	caller = flags & THREAD_CLONE_PARENT ? table_get(&s->threads.by_tid, s->copied_tid) : NULL;
	return caller ? caller->pid : event_param_int(ev, CLONE_PTID);
}

static int told_to_child(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread, *from;
	bool in_pidns, thread;
	int64_t from_tid;
	uint32_t flags;
	int r;

	if (t && t->clone_ts && ev->ts - t->clone_ts < STALE_NS) {
		state_take_creds(t, ev);
		return 0;
	}
	if (t)
		threads_evict(&s->threads, t);
	sub->thread = NULL;
	sub->fd = NULL;
	flags = (uint32_t)event_param_uint(ev, CLONE_FLAGS);
	thread = flags & THREAD_CLONE_THREAD;
	from_tid = copied_pid(s, ev, flags);
	s->copied_tid = -1;
	from = from_tid == ev->tid ? NULL : threads_get(&s->threads, from_tid);
	if ((!from || thread_invalid(from)) && says_ids_only(ev))
		return 0; /* asked for when it does something */
	t = threads_new(ev->tid);
	if (!t)
		return -ENOMEM;
	t->pid = event_param_int(ev, CLONE_PID);
	t->ptid = event_param_int(ev, CLONE_PTID);
	t->vtid = event_has(ev, CLONE_VPID) ? event_param_int(ev, CLONE_VTID) : t->tid;
	t->vpid = event_has(ev, CLONE_VPID) ? event_param_int(ev, CLONE_VPID) : -1;
	t->flags = flags | THREAD_CLONE_INVERTED;
	if (thread)
		t->flags |= THREAD_CLONE_FILES;
	in_pidns = t->flags & (THREAD_CHILD_IN_PIDNS | THREAD_CLONE_NEWPID) || t->tid != t->vtid;
	if (!in_pidns)
		t->pidns_init_start_ts = boot_time(s);
	else if (event_has(ev, CLONE_PIDNS_START))
		t->pidns_init_start_ts = event_param_uint(ev, CLONE_PIDNS_START) + boot_time(s);
	r = set_child(s, t, from && !thread_invalid(from) ? from : NULL, ev);
	if (r == 0 && from && !thread_invalid(from)) {
		r = inherit(s, t, from);
		if (thread)
			t->lastexec_ts = from->lastexec_ts;
	} else if (r == 0 && from && thread) {
		r = complete_leader(s, from, t, ev);
	}
	if (r < 0) {
		threads_discard(t);
		return r;
	}
	state_take_creds(t, ev);
	r = threads_add(&s->threads, t);
	if (r == 0)
		sub->thread = t;
	return r == -ENOSPC ? 0 : r;
}

int parse_clone(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t result = event_result(ev);

	if (result < 0)
		return 0;
	return result == 0 ? told_to_child(s, ev, sub) : told_to_caller(s, ev, sub, result);
}
