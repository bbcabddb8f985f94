/* SPDX-License-Identifier: Apache-2.0 */
/* What the state lacks is asked of the source, whose answers are events. */
#include "app/pipeline_internal.h"
#include "event/clean.h"

static int sink(void *context, const struct event *ev)
{
	struct pipeline *p = context;
	struct event answer = *ev;
	struct subject subject;
	int r;

	r = event_clean(&answer, event_texts(answer.type), &p->answer, NULL);
	answer.flags |= EVENT_FLAG_STATE_ONLY;
	if (r == 0 && p->options.record)
		r = p->options.record(p->options.record_context, &answer, NULL);
	if (r < 0)
		return r;
	r = state_apply(p->state, &answer, &subject);
	state_settle(p->state, &answer);
	return r;
}

int pipeline_hold_answer(struct pipeline *p, const struct event *ev, struct error *err)
{
	return answers_hold(&p->held, ev, 0) < 0 ? error_set(err, -ENOMEM, "out of memory") : 1;
}

int pipeline_apply_held(struct pipeline *p, const struct event *ev, struct error *err)
{
	int r = state_preview(p->state, ev, &p->ctx.subject);

	if (r >= 0)
		r = answers_take(&p->held, ev->call, sink, p);
	if (ev->type == EV_PROCEXIT_1_E)
		answers_drop_of(&p->held, ev->tid);
	return r < 0 ? error_errno(err, r, "state") : 0;
}

void pipeline_subject_needs(struct pipeline *p, const struct event *ev)
{
	const struct subject *s = &p->ctx.subject;

	if (s->thread_unknown)
		needs_add(&p->needs, NEED_THREAD, ev->tid, -1);
	if (s->fd_unknown)
		needs_add(&p->needs, NEED_FD, ev->tid, s->fd_number);
	if (s->cwd_unknown)
		needs_add(&p->needs, NEED_CWD, ev->tid, -1);
}

int pipeline_fetch_to(struct pipeline *p, source_sink to, struct error *err)
{
	int r;

	p->stats.unanswered += p->needs.overflow;
	p->needs.overflow = 0;
	if (!p->needs.count || !p->asks)
		return 0;
	p->stats.fetched++;
	if (p->options.observer)
		p->options.observer->fetched(p->options.observer->context, &p->needs);
	r = p->source->ops->fetch(p->source, &p->needs, to, p, err);
	for (unsigned int i = 0; i < p->needs.count && r >= 0; i++)
		if (p->needs.list[i].kind == NEED_FDS)
			r = state_fds_told(p->state, p->needs.list[i].tid);
	p->needs.count = 0;
	return r < 0 ? r : 1;
}

int pipeline_fetch(struct pipeline *p, struct error *err)
{
	return pipeline_fetch_to(p, sink, err);
}
