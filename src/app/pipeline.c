/* SPDX-License-Identifier: Apache-2.0 */
/* One source, one state, one rule set: the order in which each event goes through them. */
#include <errno.h>

#include "app/limits.h"
#include "app/pipeline_internal.h"
#include "base/clock.h"
#include "event/clean.h"

/* What every event runs through is one function, without the rarer parts, so that it has few registers to save. */
#define APART __attribute__((noinline))
#define EVERY inline __attribute__((always_inline))
/* What a replay without further wishes has not: laid out so that it costs a test that falls through. */
#define RARELY(x) __builtin_expect(!!(x), 0)

/* An event's values: texts of a few paths and arguments. */
#define ARENA_BYTES 16384

static inline void note_time(struct pipeline *p, const struct event *ev)
{
	if (RARELY(!p->ctx.first_ts) && !(ev->info->category & EC_METAEVENT))
		p->ctx.first_ts = ev->ts;
}

/* What the event is about must be known before it is applied: a dup of an unknown descriptor would make another one. */
static APART int prepare(struct pipeline *p, const struct event *ev, struct error *err)
{
	int r;

	p->needs.count = 0;
	r = state_preview(p->state, ev, &p->ctx.subject);
	if (r < 0)
		return error_errno(err, r, "state");
	pipeline_subject_needs(p, ev);
	return pipeline_fetch(p, err);
}

static EVERY int handle_complete(struct pipeline *p, struct event *ev, struct error *err)
{
	bool counts = !RARELY(ev->flags & EVENT_FLAG_STATE_ONLY) || ev->flags & EVENT_FLAG_UNSHOWN;
	int r;

	r = RARELY(p->held.first) ? pipeline_apply_held(p, ev, err) : 0;
	if (r == 0 && RARELY(p->asks))
		r = prepare(p, ev, err);
	if (r < 0)
		return r;
	r = state_apply(p->state, ev, &p->ctx.subject);
	if (r < 0)
		return error_errno(err, r, "state");
	if (RARELY(p->njudges > 1))
		pipeline_choose_judge(p, ev);
	if (counts) {
		pipeline_add_one(&p->stats.events);
		ev->number = p->stats.events;
		if (RARELY(pipeline_parses(p, ev->type)))
			pipeline_parse(p, ev);
		if (RARELY(p->options.limits) && limits_are_due(p->options.limits, ev->ts))
			pipeline_expire_limits(p, ev->ts);
		note_time(p, ev);
		if (!(ev->flags & EVENT_FLAG_UNSHOWN) && (!RARELY(p->options.inspect) || pipeline_inspect(p, ev)) &&
		    p->types[ev->type].wanted && ruleset_wants_event(p->judge->rules, ev))
			r = pipeline_match(p, ev, err);
		else if (RARELY(p->options.observer))
			pipeline_show(p, ev);
		p->ctx.previous_ts = ev->ts;
	}
	/* behind the answers that its evaluation asked for */
	if (RARELY(p->options.record) && r >= 0)
		r = p->options.record(p->options.record_context, ev, err);
	state_settle(p->state, ev);
	return r < 0 ? r : 1;
}

/* The one that is not laid out for the events of a replay. */
static APART int handle_rarer(struct pipeline *p, struct event *ev, struct error *err)
{
	return handle_complete(p, ev, err);
}

static APART int handle_entry(struct pipeline *p, const struct event *ev, struct error *err)
{
	struct event done;
	int r, r_answer;

	r = pipeline_entry(p, ev, &done, err);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = event_clean(&done, event_texts(done.type), &p->clean, err);
	if (r == 0)
		r = handle_rarer(p, &done, err);
	/* also after a failure of ours: nobody is left waiting */
	r_answer = pipeline_answer(p, &done, r < 0 ? NULL : err);
	return r < 0 ? r : r_answer < 0 ? r_answer : 1;
}

/* Those up to the time of the source's own next event; without one up to now, or all when the source has ended. */
static APART int handle_plugins_events(struct pipeline *p, const struct event *next, bool ended, struct error *err)
{
	uint64_t until = next ? next->ts : ended ? UINT64_MAX : clock_ns(CLOCK_REALTIME);
	struct event ev;
	int r;

	do {
		r = pipeline_next_async(p, until, &ev, err);
		if (r > 0)
			r = handle_rarer(p, &ev, err);
	} while (r > 0);
	return r;
}

static EVERY int step(struct pipeline *p, struct error *err)
{
	struct event ev;
	int r, r_async = 0;

	r = p->source->ops->next(p->source, &ev, err);
	if (RARELY(p->options.plugins) && (r >= 0 || r == -ENODATA))
		r_async = handle_plugins_events(p, r == 1 ? &ev : NULL, r < 0, err);
	if (RARELY(r <= 0))
		return r_async < 0 ? r_async : r;
	r = r_async < 0             ? r_async :
	    p->types[ev.type].texts ? event_clean(&ev, p->types[ev.type].texts, &p->clean, err) :
				      0;
	if (r < 0) {
		if (ev.provisional)
			(void)pipeline_answer(p, &ev, NULL);
		return r;
	}
	if (RARELY(pipeline_is_answer(p, &ev)))
		return pipeline_hold_answer(p, &ev, err);
	return RARELY(ev.provisional) ? handle_entry(p, &ev, err) : handle_complete(p, &ev, err);
}

