/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of `monitor run`: at the start, and what a later set may ask of the filter that was installed. */
#include <errno.h>
#include <stdlib.h>

#include "app/limits.h"
#include "app/run.h"
#include "app/setup.h"

int run_read_rules(const struct run *run, const struct config *c, struct rules_input *in, struct error *err)
{
	int r = setup_add_rules(c, &run->options, OPT_run_rules, in, err);

	return r < 0 ? r : rules_input_add_given(in, &run->options, OPT_run_rules, err);
}

int run_compile_rules(const struct run *run, const struct config *c, const struct rules_input *in,
		      struct ruleset **ret_rules, struct limits **limits, struct error *err)
{
	struct engine_options engine = setup_engine_options(c);
	int r;

	setup_tell_warnings(c);
	engine.json_output = engine.json_output || run->json;
	plugins_repeat_offer(&run->offered, &engine);
	r = c ? limits_new(c, &engine.fields, true, limits, err) : 0;
	if (r < 0)
		return r;
	engine.nreads = limits_reads(*limits, &engine.reads);
	return rules_input_compile(in, &engine, run->verbose, ret_rules, err);
}

static int read_again(void *context, struct reload_set *set, struct error *err)
{
	const struct run *run = context;
	int r = run_load_config(run, &set->config, err);

	run_spare_stdout(set->config);
	return r < 0 ? r : run_read_rules(run, set->config, &set->input, err);
}

static int compile_again(void *context, struct reload_set *set, struct error *err)
{
	return run_compile_rules(context, set->config, &set->input, &set->rules, &set->limits, err);
}

int run_widen(const struct run *run, const struct ruleset *rules, struct intercept_set *ret_set,
	      struct intercept_want **ret_wants)
{
	return intercept_widen(ruleset_wants(rules), run->scope, run->session.plugins, ret_set, ret_wants);
}

bool run_is_wide(const struct run *run)
{
	return run->scope != INTERCEPT_RULES || run->session.plugins;
}

/* Whoever was asked before has copied what it needs. */
static const struct intercept_set *wants_again(void *context, const struct ruleset *rules)
{
	struct run *run = context;
	struct intercept_want *wants;
	struct intercept_set set;

	if (!run_is_wide(run) || run_widen(run, rules, &set, &wants) < 0)
		return NULL;
	free(run->wants);
	run->wants = wants;
	run->intercept = set;
	return &run->intercept;
}

static bool has_rule(const struct ruleset *rules, struct str name)
{
	for (size_t i = 0; i < ruleset_count(rules); i++) {
		struct rule_view rule;

		ruleset_get(rules, i, &rule);
		if (str_eq(rule.name, name))
			return true;
	}
	return false;
}

/* Rules that were not there before are the likelier reason. */
static size_t add_rules_of(struct strbuf *out, const struct run *run, const struct ruleset *rules, uint16_t type,
			   bool also_old)
{
	size_t n = 0;

	for (size_t i = 0; i < ruleset_count(rules) && n < 3; i++) {
		struct rule_view rule;

		if (!ruleset_rule_looks_at(rules, (uint32_t)i, type))
			continue;
		ruleset_get(rules, i, &rule);
		if (also_old || !has_rule(run->session.rules, rule.name))
			strbuf_addf(out, "%s\"" STR_FMT "\"", n++ ? ", " : "", STR_ARG(rule.name));
	}
	return n;
}

static void explain_refusal(void *context, const struct ruleset *rules, struct error *err)
{
	const struct run *run = context;
	auto_strbuf struct strbuf names = { 0 };
	struct tracer_lack lack;

	tracer_lack(run->session.source, &lack);
	if (!lack.event || (!add_rules_of(&names, run, rules, lack.event, false) &&
			    !add_rules_of(&names, run, rules, lack.event, true)))
		strbuf_adds(&names, "what they read of processes");
	error_set(err, -EOPNOTSUPP, "the new rules need %s%s, for %s, but %s (%s)", lack.kind, lack.name,
		  names.ptr ? names.ptr : "", lack.why, lack.remedy);
}

static void adopted(void *context, const struct config *config)
{
	struct run *run = context;

	drops_follow(&run->drops, config);
	run->notice.iso_time = !config || config->time_format_iso_8601;
}

static int watch_rules(void *context, struct file_watch *w)
{
	const struct run *run = context;
	const char *path;
	int r = 0;

	for (size_t i = 0; r == 0 && (path = options_nth(&run->options, OPT_run_rules, i)); i++)
		r = file_watch_add(w, path);
	return r;
}

static const struct reload_ops reload_ops = {
	.read = read_again,
	.compile = compile_again,
	.wants = wants_again,
	.explain = explain_refusal,
	.adopted = adopted,
	.watch = watch_rules,
};

/*
 * Files are watched for a configuration that says so: without one they may be the workload's to write, who
 * then could switch off what watches it. An explanation is about the rules of the start.
 */
int run_allow_reload(struct run *run, struct reload **ret_reload, struct error *err)
{
	*ret_reload = NULL;
	if (options_has(&run->options, OPT_run_explain))
		return 0;
	return reload_new(&reload_ops, run, &run->session, &run->exporters,
			  run->config && run->config->watch_config_files, ret_reload, err);
}
