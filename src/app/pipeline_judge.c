/* SPDX-License-Identifier: Apache-2.0 */
/* From an event to alerts: evaluation, the second one by the real path, limits, outputs. */
#include "app/limits.h"
#include "app/pipeline_internal.h"

/* Nothing of what was found out about another event, or before the last answer, is left. */
static void begin_look(struct pipeline *p, const struct event *ev, struct needs *needs)
{
	arena_reset(p->arena);
	p->ctx.told = NULL;
	p->ctx.ev = ev;
	p->ctx.needs = needs;
}

enum outcome pipeline_evaluate(struct pipeline *p, const struct event *ev, bool may_ask, struct hits *ret_hits)
{
	begin_look(p, ev, may_ask && p->asks ? &p->needs : NULL);
	return engine_evaluate(p->judge->engine, &p->ctx, ret_hits);
}

void pipeline_observe(struct pipeline *p)
{
	if (p->options.observer)
		p->options.observer->judged(p->options.observer->context, &p->ctx);
}

static void deliver(struct pipeline *p, const struct alert *a)
{
	struct alert_copy *kept = NULL;
	struct alert shared = *a;

	shared.kept = &kept;
	for (size_t i = 0; i < p->options.noutputs; i++) {
		struct output *o = p->options.outputs[i];
		struct error err = { 0 };

		if (o->ops->send(o, &shared, &err) < 0 && !p->stats.output_error.code)
			p->stats.output_error = err;
	}
	alert_let_go(kept);
}

/* What is beside the event, and what only the held caller can tell, is asked when an alert prints it. */
static int ask_for_output(struct pipeline *p, facts_t reads, bool unsure, struct error *err)
{
	p->needs.count = 0;
	p->ctx.needs = &p->needs;
	if (reads & FACT_EVENT)
		field_ask_for_params(&p->ctx);
	if (reads & FACT_FDS && p->ctx.subject.thread && state_fds_missing(p->state, p->ctx.subject.thread))
		needs_add(&p->needs, NEED_FDS, p->ctx.ev->tid, -1);
	if (unsure)
		needs_add(&p->needs, NEED_RACED, p->ctx.ev->tid, -1);
	if (reads & FACT_CALLER)
		needs_add(&p->needs, NEED_REGION, p->ctx.ev->tid, -1);
	if (reads & FACT_STACK)
		needs_add(&p->needs, NEED_STACK, p->ctx.ev->tid, -1);
	return pipeline_fetch(p, err);
}

void pipeline_alert(struct pipeline *p, const struct alert *a)
{
	pipeline_add_one(&p->stats.alerts);
	pipeline_add_one(&p->stats.by_priority[a->priority]);
	if (a->priority < p->stats.highest)
		p->stats.highest = a->priority;
	deliver(p, a);
}

void pipeline_expire_limits(struct pipeline *p, uint64_t now)
{
	const struct alert *a;

	while ((a = limits_expire(p->options.limits, now)))
		pipeline_alert(p, a);
}

void pipeline_idle(struct pipeline *p, uint64_t now)
{
	if (p->options.limits && limits_are_live(p->options.limits) && limits_are_due(p->options.limits, now))
		pipeline_expire_limits(p, now);
}

static int alert(struct pipeline *p, uint32_t rule, struct error *err)
{
	facts_t reads = ruleset_output_reads(p->judge->rules, rule);
	/* every alert says when what it tells could have been changed */
	bool unsure = p->asks && p->ctx.ev->ext && p->ctx.ev->ext->raced == RACED_NO;
	struct limits_burst *burst = NULL;
	struct alert a;
	int r;

	r = p->asks ? ask_for_output(p, reads, unsure, err) : 0;
	if (r < 0)
		return r;
	/* all that the source knows was asked for: what is missing now is absent, also amid a longer text */
	p->ctx.needs = NULL;
	p->ctx.held = 0;
	if (p->options.limits)
		burst = limits_hold(p->options.limits, &p->ctx, rule);
	r = engine_render(p->judge->engine, &p->ctx, rule, &a, err);
	if (r < 0)
		return r;
	pipeline_add_one(&p->by_rule[rule]);
	if (burst) {
		p->stats.held++;
		limits_keep(burst, &a);
	} else {
		pipeline_alert(p, &a);
	}
	if (p->options.alerted)
		p->options.alerted(p->options.record_context, p->ctx.ev, rule);
	return 0;
}

