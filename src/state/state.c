/* SPDX-License-Identifier: Apache-2.0 */
#include "state/state.h"

#include <errno.h>

#include "base/cleanup.h"
#include "state/attributes.h"
#include "state/internal.h"
#include "state/records.h"

void state_set_traits(struct state *s, unsigned int traits)
{
	s->options.traits = traits;
	s->asks_fds = !(traits & STATE_FDS_REPORTED);
	s->asks_threads = !(traits & STATE_THREADS_REPORTED);
	s->asks = s->asks_fds || s->asks_threads;
}

struct state *state_new(const struct state_options *options)
{
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->options = *options;
	state_set_traits(s, options->traits);
	dispatch_fill(s->rows);
	s->dead_tid = s->copied_tid = -1;
	s->arena = arena_new(2 * PATHS_BYTES);
	if (!s->arena || threads_init(&s->threads, options->max_threads ? options->max_threads : STATE_THREADS) < 0 ||
	    users_init(&s->users) < 0) {
		state_free(s);
		return NULL;
	}
	return s;
}

void state_free(struct state *s)
{
	if (!s)
		return;
	learnt_forget(s);
	free(s->learnt);
	fd_unref(s->named);
	fd_unref(s->scratch);
	threads_free(&s->threads);
	users_free(&s->users);
	containers_free(&s->containers);
	interfaces_free(&s->interfaces);
	attributes_forget(s);
	free(s->server_ports);
	strbuf_free(&s->text);
	strbuf_free(&s->shown);
	arena_free(s->arena);
	free(s);
}

/* ---- what an event is about ---- */

static int64_t fd_parameter(const struct event *ev, const struct row *row)
{
	return row->fd_param >= 0 ? event_fd(ev, (unsigned int)row->fd_param) : -1;
}

static bool relative_path_given(const struct event *ev)
{
	uint32_t i;

	for (i = 0; i < ev->nparams && i < ev->info->nparams; i++) {
		enum param_type type = ev->info->params[i].type;
		struct str text;

		if (type != PT_FSPATH && type != PT_FSRELPATH)
			continue;
		text = event_param_text(ev, i);
		if (text.len && text.ptr[0] != '/')
			return true;
	}
	return false;
}

/* A child's own word of its birth: there is nothing to know of it before. */
static bool introduces_itself(const struct state *s, const struct event *ev)
{
	return s->rows[ev->type].handler == parse_clone && event_result(ev) == 0;
}

/* What could still be asked for, when the source does not tell all by itself. */
static void note_needs(struct state *s, const struct event *ev, struct subject *sub)
{
	struct thread *t = sub->thread;

	if (s->asks_threads) {
		sub->thread_unknown =
			t ? thread_invalid(t) : s->rows[ev->type].bits & ROW_THREAD && !introduces_itself(s, ev);
		sub->cwd_unknown = t && !thread_invalid(t) && !thread_leader(t)->cwd_known && relative_path_given(ev);
	}
	if (s->asks_fds)
		sub->fd_unknown = !sub->fd && sub->fd_number >= 0 && !sub->thread_unknown;
}

/*
 * Enter events, which old captures have: an exit event right after its own is about the descriptor of that. Returns the
 * number of the event's descriptor, -1 = none.
 */
static __attribute__((noinline)) int64_t pair_enter(struct thread *t, const struct event *ev, int64_t number)
{
	bool enter = event_type_is_enter(ev->type);

	t->enter_valid = !enter && (ev->type == t->lastevent_type + 1 ||
				    (ev->type == EV_SYSCALL_EXECVE_19_X && t->lastevent_type == EV_SYSCALL_EXECVEAT_E));
	if (enter)
		t->lastevent_type = ev->type;
	else if (t->enter_valid && t->lastevent_fd != -1)
		number = t->lastevent_fd;
	return number;
}

