/* SPDX-License-Identifier: Apache-2.0 */
/* Deaths, and what a process changes about itself. */
#include <errno.h>

#include "state/internal.h"
#include "state/ppm.h"

enum { EXIT_REAPER = 4 };

int parse_procexit(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread;

	if (!t)
		return 0;
	threads_mark_dead(t);
	s->pending = true;
	s->dead_tid = ev->tid; /* taken out once the rules have seen it */
	s->dead_ts = ev->ts;
	if (t->nchildren && event_has(ev, EXIT_REAPER))
		t->reaper_tid = event_param_int(ev, EXIT_REAPER);
	return 0;
}

/* ---- directories ---- */

int parse_chdir(struct state *s, const struct event *ev, struct subject *sub)
{
	if (!sub->thread || event_result(ev) < 0)
		return 0;
	return thread_set_cwd(s, sub->thread, event_param_text(ev, 1));
}

int parse_fchdir(struct state *s, const struct event *ev, struct subject *sub)
{
	if (!sub->thread || !sub->fd || event_result(ev) < 0)
		return 0;
	return thread_set_cwd(s, sub->thread, rstr_str(sub->fd->name));
}

int parse_getcwd(struct state *s, const struct event *ev, struct subject *sub)
{
	if (!sub->thread || event_result(ev) < 0)
		return 0;
	return thread_set_cwd(s, sub->thread, event_param_text(ev, 1));
}

int parse_chroot(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread;
	struct str path = event_param_text(ev, 1);

	if (!t || event_result(ev) != 0)
		return 0;
	state_show(s, path);
	if (path.len && path.ptr[0] != '/')
		path = paths_join(s->path, paths_directory(s->directory, t, PATHS_AT_FDCWD, path), path);
	threads_changed(t, FACT_ROOT);
	return rstr_assign(&t->root, path);
}

/* ---- sessions and credentials ---- */

int parse_setsid(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t sid = event_result(ev);

	(void)s;
	if (sub->thread && sid >= 0 && sub->thread->sid != sid) {
		sub->thread->sid = sid;
		threads_changed(sub->thread, FACT_SESSION);
	}
	return 0;
}

bool state_take_creds(struct thread *t, const struct event *ev)
{
	const struct event_creds *now = ev->ext ? &ev->ext->creds : NULL;

	if (!now || !now->known)
		return false;
	t->uid = now->uid;
	t->gid = now->gid;
	t->cap_inheritable = now->cap_inheritable;
	t->cap_permitted = now->cap_permitted;
	t->cap_effective = now->cap_effective;
	threads_changed(t, FACT_CRED | FACT_CAPS);
	return true;
}

/*
 * The new id that a call gives; false: none. Any process may ask for -1, and so hide who it is from who takes that for
 * a user.
 */
static bool new_id(const struct state *s, const struct event *ev, unsigned int param, uint32_t *ret_id)
{
	uint32_t id = event_has(ev, param) ? (uint32_t)event_param_uint(ev, param) : UINT32_MAX;

	if (event_result(ev) != 0 || !event_has(ev, param) ||
	    (id == UINT32_MAX && s->options.traits & STATE_LEAVES_IDS))
		return false;
	*ret_id = id;
	return true;
}

static int set_uid(const struct state *s, const struct event *ev, unsigned int param, struct thread *t)
{
	if (t && !state_take_creds(t, ev) && new_id(s, ev, param, &t->uid))
		threads_changed(t, FACT_CRED);
	return 0;
}

static int set_gid(const struct state *s, const struct event *ev, unsigned int param, struct thread *t)
{
	if (t && !state_take_creds(t, ev) && new_id(s, ev, param, &t->gid))
		threads_changed(t, FACT_CRED);
	return 0;
}

int parse_setuid(struct state *s, const struct event *ev, struct subject *sub)
{
	return set_uid(s, ev, 1, sub->thread);
}

int parse_setgid(struct state *s, const struct event *ev, struct subject *sub)
{
	return set_gid(s, ev, 1, sub->thread);
}

int parse_setresuid(struct state *s, const struct event *ev, struct subject *sub)
{
	return set_uid(s, ev, 2, sub->thread);
}