static bool was_seen(const struct pipeline *p, uint32_t rule)
{
	uint32_t i;

	for (i = 0; i < p->nseen; i++)
		if (p->seen[i] == rule)
			return true;
	return false;
}

static int alert_all(struct pipeline *p, const struct hits *hits, struct error *err)
{
	uint32_t i;
	int r;

	for (i = 0; i < hits->count; i++) {
		r = was_seen(p, hits->rules[i]) ? 0 : alert(p, hits->rules[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The path that rules saw is not the file that was opened: whoever went through a link or a mount is judged by both. */
static bool has_other_path(const struct pipeline *p, const struct event *ev)
{
	const struct fd *fd = p->ctx.subject.fd;

	return p->options.match_realpath && ev->ext && ev->ext->real_path.len &&
	       !(fd && str_eq(rstr_str(fd->name), ev->ext->real_path));
}

static int judge_real_path(struct pipeline *p, const struct event *ev, struct error *err)
{
	struct hits hits;
	int r = 0;

	p->ctx.real_path = ev->ext->real_path;
	if (pipeline_evaluate(p, ev, false, &hits) == OUTCOME_YES)
		r = alert_all(p, &hits, err);
	pipeline_observe(p);
	p->ctx.real_path = STR("");
	return r;
}

/* The first evaluation's hits borrow from the engine until the second one. */
static void remember_hits(struct pipeline *p, const struct hits *hits)
{
	p->nseen = hits->count;
	if (hits->count)
		memcpy(p->seen, hits->rules, hits->count * sizeof(*p->seen));
}

/* After an answer the objects that the subject points to may be others. */
static void refresh_subject(struct pipeline *p, const struct event *ev)
{
	struct subject *s = &p->ctx.subject;

	s->thread = state_thread(p->state, ev->tid);
	s->fd = s->thread && s->fd_number >= 0 ? thread_fd(s->thread, s->fd_number) : NULL;
	s->thread_unknown = false;
	s->fd_unknown = false;
	s->cwd_unknown = false;
}

int pipeline_match(struct pipeline *p, const struct event *ev, struct error *err)
{
	enum outcome outcome;
	struct hits hits;
	int round, r;

	for (round = 0;; round++) {
		outcome = pipeline_evaluate(p, ev, round < FETCH_ROUNDS, &hits);
		if (outcome != OUTCOME_MAYBE || round == FETCH_ROUNDS)
			break;
		r = pipeline_fetch(p, err);
		if (r < 0)
			return r;
		if (r == 0)
			round = FETCH_ROUNDS - 1; /* nothing can be asked: once more, with absence for an answer */
		else
			refresh_subject(p, ev);
	}

	p->nseen = 0;
	if (outcome != OUTCOME_YES)
		hits.count = 0;
	r = hits.count ? alert_all(p, &hits, err) : 0;
	pipeline_observe(p);
	if (r < 0 || !has_other_path(p, ev))
		return r;
	remember_hits(p, &hits);
	r = judge_real_path(p, ev, err);
	p->nseen = 0;
	return r;
}

/* No rule looks at such an event; who asks about it is told why. */
void pipeline_show(struct pipeline *p, const struct event *ev)
{
	begin_look(p, ev, NULL);
	pipeline_observe(p);
}

bool pipeline_inspect(struct pipeline *p, const struct event *ev)
{
	begin_look(p, ev, NULL);
	return p->options.inspect(p->options.inspect_context, &p->ctx);
}

void pipeline_flush(struct pipeline *p)
{
	size_t i;

	if (p->options.limits)
		pipeline_expire_limits(p, UINT64_MAX);

	for (i = 0; i < p->options.noutputs; i++) {
		struct output *o = p->options.outputs[i];
		struct error err = { 0 };

		if (o->ops->flush && o->ops->flush(o, &err) < 0 && !p->stats.output_error.code)
			p->stats.output_error = err;
	}
}
