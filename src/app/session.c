/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "app/limits.h"
#include "app/session.h"
#include "app/plugin_guard.h"
#include "base/clock.h"

int session_compile_rules(struct session *s, const struct engine_options *options, const struct plugins *plugins,
			  bool warnings, struct error *err)
{
	auto_rule_loader struct rule_loader *loader = NULL;
	int r = rules_input_load(&s->input, options, warnings, &loader, err);

	if (r == 0)
		r = rules_input_finish(loader, options, &s->rules, err);
	return r == 0 && plugins ? plugins_compile_others(plugins, loader, &s->others, &s->nothers, err) : r;
}

int session_load_rules(struct session *s, const struct options *o, enum option_id id,
		       const struct engine_options *options, const struct plugins *plugins, bool warnings,
		       struct error *err)
{
	int r = rules_input_add_given(&s->input, o, id, err);

	return r < 0 ? r : session_compile_rules(s, options, plugins, warnings, err);
}

int session_start_plugins(struct session *s, const struct plugins *plugins, const struct pipeline_options *settings,
			  bool live, struct error *err)
{
	struct state_options options = { .max_threads = settings->max_threads,
					 .container_plugin = settings->container_plugin };

	if (!plugins->count)
		return 0;
	plugin_guard_start(plugins->call_seconds);
	s->state = state_new(&options);
	if (!s->state)
		return error_set(err, -ENOMEM, "out of memory");
	return plugins_start(plugins, settings->source_name, s->state, live, &s->plugins, err);
}

int session_start(struct session *s, struct source *source, const struct pipeline_options *settings, struct error *err)
{
	struct pipeline_options options = *settings;
	const char *name = getenv("FALCO_HOSTNAME"); /* for containers, whose own name says nothing */
	int r;

	s->source = source;
	s->source_name = settings->source_name;
	s->start_ts = s->reload_ts = clock_ns(CLOCK_REALTIME);
	if (name && *name)
		snprintf(s->hostname, sizeof(s->hostname), "%s", name);
	else if (gethostname(s->hostname, sizeof(s->hostname) - 1) < 0)
		s->hostname[0] = 0;
	options.rules = s->rules;
	options.outputs = s->outputs.list;
	options.noutputs = s->outputs.count;
	options.hostname = s->hostname;
	options.limits = s->limits;
	if (s->limits && limits_bind(s->limits, s->rules, err) < 0)
		return err->code;
	options.state = s->state;
	options.plugins = s->plugins;
	options.others = s->others;
	options.nothers = s->nothers;
	r = pipeline_new(source, &options, &s->pipeline, err);
	return r == 0 && s->plugins ? plugin_host_open(s->plugins, err) : r;
}

#define IDLE_NS 100000000u /* behind the clock: an event of before may still be on its way */
int session_steps(struct session *s, unsigned int n, struct error *err)
{
	int r = pipeline_steps(s->pipeline, n, err);

	if (r == 0)
		pipeline_idle(s->pipeline, clock_ns(CLOCK_REALTIME) - IDLE_NS);
	return r;
}

int session_step(struct session *s, struct error *err)
{
	return session_steps(s, 1, err);
}

/* "Informational" is "Info" here. */
static void add_priority(struct strbuf *out, enum priority p)
{
	const char *name = p == PRIORITY_INFORMATIONAL ? "Info" : priority_name(p);

	for (; *name; name++)
		strbuf_addc(out, *name >= 'a' && *name <= 'z' ? (char)(*name - 'a' + 'A') : *name);
}

uint64_t session_rule_alerts(const struct session *s, size_t rule)
{
	uint64_t n = pipeline_rule_alerts(s->pipeline, rule);

	for (size_t i = 0; i < s->npeers; i++)
		n += pipeline_rule_alerts(s->peers[i]->pipeline, rule);
	return n;
}

void session_counts(const struct session *s, struct pipeline_counts *ret_counts)
{
	pipeline_count(s->pipeline, ret_counts);
	for (size_t i = 0; i < s->npeers; i++) {
		struct pipeline_counts one;

		pipeline_count(s->peers[i]->pipeline, &one);
		ret_counts->events += one.events;
		ret_counts->alerts += one.alerts;
		for (int k = 0; k < PRIORITY_COUNT; k++)
			ret_counts->by_priority[k] += one.by_priority[k];
	}
}

void session_add_rule_counts(const struct session *s, struct strbuf *out)
{
	uint64_t all = 0, by_priority[PRIORITY_COUNT] = { 0 };
	auto_strbuf struct strbuf by_name = { 0 };
	struct rule_view rule;
	size_t i;

	for (i = 0; i < ruleset_count(s->rules); i++) {
		uint64_t alerts = session_rule_alerts(s, i);

		if (!alerts)
			continue;
		ruleset_get(s->rules, i, &rule);
		all += alerts;
		by_priority[rule.priority] += alerts;
		strbuf_addf(&by_name, "   " STR_FMT ": %" PRIu64 "\n", STR_ARG(rule.name), alerts);
	}
	strbuf_addf(out, "Events detected: %" PRIu64 "\nRule counts by severity:\n", all);
	for (i = 0; i < PRIORITY_COUNT; i++) {
		if (!by_priority[i])
			continue;
		strbuf_adds(out, "   ");
		add_priority(out, (enum priority)i);
		strbuf_addf(out, ": %" PRIu64 "\n", by_priority[i]);
	}
	strbuf_addf(out, "Triggered rules by rule name:\n" STR_FMT, STR_ARG(strbuf_str(&by_name)));
	out->failed |= by_name.failed;
}

void session_free(struct session *s)
{
	pipeline_free(s->pipeline);
	source_close(s->source);
	plugin_host_free(s->plugins); /* the end of events is told behind the source's, as in Falco */
	state_free(s->state);
	output_list_free(&s->outputs);
	limits_free(s->limits);
	plugins_free_others(s->others, s->nothers);
	ruleset_free(s->rules);
	rules_input_free(&s->input);
	*s = (struct session){ 0 };
}

int session_fail_on(const struct options *o, enum option_id id, struct error *err)
{
	const char *value = options_value(o, id, NULL);
	enum priority p;

	if (!value)
		return PRIORITY_COUNT;
	if (priority_parse(str_of(value), &p) < 0)
		return error_set(err, -EINVAL, "--%s takes a priority (Emergency to Debug), not \"%s\"",
				 option_table[id].long_name, value);
	return (int)p;
}

bool session_failed_on(const struct session *s, int priority)
{
	struct pipeline_stats stats;

	if (priority == PRIORITY_COUNT)
		return false;
	pipeline_stats(s->pipeline, &stats);
	return stats.highest <= (enum priority)priority;
}

const char *session_idle_reason(const struct session *s)
{
	if (ruleset_count_enabled(s->rules))
		return NULL;
	return ruleset_count(s->rules) ? "no rule is enabled" : "there are no rules in the files given";
}