int parse_setresgid(struct state *s, const struct event *ev, struct subject *sub)
{
	return set_gid(s, ev, 2, sub->thread);
}

int parse_capset(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread;

	(void)s;
	if (!t || event_result(ev) < 0 || state_take_creds(t, ev))
		return 0;
	t->cap_inheritable = event_param_uint(ev, 1);
	t->cap_permitted = event_param_uint(ev, 2);
	t->cap_effective = event_param_uint(ev, 3);
	threads_changed(t, FACT_CAPS);
	return 0;
}

#define CAPABILITIES 41 /* CAP_CHOWN to CAP_CHECKPOINT_RESTORE */

/* A user namespace of its own gives a process all capabilities in it. */
static void enter_user_namespace(struct thread *t, const struct event *ev, uint32_t flags)
{
	if (state_take_creds(t, ev) || !(flags & THREAD_CLONE_NEWUSER))
		return;
	t->cap_inheritable = t->cap_permitted = t->cap_effective = (UINT64_C(1) << CAPABILITIES) - 1;
	threads_changed(t, FACT_CAPS);
}

int parse_unshare(struct state *s, const struct event *ev, struct subject *sub)
{
	(void)s;
	if (sub->thread && event_result(ev) >= 0)
		enter_user_namespace(sub->thread, ev, (uint32_t)event_param_uint(ev, 1));
	return 0;
}

int parse_setns(struct state *s, const struct event *ev, struct subject *sub)
{
	(void)s;
	if (sub->thread && event_result(ev) >= 0)
		enter_user_namespace(sub->thread, ev, (uint32_t)event_param_uint(ev, 2));
	return 0;
}

int parse_prctl(struct state *s, const struct event *ev, struct subject *sub)
{
	uint64_t option = event_param_uint(ev, 1);

	(void)s;
	if (!sub->thread || !sub->thread->group || event_result(ev) < 0)
		return 0;
	if (option == PPM_PR_SET_CHILD_SUBREAPER || option == PPM_PR_GET_CHILD_SUBREAPER)
		sub->thread->group->reaper = event_param_int(ev, 3) != 0;
	return 0;
}

/* ---- resources ---- */

int parse_setrlimit(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t current = event_param_int(ev, 1);

	(void)s;
	if (sub->thread && event_result(ev) >= 0 && event_param_uint(ev, 3) == PPM_RLIMIT_NOFILE && current != -1)
		thread_leader(sub->thread)->fdlimit = current;
	return 0;
}

int parse_prlimit(struct state *s, const struct event *ev, struct subject *sub)
{
	int64_t current = event_param_int(ev, 1), tid = event_param_int(ev, 5);
	struct thread *t;

	(void)sub;
	if (event_result(ev) != 0 || !event_has(ev, 6) || event_param_uint(ev, 6) != PPM_RLIMIT_NOFILE ||
	    current == -1 || !event_has(ev, 5))
		return 0;
	t = threads_get(&s->threads, tid ? tid : ev->tid);
	if (t && !thread_invalid(t))
		thread_leader(t)->fdlimit = current;
	return 0;
}

int parse_memory(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread;

	(void)s;
	if (!t)
		return 0;
	if (event_has(ev, 1))
		t->vm_size_kb = event_u32(ev, 1);
	if (event_has(ev, 3)) {
		t->vm_rss_kb = event_u32(ev, 2);
		t->vm_swap_kb = event_u32(ev, 3);
	}
	return 0;
}

int parse_procinfo(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread;

	(void)s;
	if (!t)
		return 0;
	t->cpu_before = t->cpu;
	t->cpu = (struct cpu_times){ event_param_uint(ev, 0), event_param_uint(ev, 1) };
	return 0;
}

int parse_switch(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread, *leader;

	(void)s;
	if (!t || !event_has(ev, 5))
		return 0;
	t->pfmajor = event_param_uint(ev, 1);
	t->pfminor = event_param_uint(ev, 2);
	leader = thread_leader(t);
	leader->vm_size_kb = (uint32_t)event_param_uint(ev, 3);
	leader->vm_rss_kb = (uint32_t)event_param_uint(ev, 4);
	leader->vm_swap_kb = (uint32_t)event_param_uint(ev, 5);
	return 0;
}
