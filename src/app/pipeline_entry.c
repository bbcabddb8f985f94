/* SPDX-License-Identifier: Apache-2.0 */
/* Calls at their entry: the caller waits until we know whether their result has to be seen. */
#include <errno.h>

#include "app/pipeline_internal.h"

/*
 * Whether the state would be wrong later if we never learnt this call's result. Descriptors of a source that does not
 * report them are asked for when a rule looks at one.
 */
static bool depends_on_result(const struct pipeline *p, const struct event *ev)
{
	return ev->info->writes & p->facts || pipeline_parses(p, ev->type);
}

/* Only what was opened tells its real path. */
static bool needs_real_path(const struct pipeline *p, const struct event *ev)
{
	return p->options.match_realpath && !ev->failure_only && ev->info->flags & EF_CREATES_FD &&
	       ev->info->derivable & FACT_FD && ev->info->category & EC_SYSCALL &&
	       (ev->info->category & EC_MASK) == EC_FILE && ruleset_wants_type(p->options.rules, ev->type);
}

/*
 * An open, whose two ends say much of the descriptor already: what is asked to be a directory is no file, a
 * failure no number.
 */
static bool has_ends(const struct event *ev)
{
	return ev->info->flags & EF_CREATES_FD && (ev->info->category & EC_MASK) == EC_FILE;
}

/* Each end by itself; the needs are those of the end that may match. */
static enum outcome judge_ends(struct pipeline *p, const struct event *ev, bool may_ask)
{
	enum outcome outcome = OUTCOME_NO;
	struct hits hits;

	for (int end = SUPPOSED_SUCCESS; end <= SUPPOSED_FAILURE && outcome == OUTCOME_NO; end++) {
		p->needs.count = 0;
		p->ctx.supposed = (enum supposed_end)end;
		outcome = pipeline_evaluate(p, ev, may_ask, &hits);
	}
	p->ctx.supposed = SUPPOSED_NOTHING;
	return outcome == OUTCOME_NO ? OUTCOME_NO : OUTCOME_MAYBE;
}

static int judge_entry(struct pipeline *p, const struct event *ev, enum outcome *ret_outcome, struct error *err)
{
	enum outcome outcome = OUTCOME_NO;
	struct hits hits;
	int round, r;

	for (round = 0; round <= FETCH_ROUNDS; round++) {
		bool may_ask = round < FETCH_ROUNDS;

		r = state_preview(p->state, ev, &p->ctx.subject);
		if (r < 0)
			return error_errno(err, r, "state");
		outcome = has_ends(ev) ? judge_ends(p, ev, may_ask) : pipeline_evaluate(p, ev, may_ask, &hits);
		if (outcome != OUTCOME_NO)
			pipeline_observe(p);
		if (outcome != OUTCOME_MAYBE)
			break;
		r = pipeline_fetch(p, err);
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	*ret_outcome = outcome;
	return 0;
}

/* A caller that was killed while we thought needs no answer. */
int pipeline_answer(struct pipeline *p, const struct event *ev, struct error *err)
{
	struct verdict go_on = { .kind = VERDICT_CONTINUE };
	int r = p->source->ops->answer(p->source, ev, go_on, err);

	return r == -ESRCH || r == -ENOENT ? 0 : r;
}

static int complete(struct pipeline *p, const struct event *ev, struct event *ret_done, struct error *err)
{
	int r = p->source->ops->complete(p->source, ev, ret_done, err);

	return r == -ESRCH || r == -ENOENT ? 0 : r;
}

static int hold_for_call(void *context, const struct event *ev)
{
	struct pipeline *p = context;

	return answers_hold(&p->held, ev, p->holding);
}

/*
 * What is recorded has its result and what it was about: a close can be asked for its descriptor only before
 * it is done. The answers wait for the call's end, since others' events can come first.
 */
static int record_call(struct pipeline *p, const struct event *ev, struct event *ret_done, struct error *err)
{
	int r = state_preview(p->state, ev, &p->ctx.subject);

	if (r < 0) {
		error_errno(err, r, "state");
	} else {
		pipeline_subject_needs(p, ev);
		p->holding = ev->call;
		r = pipeline_fetch_to(p, hold_for_call, err);
	}
	if (r < 0) {
		(void)pipeline_answer(p, ev, NULL);
		return r;
	}
	return complete(p, ev, ret_done, err);
}

/* What a close takes away is to be had before it alone. */
static int note_closed(struct pipeline *p, const struct event *ev, struct error *err)
{
	int r;

	if (!(ev->info->flags & EF_DESTROYS_FD))
		return 0;
	r = state_preview(p->state, ev, &p->ctx.subject);
	if (r < 0)
		return error_errno(err, r, "state");
	p->needs.count = 0;
	pipeline_subject_needs(p, ev);
	return pipeline_fetch(p, err);
}

static int complete_noted(struct pipeline *p, const struct event *ev, struct event *ret_done, struct error *err)
{
	int r = note_closed(p, ev, err);

	if (r < 0) {
		(void)pipeline_answer(p, ev, NULL);
		return r;
	}
	return complete(p, ev, ret_done, err);
}

int pipeline_entry(struct pipeline *p, const struct event *ev, struct event *ret_done, struct error *err)
{
	enum outcome outcome = OUTCOME_NO;
	int r;

	p->needs.count = 0;
	if (p->options.record)
		return record_call(p, ev, ret_done, err);
	if (depends_on_result(p, ev) || needs_real_path(p, ev))
		return complete_noted(p, ev, ret_done, err);
	if (ruleset_wants_type(p->options.rules, ev->type)) {
		r = judge_entry(p, ev, &outcome, err);
		if (r < 0) {
			(void)pipeline_answer(p, ev, NULL);
			return r;
		}
	}
	if (outcome != OUTCOME_NO)
		return complete_noted(p, ev, ret_done, err);
	p->stats.answered_at_entry++;
	return pipeline_answer(p, ev, err);
}
