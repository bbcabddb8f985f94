/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PIPELINE_H
#define MONITOR_APP_PIPELINE_H

#include "output/output.h"
#include "plugin/host.h"
#include "rule/engine.h"
#include "source/scap.h"
#include "source/source.h"
#include "state/state.h"

/*
 * The loop: source → state → engine → alert → outputs, with the order per event that every mode relies on: apply →
 * match → render → settle. A provisional event is previewed and evaluated in three values; it is answered at once when
 * no rule can match and the state does not depend on its result, else fetched for, and completed. One pipeline per
 * source, on one thread.
 */
struct pipeline;

/* Who wants to watch how events are judged (explanations). Costs nothing where there is none. */
struct pipeline_observer {
	void *context;
	/*
	 * An event was evaluated, shown or not wanted by any rule: ctx is as the engine saw it, with needs
	 * when they can be met.
	 */
	void (*judged)(void *context, struct field_context *ctx);
	/* What an evaluation lacked is about to be asked of the source. */
	void (*fetched)(void *context, const struct needs *needs);
};

struct pipeline_options {
	const struct ruleset *rules;
	struct output *const *outputs;
	size_t noutputs;
	const char *hostname;
	struct str source_name; /* of its events; empty = "syscall" */
	bool base64_buffers;
	bool match_realpath; /* judge opens a second time by the real path; they are always completed then */
	const struct str *static_values;
	bool container_plugin;
	size_t max_threads; /* that are remembered; 0 = STATE_THREADS */
	/* A state that was made before the source was open (plugins look into it); borrowed. NULL = its own */
	struct state *state;
	struct plugin_host *plugins; /* parse events and add their own; borrowed, open; NULL = none */
	/*
	 * What a capture has beside system calls: the events of plugins by their ids, and the rules for them.
	 * Borrowed.
	 */
	const struct pipeline_source {
		uint32_t id;
		struct str name;
		const struct ruleset *rules; /* of the same files as rules: their numbers are the same */
	} *others;
	size_t nothers;
	/* what is asked of the source, as wide as the rules' own at least; NULL = that */
	const struct intercept_set *intercept;
	const struct pipeline_observer *observer; /* NULL = none; borrowed */
	/*
	 * Looks at each event that is shown to the rules, before they do; false keeps it from them. NULL =
	 * nobody looks. What it puts into ctx->arena dies with the next evaluation.
	 */
	bool (*inspect)(void *context, struct field_context *ctx);
	void *inspect_context;
	/*
	 * Gets every event that the state gets; what a capture is written from. Answers to needs come, as
	 * "state only", before the event that asked for them. Every call that is held is followed to its
	 * result then, also when no rule can match. NULL = nobody does. Negative ends the run.
	 */
	int (*record)(void *context, const struct event *ev, struct error *err);
	/* A rule has alerted on an event that record() is about to get. NULL = nobody asks. */
	void (*alerted)(void *context, const struct event *ev, uint32_t rule);
	void *record_context; /* of both */
	struct limits *limits; /* of alerts; NULL = none, borrowed */
	/*
	 * The descriptor lists of captures hold for the state. Otherwise they are for other readers: see
	 * receive_fd().
	 */
	bool known_fds;
};

struct pipeline_stats {
	uint64_t events; /* shown to the rules: complete, not "state only" */
	uint64_t answered_at_entry; /* calls that waited at their entry and were let go there */
	uint64_t fetched; /* times that the source was asked for what the state lacked */
	uint64_t unanswered; /* needs beyond the limit of one event, taken for absent */
	uint64_t threads_dropped, fds_dropped; /* the state's tables were full */
	struct state_stats state;
	uint64_t alerts;
	uint64_t held; /* rules' alerts that limits held back; each burst's last one is delivered later */
	uint64_t outputs_failed; /* alerts that an output could not deliver */
	struct error output_error; /* the first such failure */
	uint64_t by_priority[PRIORITY_COUNT];
	const uint64_t *by_rule; /* indexed as in the ruleset */
	enum priority highest; /* PRIORITY_COUNT when there was no alert */
};

/*
 * Joins a source (borrowed) and a rule set. The source learns here what is wanted, so a synchronous source starts its
 * workload here.
 */
int pipeline_new(struct source *source, const struct pipeline_options *options, struct pipeline **ret_pipeline,
		 struct error *err);
void pipeline_free(struct pipeline *p);
DEFINE_AUTO(struct pipeline, pipeline, pipeline_free);
#define auto_pipeline AUTO(pipeline)

/*
 * Other rules between two events, in two steps, so that several pipelines can change together: what can
 * refuse is the first. Of options rules, limits, static values, base64_buffers and intercept count, the rest
 * stays as it was. -EOPNOTSUPP: the source cannot deliver what the rules want any more; one that does not
 * refuse has been asked when this returns, so take it or make another.
 */
struct pipeline_change;
int pipeline_change_new(struct pipeline *p, const struct pipeline_options *options, struct pipeline_change **ret_change,
			struct error *err);
void pipeline_change_free(struct pipeline_change *c); /* accepts NULL */
DEFINE_AUTO(struct pipeline_change, pipeline_change, pipeline_change_free);
#define auto_pipeline_change AUTO(pipeline_change)
/* Frees c. Counts of rules go on under their names. What was in use until now may be freed. */
void pipeline_change_take(struct pipeline *p, struct pipeline_change *c);
/* The list of outputs that the pipeline was given has changed; lost: alerts, by those that are no longer in it. */
void pipeline_outputs_changed(struct pipeline *p, size_t noutputs, uint64_t lost);

/*
 * Handles up to n events, n > 0. The result is the last step's: 1 = one event handled; what ends it sooner is
 * 0 = nothing now, -ENODATA = end, other negative = failure.
 */
int pipeline_steps(struct pipeline *p, unsigned int n, struct error *err);
/* No event has come for a while, and this is the time (ns): what waits for it is delivered. Live sources only. */
void pipeline_idle(struct pipeline *p, uint64_t now);
/* Sends an alert that comes of no rule. */
void pipeline_alert(struct pipeline *p, const struct alert *a);
/*
 * Delivers what limits hold back and makes the outputs write what they do. Failures are counted like those of
 * a send.
 */
void pipeline_flush(struct pipeline *p);
void pipeline_stats(const struct pipeline *p, struct pipeline_stats *ret_stats);

/* The figures that other threads may ask for, too, while the pipeline runs. */
struct pipeline_counts {
	uint64_t events, alerts;
	uint64_t by_priority[PRIORITY_COUNT];
};
void pipeline_count(const struct pipeline *p, struct pipeline_counts *ret_counts);
uint64_t pipeline_rule_alerts(const struct pipeline *p, size_t rule);

/* Lists what the state knows of processes, descriptors and containers, as state_list(). */
int pipeline_list(struct pipeline *p, const struct state_lister *to);

/* The time of the last event that was shown to the rules; 0 before the first. */
uint64_t pipeline_time(const struct pipeline *p);

/* Where the metadata of a capture goes (source_scap_receive()), before the first step. */
const struct scap_receiver *pipeline_receiver(struct pipeline *p);

#endif
