/* SPDX-License-Identifier: Apache-2.0 */
/* What plugins have to do with an event: whose rules judge it, what they parse, events of their own. */
#include "app/pipeline_internal.h"
#include "base/clock.h"
#include "event/clean.h"

static void choose(struct pipeline *p, struct judge *j)
{
	p->judge = j;
	p->ctx.source_name = j->source;
}

void pipeline_choose_judge(struct pipeline *p, struct event *ev)
{
	bool of_plugin = ev->type == EV_PLUGINEVENT_E || ev->type == EV_ASYNCEVENT_E;
	uint32_t id = of_plugin ? (uint32_t)event_param_uint(ev, 0) : 0;

	for (size_t i = 0; i < p->njudges; i++)
		if (p->judges[i].id == id) {
			choose(p, &p->judges[i]);
			return;
		}
	choose(p, p->judges);
	ev->flags |= EVENT_FLAG_UNSHOWN;
}

void pipeline_parse(struct pipeline *p, const struct event *ev)
{
	struct subject *s = &p->ctx.subject;
	bool in_table = s->thread && s->fd && thread_fd(s->thread, s->fd_number) == s->fd;

	plugin_host_parse(p->options.plugins, ev, p->ctx.source_name);
	if (s->thread)
		s->thread = state_thread(p->state, ev->tid);
	if (in_table || !s->thread)
		s->fd = s->thread ? thread_fd(s->thread, s->fd_number) : NULL;
}

int pipeline_async(struct pipeline *p, const struct event *next, bool ended, struct error *err)
{
	uint64_t ts = next ? next->ts : ended ? UINT64_MAX : clock_ns(CLOCK_REALTIME);
	struct event ev;
	int r = 0;

	while (r >= 0 && plugin_host_next(p->options.plugins, ts, &ev)) {
		r = event_clean(&ev, event_texts(ev.type), &p->answer, err); /* p->clean may hold the source's event */
		if (r >= 0)
			r = pipeline_complete(p, &ev, err);
	}
	return r < 0 ? r : 0;
}
