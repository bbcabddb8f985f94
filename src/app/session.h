/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_SESSION_H
#define MONITOR_APP_SESSION_H

#include "app/options.h"
#include "app/output_list.h"
#include "app/pipeline.h"
#include "app/plugins.h"
#include "app/rules_input.h"
#include "tracer/figures.h"

/*
 * What the commands that evaluate events have in common: rules, outputs, one pipeline, their counts. Zero-initialise;
 * session_free() in any state.
 */
struct config;
#define SESSION_INTERNAL 16 /* there are fewer; more would not be told apart */

struct session {
	struct rules_input input;
	struct ruleset *rules;
	struct output_list outputs;
	const struct config *config; /* in force; NULL = none. Borrowed, and another one after a reload */
	struct limits *limits; /* NULL = none; owned */
	struct source *source;
	struct pipeline *pipeline;
	const struct figures *figures; /* the tracer's, of each system call; NULL = another source */
	/* with plugins: what they look into, and they; both owned, NULL without */
	struct state *state;
	struct plugin_host *plugins;
	struct pipeline_source *others; /* owned; see pipeline_options */
	size_t nothers;
	/*
	 * Sessions of other event sources, each on a thread of its own, with outputs and numbers of rules
	 * that are this one's; borrowed
	 */
	struct session *const *peers;
	size_t npeers;
	char hostname[65];
	struct str source_name; /* of the events; empty = "syscall". Borrowed */
	uint64_t start_ts, reload_ts; /* epoch ns: of the program, of the rules that are in force */
	uint64_t reloads, reloads_refused;
	/*
	 * alerts that came of no rule, by the names that they have in place of one: static texts, those of
	 * internal_alert_raise()'s callers
	 */
	struct session_internal {
		const char *name;
		uint64_t alerts;
	} internal[SESSION_INTERNAL]; /* up to the first without a name */
};

/*
 * The files given by an option, else those that are in the input already, else the default ones; compiled
 * with the options, for all event sources of plugins (NULL = none).
 */
int session_load_rules(struct session *s, const struct options *o, enum option_id id,
		       const struct engine_options *options, const struct plugins *plugins, bool warnings,
		       struct error *err);
/* Compiles what is in the input. */
int session_compile_rules(struct session *s, const struct engine_options *options, const struct plugins *plugins,
			  bool warnings, struct error *err);
/* The plugins that have to do with settings' source, before the source is opened and session_start() called. */
int session_start_plugins(struct session *s, const struct plugins *plugins, const struct pipeline_options *settings,
			  bool live, struct error *err);
/* The pipeline of source (taken over); settings has what the session does not know. */
int session_start(struct session *s, struct source *source, const struct pipeline_options *settings, struct error *err);
/* One step of the pipeline, as pipeline_steps(). What goes on beside it is housekeeping.h. */
int session_step(struct session *s, struct error *err);
/*
 * Up to n events of a source that never waits: losses and signals need a look only once in a while. Returns as
 * session_step() for the last of them.
 */
int session_steps(struct session *s, unsigned int n, struct error *err);
#define SESSION_BATCH 64
/* Of all event sources: what happened, and the alerts of a rule. */
void session_counts(const struct session *s, struct pipeline_counts *ret_counts);
uint64_t session_rule_alerts(const struct session *s, size_t rule);
/* Falco's closing statistics: alerts by priority and by rule; those of no rule (metrics, losses) are not in them. */
void session_add_rule_counts(const struct session *s, struct strbuf *out);
void session_free(struct session *s);

/* --fail-on's value, PRIORITY_COUNT when it was not given. -EINVAL when it is no priority. */
int session_fail_on(const struct options *o, enum option_id id, struct error *err);
/* Whether an alert of that priority or above came. */
bool session_failed_on(const struct session *s, int priority);
/* Why no rule can ever match; NULL when one can. */
const char *session_idle_reason(const struct session *s);

static inline void session_autofree(struct session *s)
{
	session_free(s);
}
#define auto_session __attribute__((cleanup(session_autofree)))

#endif
