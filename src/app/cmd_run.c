/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/capture.h"
#include "app/drops.h"
#include "app/explain.h"
#include "app/help.h"
#include "app/host.h"
#include "app/intercept.h"
#include "app/limits.h"
#include "app/log.h"
#include "app/metrics_snapshot.h"
#include "app/notice.h"
#include "app/outputs.h"
#include "app/pidfile.h"
#include "app/privileges.h"
#include "app/program_commands.h"
#include "app/recording.h"
#include "app/reload.h"
#include "app/session.h"
#include "app/setup.h"
#include "app/signals.h"
#include "app/webserver.h"
#include "base/inherited.h"
#include "base/parse.h"
#include "tracer/tracer.h"

/* The command line, checked before anything is touched. */
struct run {
	struct options options;
	struct session session;
	struct tracer_options tracer;
	struct recording recording;
	struct drops drops;
	struct capture capture;
	enum intercept_scope scope;
	struct intercept_set intercept; /* INTERCEPT_STATE */
	struct intercept_want *wants;
	struct config *config; /* --config; NULL = none */
	struct plugins plugins; /* as they were loaded at the start */
	struct engine_options offered; /* what they add to that of rules */
	int fail_on;
	bool match_realpath, verbose, json;
	bool finished; /* the front was let go */
	struct explain explain;
	struct notice notice;
	int stream; /* for alerts, -1 = none; a copy of our own */
};

/* The flag, else the configuration's word, else the default. */
static int choose(const struct run *run, enum option_id id, struct str configured, int fallback, struct error *err)
{
	if (run->config && !options_has(&run->options, id))
		return options_word(id, configured);
	return options_choice(&run->options, id, fallback, err);
}

static int load_config(const struct run *run, struct config **ret_config, struct error *err)
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
	return config_load(options_value(o, OPT_run_config, NULL), assignments, n, ret_config, err);
}

