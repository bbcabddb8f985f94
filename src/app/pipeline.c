/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/answers.h"
#include "app/limits.h"
#include "app/pipeline.h"
#include "app/state_receiver.h"
#include "event/clean.h"

struct pipeline {
	struct source *source;
	struct pipeline_options options;
	struct state *state;
	struct engine *engine;
	struct arena *arena; /* values of the event at hand */
	struct strbuf clean, answer; /* the event at hand and an answer to a need, when their texts had to be cleaned */
	struct field_context ctx;
	struct needs needs;
	struct state_receiver receiver;
	facts_t facts; /* that the rules read and only a call's result tells; see depends_on_result() */
	bool asks; /* the source can answer needs */
	bool cleans[EV_COUNT]; /* types whose texts somebody reads; see mark_texts() */
	struct pipeline_stats stats;
	uint64_t *by_rule;
	/* hits of the first evaluation, kept while the second one by the real path runs */
	uint32_t *seen;
	uint32_t nseen;
	bool replays_answers; /* see hold_answer() */
	struct answers held;
	uint64_t holding; /* the call that answers are being held for */
};

/* The slower paths are kept apart: the function that every event runs through then has few registers to save. */
#define APART __attribute__((noinline))
#define EVERY inline __attribute__((always_inline))

/* An event's values: texts of a few paths and arguments. */
#define ARENA_BYTES 16384
/* Answers can raise new questions (a process, then its parent); after these rounds the rest is absent. */
#define FETCH_ROUNDS 4

/* ---- what the state lacks ---------------------------------------------------------------------------------------- */

static int sink(void *context, const struct event *ev)
{
	struct pipeline *p = context;
	struct event answer = *ev;
	struct subject subject;
	int r;

	r = event_clean(&answer, &p->answer, NULL);
	answer.flags |= EVENT_FLAG_STATE_ONLY;
	if (r == 0 && p->options.record)
		r = p->options.record(p->options.record_context, &answer, NULL);
	if (r < 0)
		return r;
	r = state_apply(p->state, &answer, &subject);
	state_settle(p->state, &answer);
	return r;
}

/*
 * Captures of a source that was asked hold its answers before the event that asked for them. They are applied when that event
 * is known: what an earlier call had learnt of descriptors is forgotten first, as it was live.
 */
static APART int hold_answer(struct pipeline *p, const struct event *ev, struct error *err)
{
	return answers_hold(&p->held, ev, 0) < 0 ? error_set(err, -ENOMEM, "out of memory") : 1;
}

static APART int apply_held(struct pipeline *p, const struct event *ev, struct error *err)
{
	int r = state_preview(p->state, ev, &p->ctx.subject);

	if (r >= 0)
		r = answers_take(&p->held, ev->call, sink, p);
	if (ev->type == EV_PROCEXIT_1_E)
		answers_drop_of(&p->held, ev->tid);
	return r < 0 ? error_errno(err, r, "state") : 0;
}

static bool is_answer(const struct pipeline *p, const struct event *ev)
{
	return p->replays_answers && ev->info->category & EC_ITER && ev->flags & EVENT_FLAG_STATE_ONLY &&
	       p->held.bytes < ANSWERS_HELD_BYTES;
}

static void subject_needs(struct pipeline *p, const struct event *ev)
{
	const struct subject *s = &p->ctx.subject;

	if (s->thread_unknown)
		needs_add(&p->needs, NEED_THREAD, ev->tid, -1);
	if (s->fd_unknown)
		needs_add(&p->needs, NEED_FD, ev->tid, s->fd_number);
	if (s->cwd_unknown)
		needs_add(&p->needs, NEED_CWD, ev->tid, -1);
}

/* 1 = something was asked for (and the state may know more now), 0 = there was nothing to ask. */
static int fetch_to(struct pipeline *p, source_sink to, struct error *err)
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
	p->needs.count = 0;
	return r < 0 ? r : 1;
}

static int fetch(struct pipeline *p, struct error *err)
{
	return fetch_to(p, sink, err);
}

