/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/limits.h"
#include "event/event_wire.h"
#include "plugin/internal.h"

/* A plugin's events, a batch at a time. Each is checked and copied: what the pipeline sees cannot change under it. */
struct plugin_source {
	struct source source;
	struct plugin *plugin;
	ss_instance_t *instance;
	plugin_answers answers; /* of system calls alone */
	ss_plugin_event **batch;
	uint32_t count, at;
	ss_plugin_rc last; /* how the batch at hand came */
	struct strbuf copy;
	struct source_stats stats;
};

#define NAP_MS 1 /* after a "nothing now": plugins are to wait themselves, some do not */

static struct plugin_source *of(struct source *s)
{
	return (struct plugin_source *)((char *)s - offsetof(struct plugin_source, source));
}

static int refuse(struct plugin_source *s, const char *why, struct error *err)
{
	return error_set(err, -EBADMSG, "plugin " STR_FMT ": event %llu %s", STR_ARG(s->plugin->view.name),
			 (unsigned long long)s->stats.events + 1, why);
}

/*
 * Events of plugins carry the id of their plugin, for which 0 stands where that has one, and have no thread.
 * A plugin with an id makes no others.
 */
static int check_own(struct plugin_source *s, struct event *ev, struct error *err)
{
	uint32_t id = s->plugin->view.id, said;
	struct str param = event_param(ev, 0);

	if (ev->type != EV_PLUGINEVENT_E)
		return id ? refuse(s, "is of another type than plugin events are", err) : 0;
	if (ev->nparams != 2 || param.len != sizeof(said))
		return refuse(s, "has not the two parameters of plugin events", err);
	memcpy(&said, param.ptr, sizeof(said));
	if (id && said && said != id)
		return refuse(s, "has another plugin's id", err);
	if (!id && !said)
		return refuse(s, "has no plugin's id", err);
	if (id)
		memcpy(s->copy.ptr + (param.ptr - s->copy.ptr), &id, sizeof(id));
	ev->tid = -1;
	memcpy(s->copy.ptr + EVENT_HEADER_TID, &ev->tid, sizeof(ev->tid));
	return 0;
}

static int take(struct plugin_source *s, const ss_plugin_event *from, struct event *ret_event, struct error *err)
{
	uint64_t ts;
	uint32_t len;
	int r;

	if (!from)
		return refuse(s, "is missing", err);
	len = bytes_u32((const uint8_t *)from + EVENT_HEADER_LEN);
	if (len < EVENT_HEADER_BYTES || len > EVENT_MAX_BYTES)
		return refuse(s, "has an impossible length", err);
	strbuf_reset(&s->copy);
	strbuf_add(&s->copy, from, len);
	if (s->copy.failed)
		return error_set(err, -ENOMEM, "out of memory");
	ts = bytes_u64(s->copy.ptr + EVENT_HEADER_TS);
	if (ts == UINT64_MAX) {
		ts = clock_ns(CLOCK_REALTIME);
		memcpy(s->copy.ptr + EVENT_HEADER_TS, &ts, sizeof(ts));
	}
	r = event_read(ret_event, s->copy.ptr, len, err);
	if (r < 0)
		return error_prefix(err, -EBADMSG, "plugin " STR_FMT, STR_ARG(s->plugin->view.name));
	return check_own(s, ret_event, err);
}

static bool failed(ss_plugin_rc rc)
{
	return rc != SS_PLUGIN_SUCCESS && rc != SS_PLUGIN_TIMEOUT && rc != SS_PLUGIN_EOF;
}

/* 1 = there are events; else as next(). */
static int fill(struct plugin_source *s, struct error *err)
{
	ss_plugin_event **batch = NULL;
	const struct plugin *before;
	uint32_t n = 0;

	if (s->last == SS_PLUGIN_EOF)
		return -ENODATA;
	if (failed(s->last)) /* behind the events that came with it */
		return plugin_error(s->plugin, -EIO, "its event source failed", err);
	before = plugin_enter(s->plugin, "next_batch");
	s->last = s->plugin->api.next_batch(s->plugin->state, s->instance, &n, &batch);
	plugin_leave(s->plugin, before);
	s->at = s->count = 0;
	if (!n && failed(s->last))
		return plugin_error(s->plugin, -EIO, "its event source failed", err);
	if (n > PLUGIN_BATCH || (n && !batch))
		return error_set(err, -EBADMSG, "plugin " STR_FMT ": a batch of %u events cannot be",
				 STR_ARG(s->plugin->view.name), n);
	s->batch = batch;
	s->count = n;
	if (n)
		return 1;
	if (s->last == SS_PLUGIN_EOF)
		return -ENODATA;
	(void)poll(NULL, 0, NAP_MS);
	return 0;
}

static int plugin_next(struct source *source, struct event *ret_event, struct error *err)
{
	struct plugin_source *s = of(source);
	int r = s->at < s->count ? 1 : fill(s, err);

	if (r <= 0)
		return r;
	r = take(s, s->batch[s->at++], ret_event, err);
	if (r < 0)
		return r;
	s->stats.events++;
	return 1;
}

static void plugin_stats(const struct source *source, struct source_stats *ret_stats)
{
	*ret_stats = of((struct source *)source)->stats;
}

static void plugin_close(struct source *source)
{
	struct plugin_source *s = of(source);
	const struct plugin *before = plugin_enter(s->plugin, "close");

	s->plugin->instance = NULL;
	s->plugin->api.close(s->plugin->state, s->instance);
	plugin_leave(s->plugin, before);
	strbuf_free(&s->copy);
	free(s);
}

static int calls_fetch(struct source *source, const struct needs *needs, source_sink sink, void *context,
		       struct error *err)
{
	return of(source)->answers(needs, sink, context, err);
}

static const struct source_ops plugin_ops = {
	.name = "plugin",
	.next = plugin_next,
	.stats = plugin_stats,
	.close = plugin_close,
};

/* Threads that it did not tell the birth of. */
static const struct source_ops calls_ops = {
	.name = "plugin",
	.next = plugin_next,
	.fetch = calls_fetch,
	.stats = plugin_stats,
	.close = plugin_close,
};

int plugin_source_open(struct plugin *p, const char *params, plugin_answers answers, struct source **ret_source,
		       struct error *err)
{
	ss_plugin_rc rc = SS_PLUGIN_FAILURE;
	const struct plugin *before;
	struct plugin_source *s;

	if (!(p->view.capabilities & PLUGIN_SOURCE))
		return error_set(err, -EINVAL, "plugin " STR_FMT ": it has no event source", STR_ARG(p->view.name));
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->answers = p->view.id ? NULL : answers;
	s->source.ops = s->answers ? &calls_ops : &plugin_ops;
	s->source.traits = SOURCE_REPORTS_FDS | (s->answers ? 0 : SOURCE_REPORTS_THREADS);
	s->plugin = p;
	before = plugin_enter(p, "open");
	s->instance = p->api.open(p->state, params, &rc);
	plugin_leave(p, before);
	if (rc != SS_PLUGIN_SUCCESS) {
		free(s);
		return plugin_error(p, -EIO, "its event source cannot be opened", err);
	}
	p->instance = s->instance;
	*ret_source = &s->source;
	return 0;
}