/* Which descriptor the event uses. */
static inline struct fd *find_fd(struct state *s, const struct event *ev, const struct row *row, struct thread *t)
{
	int64_t number = fd_parameter(ev, row);
	struct fd *fd;

	if (t->lastevent_type || event_type_is_enter(ev->type))
		number = pair_enter(t, ev, number);
	t->lastevent_fd = number;
	if (number < 0 || !(row->bits & ROW_USES_FD))
		return NULL;
	fd = fdtable_get(t->fds, number);
	if (!fd)
		s->fd_lookups_failed++;
	return fd;
}

/* ---- apply, preview, settle ---- */

static void settle(struct state *s)
{
	s->pending = false;
	if (s->arena_used) {
		arena_reset(s->arena);
		s->arena_used = false;
	}
	if (s->named) {
		s->named->name_changed = false;
		fd_unref(s->named);
		s->named = NULL;
	}
	if (s->scratch) {
		fd_unref(s->scratch);
		s->scratch = NULL;
	}
	if (s->close_thread) {
		s->fds_removed += (uint64_t)fdtable_remove(s->close_thread->fds, s->close_number);
		s->close_thread = NULL;
	}
	if (s->dead_tid >= 0) {
		struct thread *t = threads_find(&s->threads, s->dead_tid);

		threads_note_exit(&s->threads, s->dead_tid, t ? t->ptid : -1, s->dead_ts);
		threads_remove(&s->threads, s->dead_tid);
		s->dead_tid = -1;
	}
}

/*
 * Descriptors that were asked for by one call are gone once another call is looked at, and so is a directory that
 * others may have changed, or that is not all threads'.
 */
static void expire_learnt(struct state *s, const struct event *ev)
{
	uint64_t call = ev->call ? ev->call : ev->ts;

	if (s->asked_tid == ev->tid && s->asked_call == call)
		return;
	learnt_forget(s);
	if (ev->ext && ev->ext->cwd_apart)
		thread_forget_cwd(threads_find(&s->threads, ev->tid));
	s->asked_tid = ev->tid;
	s->asked_call = call;
}

static void begin_slowly(struct state *s, const struct event *ev)
{
	if (s->unlinked)
		records_link(s);
	/* answers come in the middle of another event, which is not settled yet */
	if (s->rows[ev->type].bits & ROW_ANSWER) {
		s->resolved = (struct resolved){ 0 }; /* the directory may be known from now on */
		return;
	}
	if (s->pending)
		settle(s);
	if (s->asks_fds)
		expire_learnt(s, ev);
}

static inline void begin(struct state *s, const struct event *ev)
{
	if (s->pending | s->unlinked | s->asks_fds)
		begin_slowly(s, ev);
}

/* What is left to do once the handler has run. */
static inline void finish(struct state *s, const struct event *ev, const struct row *row, struct subject *sub)
{
	struct thread *t = sub->thread;

	if (row->bits & ROW_FD_EVENT) {
		sub->fd_number = t->lastevent_fd;
		if (!sub->fd && sub->fd_number >= 0) {
			sub->fd = fdtable_get(t->fds, sub->fd_number);
			sub->fd_by_number = sub->fd;
		}
	}
	if (sub->fd && sub->fd->name_changed && !s->named) {
		s->named = sub->fd;
		sub->fd->refs++;
		s->pending = true;
	}
	if (t->enter_len && !event_type_is_enter(ev->type))
		t->enter_len = 0;
	if (row->bits & ROW_TOUCHES)
		t->lastevent_ts = ev->ts;
	t->lastaccess_ts = ev->ts;
}

/*
 * Two events of three come from the thread of the event before and are of a type that changes nothing. What
 * state_apply() does for any event comes down to this for them, unless something is left to do first. False:
 * nothing was done.
 */
static inline bool apply_quiet(struct state *s, const struct event *ev, const struct row *row,
			       struct subject *ret_subject)
{
	struct thread *t = s->threads.last;
	struct fd *fd = NULL;
	int64_t number;