/* ---- evaluating --------------------------------------------------------------------------------------------------- */

static enum outcome evaluate(struct pipeline *p, const struct event *ev, bool may_ask, struct hits *ret_hits)
{
	arena_reset(p->arena);
	p->ctx.ev = ev;
	p->ctx.needs = may_ask && p->asks ? &p->needs : NULL;
	return engine_evaluate(p->engine, &p->ctx, ret_hits);
}

static void observe(struct pipeline *p)
{
	if (p->options.observer)
		p->options.observer->judged(p->options.observer->context, &p->ctx);
}

static void deliver(struct pipeline *p, const struct alert *a)
{
	size_t i;

	for (i = 0; i < p->options.noutputs; i++) {
		struct output *o = p->options.outputs[i];
		struct error err = { 0 };

		if (o->ops->send(o, a, &err) < 0 && !p->stats.output_error.code)
			p->stats.output_error = err;
	}
}

/* What only the held caller can tell is asked when an alert prints it, and not before. */
static APART int ask_for_output(struct pipeline *p, facts_t reads, bool unsure, struct error *err)
{
	p->needs.count = 0;
	if (unsure)
		needs_add(&p->needs, NEED_RACED, p->ctx.ev->tid, -1);
	if (reads & FACT_CALLER)
		needs_add(&p->needs, NEED_REGION, p->ctx.ev->tid, -1);
	if (reads & FACT_STACK)
		needs_add(&p->needs, NEED_STACK, p->ctx.ev->tid, -1);
	return fetch(p, err);
}

void pipeline_alert(struct pipeline *p, const struct alert *a)
{
	p->stats.alerts++;
	p->stats.by_priority[a->priority]++;
	if (a->priority < p->stats.highest)
		p->stats.highest = a->priority;
	deliver(p, a);
}

static APART void expire_limits(struct pipeline *p, uint64_t now)
{
	const struct alert *a;

	while ((a = limits_expire(p->options.limits, now)))
		pipeline_alert(p, a);
}

void pipeline_idle(struct pipeline *p, uint64_t now)
{
	if (p->options.limits && limits_are_live(p->options.limits) && limits_are_due(p->options.limits, now))
		expire_limits(p, now);
}

