/* SPDX-License-Identifier: Apache-2.0 */
/* What plugins have to do with an event: whose rules judge it, what they parse, events of their own. */
#include "app/pipeline_internal.h"
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

int pipeline_next_async(struct pipeline *p, uint64_t until, struct event *ret_ev, struct error *err)
{
	int r;

	if (!plugin_host_next(p->options.plugins, until, ret_ev))
		return 0;
	r = event_clean(ret_ev, event_texts(ret_ev->type), &p->answer, err); /* p->clean may hold the source's event */
	return r < 0 ? r : 1;
}
