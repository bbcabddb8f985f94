/* SPDX-License-Identifier: Apache-2.0 */
#include "source/source_test.h"

#include <errno.h>

#include "event/event_text.h"

struct test_source {
	struct source source;
	const struct source_test_event *events;
	size_t count, next;
	struct event_builder builder;
	struct event_ext ext;
	struct source_stats stats;
};

static struct test_source *of(struct source *s)
{
	return (struct test_source *)((char *)s - offsetof(struct test_source, source));
}

static int test_next(struct source *source, struct event *ret_event, struct error *err)
{
	struct test_source *s = of(source);
	const struct source_test_event *e;
	int r;

	if (s->next == s->count)
		return -ENODATA;
	e = &s->events[s->next];
	r = event_text_parse(&s->builder, e->line, ret_event, err);
	if (r < 0)
		return error_prefix(err, r, "event %zu", s->next + 1);
	/* nobody waits for an answer: an unknown parameter stays unknown, the event itself is complete */
	ret_event->provisional = false;
	if (e->real_path.len) {
		s->ext = (struct event_ext){ .real_path = e->real_path };
		ret_event->ext = &s->ext;
	}
	s->next++;
	s->stats.events++;
	return 1;
}

static void test_stats(const struct source *source, struct source_stats *ret_stats)
{
	*ret_stats = of((struct source *)source)->stats;
}

static void test_close(struct source *source)
{
	struct test_source *s = of(source);

	event_builder_free(&s->builder);
	free(s);
}

static const struct source_ops test_ops = {
	.name = "test",
	.next = test_next,
	.stats = test_stats,
	.close = test_close,
};

int source_test_open(const struct source_test_event *events, size_t count, struct source **ret_source,
		     struct error *err)
{
	struct test_source *s = calloc(1, sizeof(*s));

	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->source.ops = &test_ops;
	/* what the test does not tell does not exist */
	s->source.traits = SOURCE_REPORTS_FDS | SOURCE_REPORTS_THREADS;
	s->events = events;
	s->count = count;
	*ret_source = &s->source;
	return 0;
}
