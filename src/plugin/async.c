/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "event/event_wire.h"
#include "plugin/internal.h"

/* Events that plugins make by themselves, from whichever thread, until the pipeline comes for them. */

struct async_event {
	struct async_event *next;
	uint32_t len;
	uint8_t bytes[];
};

/* A plugin's id, a name, data */
#define ASYNC_PARAMS 3

void async_init(struct plugin_host *h)
{
	pthread_mutex_init(&h->lock, NULL);
}

/* ---- the queues: under the lock ---- */

static uint64_t time_of(const struct async_event *e)
{
	return bytes_u64(e->bytes + EVENT_HEADER_TS);
}

static void put(struct async_queue *q, struct async_event *e)
{
	struct async_event **at = &q->first;

	if (q->last && time_of(q->last) <= time_of(e)) /* nearly always */
		at = &q->last->next;
	else
		while (*at && time_of(*at) <= time_of(e))
			at = &(*at)->next;
	e->next = *at;
	*at = e;
	if (!e->next)
		q->last = e;
}

static struct async_event *get(struct async_queue *q)
{
	struct async_event *e = q->first;

	if (e)
		q->first = e->next;
	if (!q->first)
		q->last = NULL;
	return e;
}

void async_free(struct plugin_host *h)
{
	struct async_event *e;

	while ((e = get(&h->timed)) || (e = get(&h->untimed)))
		free(e);
	free(h->current);
	pthread_mutex_destroy(&h->lock);
}

/* ---- what comes ---- */

static ss_plugin_rc refuse(struct plugin *p, const char *why, char *err)
{
	atomic_fetch_add(&p->async_dropped, 1);
	if (err)
		snprintf(err, PLUGIN_MAX_ERRLEN, "plugin " STR_FMT ": its asynchronous event %s", STR_ARG(p->view.name),
			 why);
	return SS_PLUGIN_FAILURE;
}

static bool has_name(const struct plugin *p, struct str name)
{
	for (size_t i = 0; i < p->async_events.n; i++)
		if (str_eq(p->async_events.list[i], name))
			return true;
	return false;
}

/* The time stays open where the plugin leaves it so; its id is what it is, or none for system calls. */
static const char *check(const struct plugin *p, struct async_event *e)
{
	bool calls = strcmp(p->host->source, "syscall") == 0;
	uint32_t id = calls ? 0 : p->host->source_id;
	struct event ev;
	struct str param;

	if (event_read(&ev, e->bytes, e->len, NULL) < 0 || ev.type != EV_ASYNCEVENT_E || ev.nparams != ASYNC_PARAMS)
		return "is malformed";
	if (!has_name(p, event_param_text(&ev, 1)))
		return "has a name that it did not announce";
	if (!calls && ev.tid != -1)
		return "has a thread, where there are none";
	param = event_param(&ev, 0);
	if (param.len != sizeof(id))
		return "has no id";
	memcpy(e->bytes + ((const uint8_t *)param.ptr - e->bytes), &id, sizeof(id));
	return NULL;
}

/* A checked copy; NULL with the reason. */
static struct async_event *copy(const struct plugin *p, const ss_plugin_event *from, const char **ret_wrong)
{
	uint32_t len = bytes_u32((const uint8_t *)from + EVENT_HEADER_LEN);
	struct async_event *e;

	*ret_wrong = "has an impossible length";
	if (len < EVENT_HEADER_BYTES || len > EVENT_MAX_BYTES)
		return NULL;
	*ret_wrong = "finds no memory";
	e = malloc(sizeof(*e) + len);
	if (!e)
		return NULL;
	e->next = NULL;
	e->len = len;
	memcpy(e->bytes, from, len);
	*ret_wrong = check(p, e);
	if (!*ret_wrong)
		return e;
	free(e);
	return NULL;
}

static void set_open_time(struct async_event *e, uint64_t ts)
{
	if (bytes_u64(e->bytes + EVENT_HEADER_TS) == UINT64_MAX)
		memcpy(e->bytes + EVENT_HEADER_TS, &ts, sizeof(ts));
}

