/* SPDX-License-Identifier: Apache-2.0 */
/* A new program in a process. */
#include <errno.h>

#include "base/cleanup.h"
#include "state/internal.h"
#include "state/ppm.h"

/* The parameters of execve and execveat exit events. */
enum {
	EXEC_EXE = 1,
	EXEC_ARGS,
	EXEC_TID,
	EXEC_PID,
	EXEC_PTID,
	EXEC_CWD,
	EXEC_FDLIMIT,
	EXEC_PFMAJOR,
	EXEC_PFMINOR,
	EXEC_VM_SIZE,
	EXEC_VM_RSS,
	EXEC_VM_SWAP,
	EXEC_COMM,
	EXEC_CGROUPS,
	EXEC_ENV,
	EXEC_TTY,
	EXEC_VPGID,
	EXEC_LOGINUID,
	EXEC_FLAGS,
	EXEC_CAP_INHERITABLE,
	EXEC_CAP_PERMITTED,
	EXEC_CAP_EFFECTIVE,
	EXEC_INO,
	EXEC_CTIME,
	EXEC_MTIME,
	EXEC_UID,
	EXEC_TRUSTED_PATH,
	EXEC_PGID,
	EXEC_GID
};

/* Parameters of the enter events of old captures. */
enum { ENTER_FILENAME = 0, ENTER_AT_DIRFD = 0, ENTER_AT_PATH = 1, ENTER_AT_FLAGS = 2 };

/* Captures from before the kernel's own path was recorded: it follows from what the enter event asked for. */
static int set_path_from_enter(struct state *s, struct thread *t, const struct event *enter)
{
	struct str name, dir;
	uint32_t flags;

	if (enter->type == EV_SYSCALL_EXECVE_19_E) {
		name = event_param_text(enter, ENTER_FILENAME);
		if (!str_eq(name, STR("<NA>")))
			name = paths_join(s->path, paths_directory(s->directory, t, PATHS_AT_FDCWD, name), name);
		return thread_set_exepath(t, name);
	}
	name = event_param_text(enter, ENTER_AT_PATH);
	flags = (uint32_t)event_param_uint(enter, ENTER_AT_FLAGS);
	dir = paths_directory(s->directory, t, event_param_int(enter, ENTER_AT_DIRFD), name);
	if (str_eq(dir, STR("<UNKNOWN>")) || (!(flags & PPM_EXVAT_AT_EMPTY_PATH) && str_eq(name, STR("<NA>"))))
		return thread_set_exepath(t, STR("<NA>"));
	if (flags & PPM_EXVAT_AT_EMPTY_PATH)
		return thread_set_exepath(t, paths_join(s->path, STR(""), dir));
	return thread_set_exepath(t, paths_join(s->path, dir, name));
}

/* Arguments that the event had no room for. */
static int set_full_args(struct state *s, struct thread *t, const struct event *ev)
{
	if (ev->ext && ev->ext->args.len)
		return thread_set_list(s, &t->full_args, ev->ext->args);
	rstr_unref(take_ptr(t->full_args));
	return 0;
}

static int set_texts(struct state *s, struct thread *t, const struct event *ev, struct subject *sub)
{
	struct event enter;

	if (rstr_assign(&t->exe, event_param_text(ev, EXEC_EXE)) < 0 ||
	    rstr_assign(&t->comm, event_param_text(ev, event_has(ev, EXEC_COMM) ? EXEC_COMM : EXEC_EXE)) < 0 ||
	    thread_set_args(s, t, event_param(ev, EXEC_ARGS)) < 0 || set_full_args(s, t, ev) < 0)
		return -ENOMEM;
	if (event_has(ev, EXEC_ENV) && thread_set_list(s, &t->env, event_param(ev, EXEC_ENV)) < 0)
		return -ENOMEM;
	if (event_has(ev, EXEC_CGROUPS) && container_set_cgroups(s, t, event_param(ev, EXEC_CGROUPS)) < 0)
		return -ENOMEM;
	if (event_has(ev, EXEC_TRUSTED_PATH))
		return thread_set_exepath(t, event_param_text(ev, EXEC_TRUSTED_PATH));
	return parse_enter_event(sub, ev, &enter) ? set_path_from_enter(s, t, &enter) : 0;
}

static void set_file(struct thread *t, const struct event *ev)
{
	uint32_t flags = (uint32_t)event_param_uint(ev, EXEC_FLAGS);

	if (event_has(ev, EXEC_FLAGS)) {
		t->exe_writable = flags & PPM_EXE_WRITABLE;
		t->exe_upper_layer = flags & PPM_EXE_UPPER_LAYER;
		t->exe_from_memfd = flags & PPM_EXE_FROM_MEMFD;
		t->exe_lower_layer = flags & PPM_EXE_LOWER_LAYER;
	}
	if (!event_has(ev, EXEC_MTIME))
		return;
	t->exe_ino = event_param_uint(ev, EXEC_INO);
	t->exe_ino_ctime = event_param_uint(ev, EXEC_CTIME);
	t->exe_ino_mtime = event_param_uint(ev, EXEC_MTIME);
	if (t->clone_ts)
		t->exe_ino_ctime_duration_clone_ts = t->clone_ts - t->exe_ino_ctime;
	if (t->pidns_init_start_ts && t->exe_ino_ctime > t->pidns_init_start_ts)
		t->exe_ino_ctime_duration_pidns_start = t->exe_ino_ctime - t->pidns_init_start_ts;
}

