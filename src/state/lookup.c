/* SPDX-License-Identifier: Apache-2.0 */
/* What fields ask of the state. */
#include "state/internal.h"
#include "state/records.h"

struct thread *state_thread(struct state *s, int64_t tid)
{
	if (s->unlinked)
		records_link(s);
	return table_get(&s->threads.by_tid, tid);
}

struct thread *state_ancestor(struct state *s, struct thread *t, unsigned int n)
{
	if (s->unlinked)
		records_link(s);
	if (n > STATE_ANCESTORS)
		return NULL;
	for (t = t->leader; n && t; n--)
		t = t->parent ? t->parent->leader : NULL;
	return t;
}

void state_show(struct state *s, struct str text)
{
	if (s->shown.len <= text.len) {
		strbuf_reset(&s->shown);
		strbuf_addstr(&s->shown, text);
		strbuf_addc(&s->shown, '\0');
	} else {
		if (text.len)
			memcpy(s->shown.ptr, text.ptr, text.len);
		s->shown.ptr[text.len] = '\0';
	}
}

struct str state_shown(const struct state *s)
{
	return strbuf_str(&s->shown);
}

void state_set_machine(struct state *s, const struct machine_record *m)
{
	s->machine = *m;
}

struct str state_resolve_path(struct state *s, struct thread *t, int64_t dirfd, struct str path)
{
	struct resolved *last = &s->resolved;
	struct str copy;

	/* several fields of one event ask for the same path */
	if (s->arena_used && last->thread == t && last->dirfd == dirfd && last->path.ptr == path.ptr &&
	    last->path.len == path.len)
		return last->result;
	copy = arena_str(s->arena, paths_join(s->path, paths_directory(s->directory, t, dirfd, path), path));
	if (!copy.ptr)
		return STR("");
	s->arena_used = s->pending = true;
	*last = (struct resolved){ t, dirfd, path, copy };
	return copy;
}

void state_on_thread_free(struct state *s, void (*hook)(void *context, struct thread *t), void *context)
{
	s->threads.on_free = hook;
	s->threads.on_free_context = context;
}

void state_stats(const struct state *s, struct state_stats *ret_stats)
{
	const struct thread *t;
	uint32_t at = 0;

	*ret_stats = (struct state_stats){
		.threads_added = s->threads.added,
		.threads_removed = s->threads.removed,
		.threads_dropped = s->threads.dropped,
		.fds_added = s->fds_added,
		.fds_removed = s->fds_removed,
		.fds_dropped = s->fds_dropped,
		.thread_lookups_failed = s->threads.lookups_failed,
		.fd_lookups_failed = s->fd_lookups_failed,
		.threads = s->threads.by_tid.count,
	};
	while ((t = table_next(&s->threads.by_tid, &at)))
		if (!t->leader || t->leader == t) /* others share their leader's table */
			ret_stats->fds += t->fds->count;
}