static ss_plugin_rc take(ss_plugin_owner_t *owner, const ss_plugin_event *from, char *err)
{
	struct plugin *p = owner;
	struct plugin_host *h = p ? p->host : NULL;
	const char *wrong;
	struct async_event *e;
	bool full, timed;

	if (!p || !h)
		return SS_PLUGIN_FAILURE;
	if (!from || !atomic_load(&p->takes_async))
		return refuse(p, "comes when none is asked for", err);
	e = copy(p, from, &wrong);
	if (!e)
		return refuse(p, wrong, err);
	timed = time_of(e) != UINT64_MAX;
	if (timed && time_of(e) > clock_ns(CLOCK_REALTIME) + PLUGIN_ASYNC_AHEAD_NS) {
		free(e);
		return refuse(p, "lies in the future", err);
	}
	pthread_mutex_lock(&h->lock);
	full = h->queued_bytes + e->len > PLUGIN_ASYNC_BYTES;
	if (!full) {
		h->queued_bytes += e->len;
		put(timed ? &h->timed : &h->untimed, e);
	}
	pthread_mutex_unlock(&h->lock);
	if (!full)
		return SS_PLUGIN_SUCCESS;
	free(e);
	return refuse(p, "is lost: too many wait", err);
}

int plugin_host_next(struct plugin_host *h, uint64_t ts, struct event *ret_event)
{
	struct async_event *e;

	pthread_mutex_lock(&h->lock);
	e = get(h->timed.first && time_of(h->timed.first) <= ts ? &h->timed : &h->untimed);
	if (e)
		h->queued_bytes -= e->len;
	pthread_mutex_unlock(&h->lock);
	if (!e)
		return 0;
	free(h->current);
	h->current = e;
	h->async_taken++;
	set_open_time(e, ts == UINT64_MAX ? clock_ns(CLOCK_REALTIME) : ts);
	return event_read(ret_event, e->bytes, e->len, NULL) < 0 ? 0 : 1;
}

static ss_plugin_rc set_handler(struct plugin *p, ss_plugin_async_event_handler_t handler)
{
	const struct plugin *before = plugin_enter(p, "set_async_event_handler");
	ss_plugin_rc rc = p->api.set_async_event_handler(p->state, p, handler);

	plugin_leave(p, before);
	return rc;
}

int async_start(struct plugin *p, struct error *err)
{
	if (!(p->view.capabilities & PLUGIN_ASYNC) || !p->host->live ||
	    !plugin_takes_source(p, &p->async_sources, str_of(p->host->source)))
		return 0;
	atomic_store(&p->takes_async, true); /* its threads may begin at once */
	if (set_handler(p, take) == SS_PLUGIN_SUCCESS)
		return 0;
	atomic_store(&p->takes_async, false);
	return plugin_error(p, -EIO, "its asynchronous events cannot be had", err);
}

void async_stop(struct plugin *p)
{
	if (!atomic_load(&p->takes_async))
		return;
	(void)set_handler(p, NULL);
	atomic_store(&p->takes_async, false);
}

/* ---- what plugins know, for a capture ------------------------------------------------------------------ */

struct state_dump {
	int (*to)(void *context, const struct event *ev, struct error *err);
	void *context;
	uint64_t ts;
	struct error *err;
	int result;
};

static ss_plugin_rc take_state(ss_plugin_owner_t *owner, const ss_plugin_event *from, char *err)
{
	struct plugin *p = owner;
	struct state_dump *d = p && p->host ? p->host->dump : NULL;
	const char *wrong;
	struct async_event *e;
	struct event ev;

	if (!d || !from)
		return SS_PLUGIN_FAILURE;
	e = copy(p, from, &wrong);
	if (!e)
		return refuse(p, wrong, err);
	set_open_time(e, d->ts);
	if (d->result == 0 && event_read(&ev, e->bytes, e->len, d->err) == 0)
		d->result = d->to(d->context, &ev, d->err);
	free(e);
	return d->result < 0 ? refuse(p, "cannot be written", err) : SS_PLUGIN_SUCCESS;
}

int plugin_host_dump(struct plugin_host *h, uint64_t ts,
		     int (*to)(void *context, const struct event *ev, struct error *err), void *context,
		     struct error *err)
{
	struct state_dump d = { to, context, ts, err, 0 };
	int r = 0;

	h->dump = &d;
	for (size_t i = 0; i < h->count && r == 0; i++) {
		struct plugin *p = h->plugins[i];
		const struct plugin *before;
		ss_plugin_rc rc;

		if (!(p->view.capabilities & PLUGIN_ASYNC) || !p->api.dump_state)
			continue;
		before = plugin_enter(p, "dump_state");
		rc = p->api.dump_state(p->state, p, take_state);
		plugin_leave(p, before);
		if (d.result < 0)
			r = d.result;
		else if (rc != SS_PLUGIN_SUCCESS)
			r = plugin_error(p, -EIO, "what it knows cannot be had for a capture", err);
	}
	h->dump = NULL;
	return r;
}
