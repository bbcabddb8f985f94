/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "app/run.h"
#include "app/stack.h"
#include "base/parse.h"

/* The flag, else the configuration's word, else the default. */
static int choose(const struct run *run, enum option_id id, struct str configured, int fallback, struct error *err)
{
	if (run->config && !options_has(&run->options, id))
		return options_word(id, configured);
	return options_choice(&run->options, id, fallback, err);
}

/*
 * Falling silent must not pass for a good result: where alerts fail the run, a command that the monitor does
 * not outlive ends with it, unless somebody asked for another end. Its status is no success in either case
 * (front.c).
 */
static int choose_on_exit(const struct run *run, struct str configured, struct error *err)
{
	bool said = options_has(&run->options, OPT_run_on_exit) ||
		    (run->config && config_tree_get(run->config->root, "monitor.run.on_exit"));

	return said || !options_has(&run->options, OPT_run_fail_on) ? choose(run, OPT_run_on_exit, configured, 1, err) :
								      0;
}

int run_load_config(const struct run *run, struct config **ret_config, struct error *err)
{
	const struct options *o = &run->options;
	auto_free const char **assignments = NULL;
	size_t n = 0;

	if (!options_has(o, OPT_run_config) && !options_has(o, OPT_run_option))
		return 0;
	assignments = calloc(o->ngiven + 1, sizeof(*assignments));
	if (!assignments)
		return error_set(err, -ENOMEM, "out of memory");
	while ((assignments[n] = options_nth(o, OPT_run_option, n)))
		n++;
	return config_load_input(&(struct config_input){ .path = options_value(o, OPT_run_config, NULL),
							 .assignments = assignments,
							 .nassignments = n,
							 .option = "--option" },
				 ret_config, err);
}

bool run_spare_stdout(struct config *config)
{
	bool wanted = config && config->stdout_output_enabled;

	if (wanted)
		config->stdout_output_enabled = false;
	return wanted;
}

/* The first are written: each is a file of its own. */
static const enum option_id files[] = {
	OPT_run_summary, OPT_run_output, OPT_run_write, OPT_run_pidfile, OPT_run_config, OPT_run_rules,
};
#define WRITTEN 4

/* "-" is standard output everywhere else, and that is the command's. */
static int check_file(const struct run *run, size_t i, struct error *err)
{
	if (strcmp(options_value(&run->options, files[i], ""), "-") == 0)
		return error_set(err, -EINVAL, "--%s -: standard output is the command's; name a file",
				 option_table[files[i]].long_name);
	for (size_t k = i + 1; k < ARRAY_SIZE(files); k++)
		if (options_spare(&run->options, files[i], files[k], err) < 0)
			return -EINVAL;
	return 0;
}

int run_check_summary(const struct run *run, struct error *err)
{
	return check_file(run, 0, err);
}

int run_check_files(const struct run *run, struct error *err)
{
	int r = 0;

	for (size_t i = 1; r == 0 && i < WRITTEN; i++)
		r = check_file(run, i, err);
	return r < 0 ? r : options_pairs(&run->options, OPT_run_option, err);
}

static int check_output_fd(const struct run *run, struct error *err)
{
	const char *text = options_value(&run->options, OPT_run_output_fd, "0");
	int fd;

	if (parse_int(str_of(text), &fd) == 0 && fd >= 0)
		return 0;
	return error_set(err, -EINVAL, "--output-fd takes the number of an open descriptor, not \"%s\"", text);
}

int run_read_options(struct run *run, struct error *err)
{
	static const struct config defaults;
	const struct options *o = &run->options;
	const struct config *c;
	int backend, births, opens, on_exit, match, foreign, ring, scope, r;

	r = check_output_fd(run, err);
	if (r < 0)
		return r;
	c = run->config ? run->config : &defaults;
	backend = choose(run, OPT_run_backend, c->monitor_run_backend, TRACER_AUTO, err);
	births = backend < 0 ? backend : choose(run, OPT_run_births, c->monitor_run_births, TRACER_BIRTHS_AUTO, err);
	opens = births < 0 ? births : choose(run, OPT_run_opens, c->monitor_run_opens, TRACER_OPENS_EXACT, err);
	match = opens < 0 ? opens :
			    choose(run, OPT_run_match_realpath, c->monitor_run_match_realpath ? STR("yes") : STR("no"),
				   0, err);
	on_exit = match < 0 ? match : choose_on_exit(run, c->monitor_run_on_exit, err);
	if (match == 0 && opens == TRACER_OPENS_FAST && options_has(o, OPT_run_match_realpath))
		return error_set(err, -EINVAL, "--match-realpath yes takes --opens exact: only what was opened has a real path");
	foreign =
		on_exit < 0 ? on_exit : choose(run, OPT_run_foreign_abi, c->monitor_run_foreign_abi, TRACER_DENY, err);
	ring = foreign < 0 ? foreign : choose(run, OPT_run_io_uring, c->monitor_run_io_uring, TRACER_DENY, err);
	scope = ring < 0 ? ring : choose(run, OPT_run_intercept, c->monitor_run_intercept, INTERCEPT_RULES, err);
	run->fail_on = scope < 0 ? scope : session_fail_on(o, OPT_run_fail_on, err);
	if (run->fail_on < 0)
		return run->fail_on;
	run->tracer = (struct tracer_options){
		.argv = o->operands,
		.stack = stack_given(),
		.backend = (enum tracer_backend)backend,
		.births = (enum tracer_births)births,
		.opens = (enum tracer_opens)opens,
		.on_exit = on_exit == 0 ? TRACER_ON_EXIT_KILL : TRACER_ON_EXIT_FAIL,
		.foreign_abi = (enum tracer_policy)foreign,
		.io_uring = (enum tracer_policy)ring,
		.notice = notice_receive,
		.notice_context = &run->notice,
		.tell_all = options_has(o, OPT_run_write) || options_has(o, OPT_run_explain),
	};
	run->scope = (enum intercept_scope)scope;
	/* only what was opened has a real path */
	run->match_realpath = match == 0 && opens == TRACER_OPENS_EXACT;
	run->verbose = options_has(o, OPT_run_verbose);
	run->json = options_has(o, OPT_run_json) || c->json_output;
	return 0;
}