	if (!(row->bits & ROW_QUIET) || !t || t->tid != ev->tid || t->lastevent_type ||
	    s->pending | s->unlinked | s->asks || ev->ts >= s->threads.next_purge_ts)
		return false;
	number = fd_parameter(ev, row);
	if (number >= 0) {
		fd = fdtable_get(t->fds, number);
		s->fd_lookups_failed += !fd;
	}
	t->flags |= THREAD_ACTIVE;
	t->lastevent_fd = number;
	t->lastevent_ts = t->lastaccess_ts = ev->ts;
	*ret_subject = (struct subject){ .thread = t, .fd = fd, .fd_number = number };
	return true;
}

/* The same for all others. */
static __attribute__((noinline)) int apply(struct state *s, const struct event *ev, struct subject *ret_subject)
{
	const struct row *row = &s->rows[ev->type];
	struct subject *sub = ret_subject;
	struct thread *t = NULL;
	struct fd *fd = NULL;
	int r = 0;

	begin(s, ev);
	if (row->bits & ROW_THREAD) {
		t = threads_find(&s->threads, ev->tid);
		if (row->bits & ROW_MAKE_UP) {
			t = t ? t : threads_make_up(&s->threads, ev->tid);
			if (t)
				t->flags |= THREAD_ACTIVE;
		}
		if (t && row->bits & ROW_FIND_FD)
			fd = find_fd(s, ev, row, t);
	}
	*sub = (struct subject){ .thread = t, .fd = fd, .fd_number = -1 };
	if (row->handler)
		r = row->handler(s, ev, sub);
	if (sub->thread)
		finish(s, ev, row, sub);
	else if (row->bits & ROW_SHOWS)
		sub->thread = table_get(&s->threads.by_tid, ev->tid);
	if (s->asks)
		note_needs(s, ev, sub);
	threads_purge(&s->threads, ev->ts);
	return r;
}

int state_apply(struct state *s, const struct event *ev, struct subject *ret_subject)
{
	return apply_quiet(s, ev, &s->rows[ev->type], ret_subject) ? 0 : apply(s, ev, ret_subject);
}

int state_preview(struct state *s, const struct event *ev, struct subject *ret_subject)
{
	const struct row *row = &s->rows[ev->type];
	struct subject sub = { .fd_number = -1 };
	bool dir_unknown = false;
	int at;

	begin(s, ev);
	if (row->bits & ROW_THREAD)
		sub.thread = threads_find(&s->threads, ev->tid);
	if (sub.thread) {
		sub.fd_number = fd_parameter(ev, row);
		if (sub.fd_number >= 0)
			sub.fd = fdtable_get(sub.thread->fds, sub.fd_number);
	}
	if (sub.thread && row->handler == parse_open) {
		sub.fd = subject_scratch(s, parse_open_fd(s, ev, NULL, sub.thread, -1, &dir_unknown));
		at = ev->type == EV_SYSCALL_OPENAT_2_X || ev->type == EV_SYSCALL_OPENAT2_X ? 1 : -1;
		if (dir_unknown && at > 0 && s->asks_fds) {
			/* the descriptor to ask for is the directory */
			sub.fd = NULL;
			sub.fd_number = event_fd(ev, (unsigned int)at);
		}
	} else if (sub.fd && ev->type == EV_SOCKET_CONNECT_X && ev->provisional) {
		struct fd *fd = subject_scratch(s, parse_connect_preview(s, ev, sub.fd));

		if (fd)
			sub.fd = fd;
	}
	if (s->asks)
		note_needs(s, ev, &sub);
	*ret_subject = sub;
	return 0;
}

bool state_reads_type(const struct state *s, uint16_t type)
{
	return s->rows[type].handler;
}

void state_settle(struct state *s, const struct event *ev)
{
	if (!s->pending || s->rows[ev->type].bits & ROW_ANSWER)
		return;
	if (s->container_gone)
		container_settle(s, ev);
	settle(s);
}