static void set_numbers(struct thread *t, const struct event *ev)
{
	t->fdlimit = event_param_int(ev, EXEC_FDLIMIT);
	if (event_has(ev, EXEC_VM_SWAP)) {
		t->pfmajor = event_param_uint(ev, EXEC_PFMAJOR);
		t->pfminor = event_param_uint(ev, EXEC_PFMINOR);
		t->vm_size_kb = (uint32_t)event_param_uint(ev, EXEC_VM_SIZE);
		t->vm_rss_kb = (uint32_t)event_param_uint(ev, EXEC_VM_RSS);
		t->vm_swap_kb = (uint32_t)event_param_uint(ev, EXEC_VM_SWAP);
	}
	if (event_has(ev, EXEC_TTY))
		t->tty = (uint32_t)event_param_uint(ev, EXEC_TTY);
	if (event_has(ev, EXEC_VPGID))
		t->vpgid = event_param_int(ev, EXEC_VPGID);
	if (event_has(ev, EXEC_LOGINUID))
		t->loginuid = (uint32_t)event_param_uint(ev, EXEC_LOGINUID);
	if (event_has(ev, EXEC_CAP_EFFECTIVE)) {
		t->cap_inheritable = event_param_uint(ev, EXEC_CAP_INHERITABLE);
		t->cap_permitted = event_param_uint(ev, EXEC_CAP_PERMITTED);
		t->cap_effective = event_param_uint(ev, EXEC_CAP_EFFECTIVE);
	}
	if (event_has(ev, EXEC_UID))
		t->uid = (uint32_t)event_param_uint(ev, EXEC_UID);
	t->pgid = event_has(ev, EXEC_PGID) ? event_param_int(ev, EXEC_PGID) : -1;
	if (event_has(ev, EXEC_GID))
		t->gid = (uint32_t)event_param_uint(ev, EXEC_GID);
}

static bool closes_on_exec(void *context, const struct fd *fd)
{
	(void)context;
	return (fd->open_flags & PPM_O_CLOEXEC) || (fd->type == FD_EVENTPOLL && fd->open_flags & PPM_EPOLL_CLOEXEC) ||
	       (fd->type == FD_MEMFD && fd->open_flags & PPM_MFD_CLOEXEC);
}

/* Exec gives a process a table of its own, then closes what was marked. */
static int own_fds(struct state *s, struct thread *t)
{
	struct fdtable *own;

	if (t->fds->refs > 1 && thread_is_leader(t)) {
		own = state_copy_fds(s, t->fds);
		if (!own)
			return -ENOMEM;
		fdtable_unref(t->fds);
		t->fds = own;
	}
	s->fds_removed += fdtable_drop(t->fds, closes_on_exec, NULL);
	return 0;
}

/* The pid moves with an exec only when the thread was known by its number alone. */
static int complete(struct state *s, struct thread *t, const struct event *ev)
{
	int64_t pid = event_param_int(ev, EXEC_PID);

	if (!thread_invalid(t)) {
		if (!t->group || t->group->pid == pid)
			t->pid = pid;
		return 0;
	}
	t->pid = pid;
	t->ptid = event_param_int(ev, EXEC_PTID);
	if (!(t->flags & THREAD_CHILD_IN_PIDNS)) {
		t->vtid = t->tid;
		t->vpid = t->pid;
	}
	return threads_link(&s->threads, t);
}

int parse_execve(struct state *s, const struct event *ev, struct subject *sub)
{
	const uint32_t kept = THREAD_PIPE_SRC | THREAD_PIPE_DST | THREAD_IS_MAIN_THREAD | THREAD_CLONE_INVERTED;
	struct thread *t = sub->thread;

	if (!t || event_result(ev) < 0)
		return 0;
	/* a secondary thread takes the leader's number when the leader has died before */
	threads_resurrect(t);
	t->lastexec_ts = ev->ts;
	if (complete(s, t, ev) < 0 || set_texts(s, t, ev, sub) < 0)
		return -ENOMEM;
	set_numbers(t, ev);
	set_file(t, ev);
	threads_remove_others(&s->threads, t);
	if (own_fds(s, t) < 0)
		return -ENOMEM;
	t->flags = (t->flags & kept) | THREAD_ACTIVE | THREAD_NAME_CHANGED;
	threads_changed(t, FACTS_PROCESS & ~(FACT_LINEAGE | FACT_USERS | FACT_CWD));
	return 0;
}