static int alert(struct pipeline *p, uint32_t rule, struct error *err)
{
	facts_t reads = ruleset_output_reads(p->options.rules, rule);
	/* every alert says when what it tells could have been changed */
	bool unsure = p->asks && p->ctx.ev->ext && p->ctx.ev->ext->raced == RACED_NO;
	struct limits_burst *burst = NULL;
	struct alert a;
	int r;

	r = unsure || reads & (FACT_CALLER | FACT_STACK) ? ask_for_output(p, reads, unsure, err) : 0;
	if (r < 0)
		return r;
	p->ctx.held = 0;
	if (p->options.limits)
		burst = limits_hold(p->options.limits, &p->ctx, rule);
	r = engine_render(p->engine, &p->ctx, rule, &a, err);
	if (r < 0)
		return r;
	p->by_rule[rule]++;
	if (burst) {
		p->stats.held++;
		limits_keep(p->options.limits, burst, &a);
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
	if (evaluate(p, ev, false, &hits) == OUTCOME_YES)
		r = alert_all(p, &hits, err);
	observe(p);
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

static APART int match(struct pipeline *p, const struct event *ev, struct error *err)
{
	enum outcome outcome;
	struct hits hits;
	int round, r;

	for (round = 0;; round++) {
		outcome = evaluate(p, ev, round < FETCH_ROUNDS, &hits);
		if (outcome != OUTCOME_MAYBE || round == FETCH_ROUNDS)
			break;
		r = fetch(p, err);
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
	observe(p);
	if (r < 0 || !has_other_path(p, ev))
		return r;
	remember_hits(p, &hits);
	r = judge_real_path(p, ev, err);
	p->nseen = 0;
	return r;
}

/* No rule looks at such an event; who asks about it is told why. */
static APART void show(struct pipeline *p, const struct event *ev)
{
	arena_reset(p->arena);
	p->ctx.ev = ev;
	p->ctx.needs = NULL;
	observe(p);
}

/* ---- the two kinds of events ---------------------------------------------------------------------------------------- */

static inline void note_time(struct pipeline *p, const struct event *ev)
{
	if (!p->ctx.first_ts && !(ev->info->category & EC_METAEVENT))
		p->ctx.first_ts = ev->ts;
}

/* What the event is about must be known before it is applied: a dup of an unknown descriptor would make another one. */
static APART int prepare(struct pipeline *p, const struct event *ev, struct error *err)
{
	int r;

	r = state_preview(p->state, ev, &p->ctx.subject);
	if (r < 0)
		return error_errno(err, r, "state");
	subject_needs(p, ev);
	return fetch(p, err);
}

static APART bool inspect(struct pipeline *p, const struct event *ev)
{
	arena_reset(p->arena);
	p->ctx.ev = ev;
	p->ctx.needs = NULL;
	return p->options.inspect(p->options.inspect_context, &p->ctx);
}

static EVERY int handle_complete(struct pipeline *p, struct event *ev, struct error *err)
{
	bool shown = !(ev->flags & EVENT_FLAG_STATE_ONLY);
	int r;

	p->needs.count = 0;
	r = p->held.first ? apply_held(p, ev, err) : 0;
	if (r == 0 && p->asks)
		r = prepare(p, ev, err);
	if (r < 0)
		return r;
	r = state_apply(p->state, ev, &p->ctx.subject);
	if (r < 0)
		return error_errno(err, r, "state");
	if (shown) {
		ev->number = ++p->stats.events;
		if (p->options.limits && limits_are_due(p->options.limits, ev->ts))
			expire_limits(p, ev->ts);
		note_time(p, ev);
		if (!(ev->flags & EVENT_FLAG_UNSHOWN) && (!p->options.inspect || inspect(p, ev)) &&
		    ruleset_wants_event(p->options.rules, ev))
			r = match(p, ev, err);
		else if (p->options.observer)
			show(p, ev);
		p->ctx.previous_ts = ev->ts;
	}
	/* behind the answers that its evaluation asked for */
	if (r >= 0 && p->options.record)
		r = p->options.record(p->options.record_context, ev, err);
	state_settle(p->state, ev);
	return r < 0 ? r : 1;
}

/*
 * Whether the state would be wrong later if we never learnt this call's result. Descriptors of a source that does not
 * report them are asked for when a rule looks at one.
 */
static bool depends_on_result(const struct pipeline *p, const struct event *ev)
{
	return ev->info->writes & p->facts;
}

/* Only what was opened tells its real path. */
static bool needs_real_path(const struct pipeline *p, const struct event *ev)
{
	return p->options.match_realpath && !ev->failure_only && ev->info->flags & EF_CREATES_FD && ev->info->derivable & FACT_FD &&
	       ev->info->category & EC_SYSCALL && (ev->info->category & EC_MASK) == EC_FILE &&
	       ruleset_wants_type(p->options.rules, ev->type);
}

/* An open, whose two ends say much of the descriptor already: what is asked to be a directory is no file, a failure no number. */
static bool has_ends(const struct event *ev)
{
	return ev->info->flags & EF_CREATES_FD && (ev->info->category & EC_MASK) == EC_FILE;
}

/* Each end by itself; the needs are those of the end that may match. */
static APART enum outcome judge_ends(struct pipeline *p, const struct event *ev, bool may_ask)
{
	enum outcome outcome = OUTCOME_NO;
	struct hits hits;

	for (int end = SUPPOSED_SUCCESS; end <= SUPPOSED_FAILURE && outcome == OUTCOME_NO; end++) {
		p->needs.count = 0;
		p->ctx.supposed = (enum supposed_end)end;
		outcome = evaluate(p, ev, may_ask, &hits);
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
		outcome = has_ends(ev) ? judge_ends(p, ev, may_ask) : evaluate(p, ev, may_ask, &hits);
		if (outcome != OUTCOME_NO)
			observe(p);
		if (outcome != OUTCOME_MAYBE)
			break;
		r = fetch(p, err);
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	*ret_outcome = outcome;
	return 0;
}

/* A caller that was killed while we thought needs no answer. */
static int answer(struct pipeline *p, const struct event *ev, struct error *err)
{
	struct verdict go_on = { .kind = VERDICT_CONTINUE };
	int r = p->source->ops->answer(p->source, ev, go_on, err);

	return r == -ESRCH || r == -ENOENT ? 0 : r;
}

static int complete(struct pipeline *p, const struct event *ev, struct error *err)
{
	struct event done;
	int r, r_answer;

	r = p->source->ops->complete(p->source, ev, &done, err);
	if (r == -ESRCH || r == -ENOENT)
		return 1;
	if (r < 0)
		return r;
	p->stats.completed++;
	if (r == 0)
		return 1;
	r = event_clean(&done, &p->clean, err);
	if (r == 0)
		r = handle_complete(p, &done, err);
	/* also after a failure of ours: nobody is left waiting */
	r_answer = answer(p, &done, r < 0 ? NULL : err);
	return r < 0 ? r : r_answer < 0 ? r_answer : 1;
}

static int hold_for_call(void *context, const struct event *ev)
{
	struct pipeline *p = context;

	return answers_hold(&p->held, ev, p->holding);
}

/*
 * What is recorded has its result and what it was about: a close can be asked for its descriptor only before it is done. The
 * answers wait for the call's end, since others' events can come first.
 */
static APART int record_call(struct pipeline *p, const struct event *ev, struct error *err)
{
	int r = state_preview(p->state, ev, &p->ctx.subject);

	if (r < 0) {
		error_errno(err, r, "state");
	} else {
		subject_needs(p, ev);
		p->holding = ev->call;
		r = fetch_to(p, hold_for_call, err);
	}
	if (r < 0) {
		(void)answer(p, ev, NULL);
		return r;
	}
	return complete(p, ev, err);
}

static APART int handle_provisional(struct pipeline *p, const struct event *ev, struct error *err)
{
	enum outcome outcome = OUTCOME_NO;
	int r;

	p->stats.provisional++;
	p->needs.count = 0;
	if (p->options.record)
		return record_call(p, ev, err);
	if (depends_on_result(p, ev) || needs_real_path(p, ev))
		return complete(p, ev, err);
	if (ruleset_wants_type(p->options.rules, ev->type)) {
		r = judge_entry(p, ev, &outcome, err);
		if (r < 0) {
			(void)answer(p, ev, NULL);
			return r;
		}
	}
	if (outcome != OUTCOME_NO)
		return complete(p, ev, err);
	p->stats.answered_at_entry++;
	r = answer(p, ev, err);
	return r < 0 ? r : 1;
}

static EVERY int step(struct pipeline *p, struct error *err)
{
	struct event ev;
	int r;

	r = p->source->ops->next(p->source, &ev, err);
	if (r <= 0)
		return r;
	r = p->cleans[ev.type] ? event_clean(&ev, &p->clean, err) : 0;
	if (r < 0) {
		if (ev.provisional)
			(void)answer(p, &ev, NULL);
		return r;
	}
	if (is_answer(p, &ev))
		return hold_answer(p, &ev, err);
	return ev.provisional ? handle_provisional(p, &ev, err) : handle_complete(p, &ev, err);
}

int pipeline_steps(struct pipeline *p, unsigned int n, struct error *err)
{
	int r;

	do
		r = step(p, err);
	while (--n && r >= 0);
	return r;
}

void pipeline_flush(struct pipeline *p)
{
	size_t i;

	if (p->options.limits)
		expire_limits(p, UINT64_MAX);

	for (i = 0; i < p->options.noutputs; i++) {
		struct output *o = p->options.outputs[i];
		struct error err = { 0 };

		if (o->ops->flush && o->ops->flush(o, &err) < 0 && !p->stats.output_error.code)
			p->stats.output_error = err;
	}
}

void pipeline_stats(const struct pipeline *p, struct pipeline_stats *ret_stats)
{
	size_t i;

	*ret_stats = p->stats;
	ret_stats->by_rule = p->by_rule;
	ret_stats->outputs_failed = 0;
	for (i = 0; i < p->options.noutputs; i++)
		ret_stats->outputs_failed += p->options.outputs[i]->failed;
	state_stats(p->state, &ret_stats->state);
	ret_stats->threads_dropped = ret_stats->state.threads_dropped;
	ret_stats->fds_dropped = ret_stats->state.fds_dropped;
}

int pipeline_list(struct pipeline *p, const struct state_lister *to)
{
	return state_list(p->state, to);
}

uint64_t pipeline_time(const struct pipeline *p)
{
	return p->ctx.previous_ts;
}

const struct scap_receiver *pipeline_receiver(struct pipeline *p)
{
	return &p->receiver.to;
}

/* ---- life ------------------------------------------------------------------------------------------------------------ */

static void fill_context(struct pipeline *p)
{
	p->ctx = (struct field_context){
		.state = p->state,
		.arena = p->arena,
		.static_values = p->options.static_values,
		.hostname = str_of(p->options.hostname ? p->options.hostname : ""),
		.source_name = p->options.source_name.len ? p->options.source_name : STR("syscall"),
		.real_path = STR(""),
		.base64_buffers = p->options.base64_buffers,
	};
	state_receiver_init(&p->receiver, p->state, p->options.known_fds);
}

/* Texts are cleaned for who reads them: the state, rules and their outputs, or whoever gets to see every event. */
static void mark_texts(struct pipeline *p)
{
	bool seen = p->options.record || p->options.inspect || p->options.observer;

	for (uint16_t type = 0; type < EV_COUNT; type++)
		p->cleans[type] = event_type_has_texts(type) &&
				  (seen || state_reads_type(p->state, type) || ruleset_wants_type(p->options.rules, type));
}

int pipeline_new(struct source *source, const struct pipeline_options *options, struct pipeline **ret_pipeline, struct error *err)
{
	struct state_options state_options = {
		.traits = source->traits,
		.max_threads = options->max_threads,
		.container_plugin = options->container_plugin,
	};
	const struct intercept_set *wants = options->intercept ? options->intercept : ruleset_wants(options->rules);
	auto_pipeline struct pipeline *p = calloc(1, sizeof(*p));
	size_t nrules = ruleset_count(options->rules);
	int r;

	if (!p)
		return error_set(err, -ENOMEM, "out of memory");
	p->source = source;
	p->options = *options;
	p->stats.highest = PRIORITY_COUNT;
	p->asks = source->ops->fetch;
	p->replays_answers = !p->asks && !(source->traits & SOURCE_REPORTS_FDS);
	p->facts = wants->facts;
	if (!(source->traits & SOURCE_REPORTS_FDS))
		p->facts &= ~(facts_t)FACT_FD;
	p->by_rule = calloc(nrules + 1, sizeof(*p->by_rule));
	p->seen = calloc(nrules + 1, sizeof(*p->seen));
	p->arena = arena_new(ARENA_BYTES);
	p->state = state_new(&state_options);
	if (!p->by_rule || !p->seen || !p->arena || !p->state)
		return error_set(err, -ENOMEM, "out of memory");
	r = engine_new(options->rules, p->state, &p->engine, err);
	if (r < 0)
		return r;
	mark_texts(p);
	fill_context(p);
	r = source->ops->intercept ? source->ops->intercept(source, wants, err) : 0;
	if (r < 0)
		return r;
	*ret_pipeline = take_ptr(p);
	return 0;
}

void pipeline_free(struct pipeline *p)
{
	if (!p)
		return;
	answers_free(&p->held);
	engine_free(p->engine);
	state_free(p->state);
	arena_free(p->arena);
	strbuf_free(&p->ctx.scratch);
	strbuf_free(&p->clean);
	strbuf_free(&p->answer);
	free(p->by_rule);
	free(p->seen);
	free(p);
}