int pipeline_steps(struct pipeline *p, unsigned int n, struct error *err)
{
	int r;

	do {
		r = step(p, err);
		if (RARELY(r <= 0))
			break;
	} while (--n);
	return r;
}

void pipeline_stats(const struct pipeline *p, struct pipeline_stats *ret_stats)
{
	size_t i;

	*ret_stats = p->stats;
	ret_stats->by_rule = p->by_rule;
	ret_stats->outputs_failed = p->lost_before;
	for (i = 0; i < p->options.noutputs; i++)
		ret_stats->outputs_failed += p->options.outputs[i]->failed;
	state_stats(p->state, &ret_stats->state);
	ret_stats->threads_dropped = ret_stats->state.threads_dropped;
	ret_stats->fds_dropped = ret_stats->state.fds_dropped;
}

void pipeline_count(const struct pipeline *p, struct pipeline_counts *ret_counts)
{
	ret_counts->events = __atomic_load_n(&p->stats.events, __ATOMIC_RELAXED);
	ret_counts->alerts = __atomic_load_n(&p->stats.alerts, __ATOMIC_RELAXED);
	for (int i = 0; i < PRIORITY_COUNT; i++)
		ret_counts->by_priority[i] = __atomic_load_n(&p->stats.by_priority[i], __ATOMIC_RELAXED);
}

uint64_t pipeline_rule_alerts(const struct pipeline *p, size_t rule)
{
	return __atomic_load_n(&p->by_rule[rule], __ATOMIC_RELAXED);
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

/* ---- life ---------------------------------------------------------------------------------------------- */

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
		.maker = p->options.plugins ? plugin_host_text : NULL,
		.maker_context = p->options.plugins,
	};
	state_receiver_init(&p->receiver, p->state, p->options.known_fds);
}

/* Texts are cleaned for who reads them: the state, rules and their outputs, or whoever gets to see every event. */
void pipeline_note_rules(struct pipeline *p)
{
	const struct intercept_set *wants =
		p->options.intercept ? p->options.intercept : ruleset_wants(p->options.rules);
	bool seen = p->options.record || p->options.inspect || p->options.observer || p->options.plugins ||
		    p->options.nothers;

	p->facts = wants->facts;
	if (!(p->source->traits & SOURCE_REPORTS_FDS))
		p->facts &= ~(facts_t)FACT_FD;
	for (uint16_t type = 0; type < EV_COUNT; type++) {
		bool wanted = p->options.nothers || ruleset_wants_type(p->options.rules, type);

		p->types[type].wanted = wanted;
		p->types[type].texts = seen || wanted || state_reads_type(p->state, type) ? event_texts(type) : 0;
	}
}

static int new_judges(struct pipeline *p, struct error *err)
{
	const struct pipeline_options *o = &p->options;
	int r = 0;

	p->judges = calloc(1 + o->nothers, sizeof(*p->judges));
	if (!p->judges)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i <= o->nothers && r == 0; i++) {
		struct judge *j = &p->judges[i];

		j->id = i ? o->others[i - 1].id : 0;
		j->source = i ? o->others[i - 1].name : p->ctx.source_name;
		j->rules = i ? o->others[i - 1].rules : o->rules;
		r = engine_new(j->rules, p->state, &j->engine, err);
		p->njudges++;
	}
	p->judge = p->judges;
	return r;
}

int pipeline_new(struct source *source, const struct pipeline_options *options, struct pipeline **ret_pipeline,
		 struct error *err)
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
	p->by_rule = calloc(nrules + 1, sizeof(*p->by_rule));
	p->seen = calloc(nrules + 1, sizeof(*p->seen));
	p->arena = arena_new(ARENA_BYTES);
	p->state = options->state ? options->state : state_new(&state_options);
	if (!p->by_rule || !p->seen || !p->arena || !p->state)
		return error_set(err, -ENOMEM, "out of memory");
	state_set_traits(p->state, source->traits);
	if (state_share_host(p->state, source->container) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	fill_context(p);
	r = new_judges(p, err);
	if (r < 0)
		return r;
	pipeline_note_rules(p);
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
	for (size_t i = 0; i < p->njudges; i++)
		engine_free(p->judges[i].engine);
	free(p->judges);
	if (!p->options.state)
		state_free(p->state);
	arena_free(p->arena);
	strbuf_free(&p->ctx.scratch);
	strbuf_free(&p->clean);
	strbuf_free(&p->answer);
	free(p->by_rule);
	free(p->seen);
	free(p);
}
