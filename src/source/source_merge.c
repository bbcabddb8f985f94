/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "source/source.h"

struct lane {
	struct source *source;
	struct event event; /* the next one, when there is one */
	bool has_event, ended;
};

struct merge {
	struct source source;
	struct lane *lanes;
	size_t count;
	struct lane *last; /* whose event was handed out: it dies now */
};

static struct merge *of(struct source *s)
{
	return (struct merge *)((char *)s - offsetof(struct merge, source));
}

/* 1 = every lane that has not ended has an event, 0 = one has nothing now, negative = failure. */
static int fill(struct merge *m, struct error *err)
{
	for (size_t i = 0; i < m->count; i++) {
		struct lane *l = &m->lanes[i];
		int r;

		if (l->has_event || l->ended)
			continue;
		r = l->source->ops->next(l->source, &l->event, err);
		if (r == 0)
			return 0;
		if (r < 0 && r != -ENODATA)
			return r;
		l->has_event = r == 1;
		l->ended = r == -ENODATA;
	}
	return 1;
}

static int merge_next(struct source *source, struct event *ret_event, struct error *err)
{
	struct merge *m = of(source);
	struct lane *first = NULL;
	int r;

	if (m->last)
		m->last->has_event = false;
	m->last = NULL;
	r = fill(m, err);
	if (r <= 0)
		return r;
	for (size_t i = 0; i < m->count; i++) {
		struct lane *l = &m->lanes[i];

		if (l->has_event && (!first || l->event.ts < first->event.ts))
			first = l;
	}
	if (!first)
		return -ENODATA;
	m->last = first;
	*ret_event = first->event;
	return 1;
}

static void merge_stats(const struct source *source, struct source_stats *ret_stats)
{
	const struct merge *m = of((struct source *)source);

	*ret_stats = (struct source_stats){ 0 };
	for (size_t i = 0; i < m->count; i++) {
		struct source_stats one = { 0 };

		m->lanes[i].source->ops->stats(m->lanes[i].source, &one);
		ret_stats->events += one.events;
		ret_stats->dropped += one.dropped;
		ret_stats->dropped_bytes += one.dropped_bytes;
		ret_stats->truncated += one.truncated;
	}
}

static void merge_close(struct source *source)
{
	struct merge *m = of(source);

	for (size_t i = 0; i < m->count; i++)
		source_close(m->lanes[i].source);
	free(m->lanes);
	free(m);
}

static const struct source_ops merge_ops = {
	.name = "captures",
	.next = merge_next,
	.stats = merge_stats,
	.close = merge_close,
};

int source_merge_open(struct source *const *sources, size_t n, struct source **ret_source, struct error *err)
{
	struct merge *m = calloc(1, sizeof(*m));

	if (m)
		m->lanes = calloc(n + 1, sizeof(*m->lanes));
	if (!m || !m->lanes) {
		for (size_t i = 0; i < n; i++)
			source_close(sources[i]);
		free(m);
		return error_set(err, -ENOMEM, "out of memory");
	}
	m->source.ops = &merge_ops;
	m->source.traits = SOURCE_REPORTS_FDS | SOURCE_REPORTS_THREADS | SOURCE_LEAVES_IDS;
	for (size_t i = 0; i < n; i++) {
		m->lanes[m->count++].source = sources[i];
		m->source.traits &= sources[i]->traits;
		if (i == 0)
			m->source.container = sources[i]->container;
		else if (!str_eq(m->source.container, sources[i]->container))
			m->source.container = STR("");
	}
	*ret_source = &m->source;
	return 0;
}