static int read_options(struct run *run, struct error *err)
{
	static const struct config defaults;
	const struct options *o = &run->options;
	const struct config *c;
	int backend, opens, on_exit, match, foreign, ring, scope, r;

	r = load_config(run, &run->config, err);
	if (r < 0)
		return r;
	c = run->config ? run->config : &defaults;
	backend = choose(run, OPT_run_backend, c->monitor_run_backend, TRACER_AUTO, err);
	opens = backend < 0 ? backend : choose(run, OPT_run_opens, c->monitor_run_opens, TRACER_OPENS_EXACT, err);
	match = opens < 0 ? opens : choose(run, OPT_run_match_realpath, c->monitor_run_match_realpath ? STR("yes") : STR("no"), 0, err);
	on_exit = match < 0 ? match : choose(run, OPT_run_on_exit, c->monitor_run_on_exit, 1, err);
	foreign = on_exit < 0 ? on_exit : choose(run, OPT_run_foreign_abi, c->monitor_run_foreign_abi, TRACER_DENY, err);
	ring = foreign < 0 ? foreign : choose(run, OPT_run_io_uring, c->monitor_run_io_uring, TRACER_DENY, err);
	scope = ring < 0 ? ring : choose(run, OPT_run_intercept, c->monitor_run_intercept, INTERCEPT_RULES, err);
	run->fail_on = scope < 0 ? scope : session_fail_on(o, OPT_run_fail_on, err);
	if (run->fail_on < 0)
		return run->fail_on;
	run->tracer = (struct tracer_options){
		.argv = o->operands,
		.backend = (enum tracer_backend)backend,
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

/* A copy of our own, so that the workload can neither close it nor, above standard error, have it at all. */
static int take_descriptor(const char *text, int *ret_fd, struct error *err)
{
	int fd, copy;

	if (parse_int(str_of(text), &fd) < 0 || fd < 0)
		return error_set(err, -EINVAL, "--output-fd takes the number of an open descriptor, not \"%s\"", text);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return error_errno(err, -errno, "--output-fd %d", fd);
	if (fd > STDERR_FILENO)
		close(fd);
	*ret_fd = copy;
	return 0;
}

/* --output-fd, or standard error when no other output was asked for. */
static int take_stream(struct run *run, struct error *err)
{
	const char *text = options_value(&run->options, OPT_run_output_fd, NULL);
	bool others = options_has(&run->options, OPT_run_output) || (run->config && outputs_wanted(run->config));

	run->stream = -1;
	if (others && !text)
		return 0;
	if (!text && log_is_lost()) {
		static const char lost[] = "monitor: standard error is closed, so alerts need --output or --output-fd\n";

		/* the command has not begun, so this is not its output */
		(void)!write(STDOUT_FILENO, lost, sizeof(lost) - 1);
		return error_set(err, -EBADF, "standard error is closed, so alerts need --output or --output-fd");
	}
	return take_descriptor(text ? text : "2", &run->stream, err);
}

static int load_config_again(void *run, struct config **ret_config, struct error *err)
{
	return load_config(run, ret_config, err);
}

static enum sandbox_use sandbox_use(const struct run *run)
{
	return run->plugins.count ? SANDBOX_TRACE_PLUGINS : SANDBOX_TRACE;
}

/* In the supervisor, before it has threads. */
static int give_up_rights(struct run *run, struct error *err)
{
	const struct program_commands commands = { .config = run->config, .load = load_config_again, .context = run };
	int r = run->config ? program_commands_fork(&commands, &run->session.programs, err) : 0;

	return r < 0 ? r : privileges_limit(run->config, sandbox_use(run), err);
}

/* In the supervisor: outputs have threads, and a fork leaves these behind. */
static int open_outputs(struct run *run, struct error *err)
{
	const char *path = options_value(&run->options, OPT_run_output, NULL);
	struct output *output;
	int r = run->config ? outputs_open(&run->session, run->config, true, err) : 0;

	if (r == 0 && path) {
		r = output_file_open(path, true, false, run->json, &output, err);
		if (r == 0)
			r = session_add_output(&run->session, output, err);
	}
	if (r < 0 || run->stream < 0)
		return r;
	r = output_stream_open(run->stream, true, run->json, log_color(run->stream), false, &output, err);
	if (r < 0) {
		close(run->stream);
		return r;
	}
	return session_add_output(&run->session, output, err);
}

static int start_status(const struct tracer_status *status)
{
	return status->start_errno == ENOENT || status->start_errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/*
 * What is to be said on standard error has been said, unless alerts go there, a person looks on, more was asked for, or outputs,
 * captures and plugins may have a last word.
 */
static bool is_done_with_stderr(const struct run *run)
{
	const struct options *o = &run->options;
	bool alerts = run->stream >= 0 && !options_has(o, OPT_run_output_fd);
	bool last_words = run->config || options_has(o, OPT_run_write) || options_has(o, OPT_run_plugin);

	return !alerts && !last_words && !run->verbose && !options_has(o, OPT_run_explain) && !isatty(STDERR_FILENO);
}

/* Our caller waits for the workload's first process, not for what it leaves behind. */
static void finish_front(struct run *run, const struct tracer_status *status)
{
	int code = -1;

	if (status->start_errno) {
		code = start_status(status);
		log_error("cannot run %s: %s", run->tracer.argv[0], strerror(status->start_errno));
	}
	pipeline_flush(run->session.pipeline);
	recording_flush(&run->recording);
	capture_flush(&run->capture);
	if (session_failed_on(&run->session, run->fail_on))
		code = EXIT_ALERTED;
	if (is_done_with_stderr(run))
		inherited_let_go(STDERR_FILENO);
	tracer_finish(run->session.source, code);
	run->finished = true;
}

static int watch(struct run *run, struct error *err)
{
	struct tracer_status status;
	int r;

	do {
		r = session_step(&run->session, err);
		if (r >= 0 && drops_look(&run->drops, &run->session, err) < 0)
			return -ECANCELED;
		if (signals_reopen_requested())
			session_reopen(&run->session);
		if (signals_stop_requested())
			return error_set(err, -EINTR, "the monitor was asked to end");
		if (r == 0) {
			recording_flush(&run->recording);
			capture_flush(&run->capture);
		}
		if (run->finished)
			continue;
		tracer_status(run->session.source, &status);
		if (status.exited || status.start_errno)
			finish_front(run, &status);
	} while (r >= 0);
	return r == -ENODATA ? 0 : r;
}

static void tell_waits(const char *indent, const struct figures_waits *w)
{
	log_info("%s%" PRIu64 " waits of calls: half up to %.1f us, 99 %% up to %.1f us, the longest %.1f us, %.3f ms in all", indent,
		 w->count, (double)figures_quantile(w, 500) / 1e3, (double)figures_quantile(w, 990) / 1e3,
		 (double)w->max_ns / 1e3, (double)w->total_ns / 1e6);
}

/* Where the time went, two lines for each call. */
static void tell_figures(const struct figures *f)
{
	for (long number = 0; number < CALLS_MAX; number++) {
		const struct syscall_info *info = syscall_by_number(number);
		const uint64_t *n = f->calls[number];

		if (n[FIGURES_AT_ENTRY] + n[FIGURES_ON_BEHALF] + n[FIGURES_TO_RESULT] + n[FIGURES_REFUSED] == 0)
			continue;
		log_info("  %-20s %" PRIu64 " let go at entry, %" PRIu64 " done on behalf, %" PRIu64 " followed to the result, %" PRIu64
			 " refused",
			 info ? info->name : "?", n[FIGURES_AT_ENTRY], n[FIGURES_ON_BEHALF], n[FIGURES_TO_RESULT],
			 n[FIGURES_REFUSED]);
		if (f->by_call[number])
			tell_waits("    ", f->by_call[number]);
	}
	tell_waits("", &f->all);
}

static void tell_summary(const struct run *run)
{
	const struct figures *figures = tracer_figures(run->session.source);
	struct pipeline_stats stats;

	pipeline_stats(run->session.pipeline, &stats);
	log_info("%" PRIu64 " events, %" PRIu64 " calls waited (%" PRIu64 " let go at entry), %" PRIu64 " alerts",
		 stats.events, figures->all.count, stats.answered_at_entry, stats.alerts);
	tell_figures(figures);
}

/* Said once, before the first alert could be missed for it. */
static void tell_start(const struct run *run)
{
	struct tracer_status status;

	tracer_status(run->session.source, &status);
	if (status.lost[0])
		log_warning("%s", status.lost);
	log_info("%zu rules; system calls are intercepted by %s", ruleset_count(run->session.rules),
		 backend_info(status.backend)->how);
	log_info("calls of other ABIs (i386, x32) %s; io_uring %s",
		 run->tracer.foreign_abi == TRACER_DENY ? "are refused and alert" : "pass and alert",
		 run->tracer.io_uring == TRACER_DENY  ? "is refused" :
		 run->tracer.io_uring == TRACER_ALERT ? "passes and alerts" :
							"passes unseen");
}

/* session: only its rules and limits are made. */
static int load_rules(const struct run *run, const struct config *c, struct session *session, struct error *err)
{
	struct engine_options engine = setup_engine_options(c);
	int r = setup_add_rules(c, &run->options, OPT_run_rules, &session->input, err);

	engine.json_output = engine.json_output || run->json;
	plugins_repeat_offer(&run->offered, &engine);
	if (r == 0 && c)
		r = limits_new(c, &engine.fields, true, &session->limits, err);
	if (r < 0)
		return r;
	engine.nreads = limits_reads(session->limits, &engine.reads);
	return session_load_rules(session, &run->options, OPT_run_rules, &engine, NULL, run->verbose, err);
}

/* Their events are for other commands; what they know of this one's calls is for it. */
static void tell_sources(const struct plugins *p)
{
	for (size_t i = 1; i < p->nsets; i++)
		log_info("the event source " STR_FMT " is for monitor falco; run watches its command", STR_ARG(p->sets[i].source));
}

static int prepare(struct run *run, struct error *err)
{
	const struct plugins_choice choice = { run->config, &run->options, OPT_run_plugin, .together = false };
	int r = plugins_load(&run->plugins, &choice, err);

	run->offered = setup_engine_options(run->config);
	if (r == 0)
		r = plugins_check_threads(&run->plugins, err);
	if (r == 0)
		r = plugins_offer(&run->plugins, &run->offered, err);
	tell_sources(&run->plugins);
	if (r == 0)
		r = load_rules(run, run->config, &run->session, err);

	if (run->config && config_tree_get(run->config->root, "engine.kind"))
		log_info("configuration: engine.kind: " STR_FMT " is for monitor falco; run intercepts the calls of its command",
			 STR_ARG(run->config->engine_kind));
	run->notice = (struct notice){ .session = &run->session, .iso_time = !run->config || run->config->time_format_iso_8601 };
	run->session.config = run->config;
	if (r == 0 && options_has(&run->options, OPT_run_explain))
		r = explain_init(&run->explain, run->session.rules, options_value(&run->options, OPT_run_explain, ""), 0,
				 STDERR_FILENO, run->json, err);
	return r < 0 ? r : take_stream(run, err);
}

/* ---- loading again ------------------------------------------------------------------------------------------------- */

static int load_again(void *context, struct reload_set *ret_set, struct error *err)
{
	const struct run *run = context;
	auto_session struct session aside = { 0 };
	auto_config struct config *config = NULL;
	int r = load_config(run, &config, err);

	if (r == 0)
		r = load_rules(run, config, &aside, err);
	if (r < 0)
		return r;
	*ret_set = (struct reload_set){
		.config = take_ptr(config),
		.rules = take_ptr(aside.rules),
		.limits = take_ptr(aside.limits),
		.input = aside.input,
	};
	aside.input = (struct rules_input){ 0 };
	return 0;
}

static int widen(const struct run *run, const struct ruleset *rules, struct intercept_set *ret_set, struct intercept_want **ret_wants)
{
	return intercept_widen(ruleset_wants(rules), run->scope, run->session.plugins, ret_set, ret_wants);
}

static bool is_wide(const struct run *run)
{
	return run->scope != INTERCEPT_RULES || run->session.plugins;
}

/* Whoever was asked before has copied what it needs. */
static const struct intercept_set *wants_again(void *context, const struct ruleset *rules)
{
	struct run *run = context;
	struct intercept_want *wants;
	struct intercept_set set;

	if (!is_wide(run) || widen(run, rules, &set, &wants) < 0)
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
static size_t add_rules_of(struct strbuf *out, const struct run *run, const struct ruleset *rules, uint16_t type, bool also_old)
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
	const struct syscall_info *call = syscall_by_number(tracer_missing(run->session.source));
	auto_strbuf struct strbuf names = { 0 };

	if (!call || (!add_rules_of(&names, run, rules, call->event, false) && !add_rules_of(&names, run, rules, call->event, true)))
		strbuf_adds(&names, "what they read of processes");
	error_set(err, -EOPNOTSUPP, "the new rules need the call %s, for %s, but the running command's filter lets it pass (--intercept all)",
		  call ? call->name : "?", names.ptr ? names.ptr : "");
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
	.load = load_again,
	.wants = wants_again,
	.explain = explain_refusal,
	.adopted = adopted,
	.watch = watch_rules,
};

/*
 * Files are watched for a configuration that says so: without one they may be the workload's to write, who then could switch off what
 * watches it. An explanation is about the rules of the start.
 */
static int allow_reload(struct run *run, struct reload **ret_reload, struct error *err)
{
	*ret_reload = NULL;
	if (options_has(&run->options, OPT_run_explain))
		return 0;
	return reload_new(&reload_ops, run, &run->session, run->config && run->config->watch_config_files, ret_reload, err);
}

/* What the capture's reader must know of this run: nothing is reported beyond what rules ask for. */
static int start_recording(struct run *run, struct source *source, struct error *err)
{
	static const struct recording_options ids = { OPT_run_write, OPT_run_compress, OPT_run_snaplen, OPT_run_buffers,
						       OPT_run_layout };
	const struct scap_origin origin = { .traits = source->traits, .match_realpath = run->match_realpath, .implied = SCAP_IMPLIES_NEWEST };

	int r = recording_open(&run->recording, &run->options, &ids, &origin, err);

	return r < 0 || !run->recording.writer ? r : tracer_describe(source, recording_list, &run->recording, err);
}

static int record(void *context, const struct event *ev, struct error *err)
{
	struct run *run = context;

	recording_event(&run->recording, ev, err);
	return run->capture.config ? capture_event(&run->capture, ev, err) : 0;
}

static void note_alert(void *context, const struct event *ev, uint32_t rule)
{
	struct run *run = context;

	recording_alerted(&run->recording, ev, rule);
	if (run->capture.config)
		capture_alerted(&run->capture, ev, rule);
}

static int describe_host(struct run *run, struct error *err)
{
	const struct scap_receiver *receiver = recording_receiver(&run->recording, pipeline_receiver(run->session.pipeline));

	return host_describe(capture_receiver(&run->capture, receiver), err);
}

/* In the supervisor, since plugins may begin threads of their own. What they parse has to be caught. */
static int start_plugins(struct run *run, struct pipeline_options *settings, struct error *err)
{
	int r = session_start_plugins(&run->session, &run->plugins, settings, true, err);

	if (r < 0 || !is_wide(run))
		return r;
	r = widen(run, run->session.rules, &run->intercept, &run->wants);
	settings->intercept = &run->intercept;
	return r < 0 ? error_set(err, r, "out of memory") : 0;
}

static int run_workload(struct run *run)
{
	bool captures = capture_wanted(run->config, run->session.rules), records = captures || options_has(&run->options, OPT_run_write);
	struct pipeline_options settings = {
		.match_realpath = run->match_realpath,
		.base64_buffers = run->config && run->config->buffer_format_base64,
		.static_values = run->config ? run->config->static_values : NULL,
		.container_plugin = true,
		.max_threads = run->config ? run->config->falco_libs_thread_table_size : 0,
		.record = records ? record : NULL,
		.alerted = records ? note_alert : NULL,
		.record_context = run,
		.observer = options_has(&run->options, OPT_run_explain) ? &run->explain.observer : NULL,
	};
	auto_reload struct reload *reload = NULL;
	struct error err = { 0 };
	struct source *source;
	int r;

	run->tracer.tell_all = run->tracer.tell_all || captures;
	r = tracer_open(&run->tracer, &source, &err);
	if (r < 0)
		return log_failure(&err, EXIT_FAILED);
	if (captures)
		capture_init(&run->capture, run->config, &run->session,
			     &(struct scap_origin){ .traits = source->traits, .match_realpath = run->match_realpath, .implied = SCAP_IMPLIES_NEWEST });
	run->session.source = source;
	run->session.figures = tracer_figures(source);
	r = give_up_rights(run, &err);
	if (r == 0)
		r = open_outputs(run, &err);
	if (r == 0 && run->config)
		r = webserver_open(run->config, &run->session.web, &err);
	if (r == 0 && run->config)
		r = metrics_snapshot_new(run->config, &run->session.snapshot, &err);
	if (r == 0)
		r = start_recording(run, source, &err);
	if (r == 0)
		r = start_plugins(run, &settings, &err);
	run->recording.plugins = run->session.plugins;
	if (r == 0)
		r = session_start(&run->session, source, &settings, &err);
	if (r == 0)
		r = describe_host(run, &err);
	if (r == 0)
		r = allow_reload(run, &reload, &err);
	if (r == 0)
		r = pidfile_write(options_value(&run->options, OPT_run_pidfile, NULL), &err);
	if (r == 0)
		r = privileges_seal(run->config, sandbox_use(run), &err);
	if (r < 0) {
		tracer_finish(source, EXIT_FAILED);
		return log_failure(&err, EXIT_FAILED);
	}
	if (!run->config)
		inherited_let_go(STDOUT_FILENO); /* a configuration may have alerts there, now or when it is loaded again */
	tell_start(run);
	drops_follow(&run->drops, run->config);
	signals_catch_reopen();
	signals_catch_end();
	r = watch(run, &err);
	pidfile_remove(options_value(&run->options, OPT_run_pidfile, NULL));
	session_finish(&run->session);
	(void)recording_close(&run->recording);
	capture_free(&run->capture);
	if (run->verbose)
		tell_summary(run);
	if (r < 0) {
		log_error("the command is no longer watched: %s", err.text);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

int cmd_run(const struct command *c, int argc, char **argv)
{
	struct run run = { 0 };
	struct error err = { 0 };
	int status = EXIT_OK;

	if (options_parse(c, argc, argv, &run.options, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&run.options, OPT_run_help)) {
		status = help_command(c);
	} else if (!run.options.noperands) {
		log_error("run takes a command: monitor run -- COMMAND [ARG...]");
		status = EXIT_USAGE;
	} else if (read_options(&run, &err) < 0) {
		status = log_failure(&err, EXIT_USAGE);
	} else {
		if (run.verbose)
			log_setup(&(struct log_settings){ .level = LOG_LEVEL_INFO });
		signals_survive_pipes();
		status = prepare(&run, &err) < 0 ? log_failure(&err, EXIT_FAILED) : run_workload(&run);
	}
	session_free(&run.session);
	plugins_free(&run.plugins);
	free(run.wants);
	config_free(run.config);
	options_free(&run.options);
	return status;
}
