/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PIPELINE_INTERNAL_H
#define MONITOR_APP_PIPELINE_INTERNAL_H

#include "app/answers.h"
#include "app/pipeline.h"
#include "app/state_receiver.h"

/* What the pipeline's files share. Nobody else includes this. */

struct pipeline {
	struct source *source;
	struct pipeline_options options;
	struct state *state;
	/* The rules for the event at hand, by its event source: those of options.rules first, then of the others. */
	struct judge {
		uint32_t id;
		struct str source;
		const struct ruleset *rules;
		struct engine *engine;
	} *judges, *judge;
	size_t njudges;
	struct arena *arena; /* values of the event at hand */
	struct strbuf clean, answer; /* the event at hand and an answer to a need, when their texts had to be cleaned */
	struct field_context ctx;
	struct needs needs;
	struct state_receiver receiver;
	facts_t facts; /* that the rules read and only a call's result tells; see depends_on_result() */
	bool asks; /* the source can answer needs */
	struct { /* by pipeline_note_rules() */
		uint64_t texts; /* bit i: parameter i is a text that somebody reads */
		bool wanted; /* by a rule, or rules of other sources might */
	} types[EV_COUNT];
	struct pipeline_stats stats;
	uint64_t *by_rule;
	uint64_t lost_before; /* alerts, by outputs that are gone */
	/* hits of the first evaluation, kept while the second one by the real path runs */
	uint32_t *seen;
	uint32_t nseen;
	bool replays_answers; /* see pipeline_hold_answer() */
	struct answers held;
	uint64_t holding; /* the call that answers are being held for */
};

/* Only this thread writes; others look at pipeline_count(). */
static inline void pipeline_add_one(uint64_t *figure)
{
	__atomic_store_n(figure, *figure + 1, __ATOMIC_RELAXED);
}

/* Answers can raise new questions (a process, then its parent); after these rounds the rest is absent. */
#define FETCH_ROUNDS 4

/* ---- pipeline_ask.c: what the state lacks ---- */

static inline bool pipeline_is_answer(const struct pipeline *p, const struct event *ev)
{
	return p->replays_answers && ev->info->category & EC_ITER && ev->flags & EVENT_FLAG_STATE_ONLY &&
	       p->held.bytes < ANSWERS_HELD_BYTES;
}

/*
 * Captures of a source that was asked hold its answers before the event that asked for them. They are applied
 * when that event is known: what an earlier call had learnt of descriptors is forgotten first, as it was
 * live.
 */
int pipeline_hold_answer(struct pipeline *p, const struct event *ev, struct error *err);
int pipeline_apply_held(struct pipeline *p, const struct event *ev, struct error *err);

void pipeline_subject_needs(struct pipeline *p, const struct event *ev);
/* 1 = something was asked for (and the state may know more now), 0 = there was nothing to ask. */
int pipeline_fetch(struct pipeline *p, struct error *err);
/* the same, the answers given to another */
int pipeline_fetch_to(struct pipeline *p, source_sink to, struct error *err);

/* ---- pipeline_judge.c: from an event to alerts ---- */

enum outcome pipeline_evaluate(struct pipeline *p, const struct event *ev, bool may_ask, struct hits *ret_hits);
/* Lets the observer see how the event was judged. */
void pipeline_observe(struct pipeline *p);
/* Judges a complete event that the state has applied, and raises its alerts. */
int pipeline_match(struct pipeline *p, const struct event *ev, struct error *err);
void pipeline_show(struct pipeline *p, const struct event *ev);
/* Whether the filter on events lets this one be judged. */
bool pipeline_inspect(struct pipeline *p, const struct event *ev);

/* Delivers the last alerts of the bursts that are over by now. */
void pipeline_expire_limits(struct pipeline *p, uint64_t now);

/* ---- pipeline_plugins.c: what plugins have to do with it ---- */

/*
 * Chooses the rules by whose event it is. Events of plugins that nobody here knows are not shown, but keep
 * the state right.
 */
void pipeline_choose_judge(struct pipeline *p, struct event *ev);
/* shows it to plugins; the subject may be another then */
void pipeline_parse(struct pipeline *p, const struct event *ev);
/*
 * The next event that a plugin made by itself, up to this time (ns); borrowed until the following call. 1, 0
 * = none, or negative.
 */
int pipeline_next_async(struct pipeline *p, uint64_t until, struct event *ret_ev, struct error *err);

static inline bool pipeline_parses(const struct pipeline *p, uint16_t type)
{
	return p->options.plugins && plugin_host_parses(p->options.plugins, type);
}

/* ---- pipeline.c ---- */

void pipeline_note_rules(struct pipeline *p); /* what follows from the rules in options */

/* ---- pipeline_entry.c: calls at their entry ---- */

/*
 * 1: the call is done, *ret_done is its event, borrowed from the source, and the caller waits for
 * pipeline_answer(), however it fares. 0: nothing is left to do: the caller goes on, or is gone; if the
 * result is wanted, its event comes out of next().
 */
int pipeline_entry(struct pipeline *p, const struct event *ev, struct event *ret_done, struct error *err);
int pipeline_answer(struct pipeline *p, const struct event *ev, struct error *err); /* lets the caller go on */

#endif
