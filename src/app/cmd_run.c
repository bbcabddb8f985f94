/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor run`: its supervisor's life, from the start of the command to its last word. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/help.h"
#include "app/host.h"
#include "app/log.h"
#include "app/outputs.h"
#include "app/pidfile.h"
#include "app/privileges.h"
#include "app/program_commands.h"
#include "app/run.h"
#include "app/setup.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/inherited.h"
#include "base/limits.h"
#include "base/parse.h"
#include "state/container.h"

/* A copy of our own, so that the workload can neither close it nor, above standard error, have it at all. */
static int take_descriptor(const char *text, int *ret_fd, int *ret_known, struct error *err)
{
	int fd, copy, flags;

	if (parse_int(str_of(text), &fd) < 0) /* checked when it was read */
		return error_set(err, -EINVAL, "--output-fd %s", text);
	flags = fcntl(fd, F_GETFD);
	/* what came through an exec has no such mark: the number is of a file of ours, also of one that was closed */
	if (flags < 0 || flags & FD_CLOEXEC)
		return error_errno(err, -EBADF, "--output-fd %d", fd);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return error_errno(err, -errno, "--output-fd %d", fd);
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		close(copy);
		return error_set(err, -EBADF, "--output-fd %d: it cannot be written", fd);
	}
	if (fd > STDERR_FILENO)
		close(fd);
	*ret_fd = copy;
	*ret_known = fd;
	return 0;
}

/*
 * --output-fd, or standard error when no other output was asked for. What a configuration sends to standard
 * output, which is the command's, goes there, too.
 */
static int take_stream(struct run *run, struct error *err)
{
	const char *text = options_value(&run->options, OPT_run_output_fd, NULL);
	bool spared = run_spare_stdout(run->config);
	bool others = options_has(&run->options, OPT_run_output) || (run->config && outputs_wanted(run->config));

	run->stream = -1;
	if (others && !spared && !text)
		return 0;
	if (!text && log_is_lost()) {
		static const char lost[] =
			"monitor: standard error is closed, so alerts need --output or --output-fd\n";

		/* the command has not begun, so this is not its output */
		(void)!write(STDOUT_FILENO, lost, sizeof(lost) - 1);
		return error_set(err, -EBADF, "standard error is closed, so alerts need --output or --output-fd");
	}
	return take_descriptor(text ? text : "2", &run->stream, &run->stream_known, err);
}

static int load_config_again(void *run, struct config **ret_config, struct error *err)
{
	return run_load_config(run, ret_config, err);
}

static enum sandbox_use sandbox_use(const struct run *run)
{
	return run->plugins.count ? SANDBOX_TRACE_PLUGINS : SANDBOX_TRACE;
}

/* In the supervisor, before it has threads. */
static int give_up_rights(struct run *run, struct error *err)
{
	const struct program_commands commands = { .config = run->config, .load = load_config_again, .context = run };
	int r = run->config ? program_commands_fork(&commands, &run->session.outputs.programs, err) : 0;

	return r < 0 ? r : privileges_limit(run->config, sandbox_use(run), err);
}

/* In the supervisor: outputs have threads, and a fork leaves these behind. */
static int open_outputs(struct run *run, struct error *err)
{
	const char *path = options_value(&run->options, OPT_run_output, NULL);
	struct output *output;
	int r = run->config ? outputs_open(&run->session.outputs, run->config, true, err) : 0;

	if (r == 0 && path) {
		r = output_file_open(path, true, false, run->json, &output, err);
		if (r == 0)
			r = output_list_add(&run->session.outputs, output, err);
	}
	if (r < 0 || run->stream < 0)
		return r;
	r = output_stream_open(run->stream, run->stream_known, true, run->json, log_color(run->stream), false, &output,
			       err);
	if (r < 0) {
		close(run->stream);
		return r;
	}
	return output_list_add(&run->session.outputs, output, err);
}

static int start_status(const struct tracer_status *status)
{
	return status->start_errno == ENOENT || status->start_errno == ENOTDIR ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

/*
 * What is to be said on standard error has been said, unless alerts go there or were lost, a person looks on,
 * more was asked for, or outputs, captures and plugins may have a last word.
 */
static bool is_done_with_stderr(const struct run *run)
{
	const struct options *o = &run->options;
	bool alerts = run->stream >= 0 && !options_has(o, OPT_run_output_fd);
	bool last_words = run->config || options_has(o, OPT_run_write) || options_has(o, OPT_run_plugin) ||
			  output_list_lost(&run->session.outputs);

	return !alerts && !last_words && !run->verbose && !options_has(o, OPT_run_explain) && !isatty(STDERR_FILENO);
}

/* Our caller waits for the workload's first process, not for what it leaves behind. */
static void finish_front(struct run *run, const struct tracer_status *status)
{
	int code = -1;

	run->summary.end = clock_ns(CLOCK_REALTIME); /* outputs may take a while for what follows */
	if (status->start_errno) {
		code = start_status(status);
		log_error("cannot run %s: %s", run->tracer.argv[0][0] ? run->tracer.argv[0] : "''",
			  strerror(status->start_errno));
	}
	pipeline_flush(run->session.pipeline);
	recording_flush(&run->recording);
	capture_flush(&run->capture);
	if (session_failed_on(&run->session, run->fail_on)) {
		code = EXIT_ALERTED;
		run_tell_failed(run, status);
	}
	run->finished = true;
	run->summary.code = code;
	run_summary_write(run, NULL, false);
	if (is_done_with_stderr(run))
		inherited_let_go(STDERR_FILENO);
	tracer_finish(run->session.source, code);
}

/*
 * Who stops a service, or the machine, asks all its processes to end at once: the command may have files to
 * write yet, and its calls fail when nobody watches. A second request is meant.
 */
static bool has_waited(struct run *run)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	if (!run->end_by)
		run->end_by = now + 1000 * RUN_ENDING_SECONDS;
	return signals_stop_insisted() || now >= run->end_by;
}

static int watch(struct run *run, struct error *err)
{
	struct tracer_status status;
	int r;

	do {
		r = session_step(&run->session, err);
		housekeeping_look(&run->housekeeping);
		if (r >= 0 && drops_look(&run->drops, &run->session, err) < 0)
			return -ECANCELED;
		if (signals_reopen_requested())
			housekeeping_reopen(&run->housekeeping);
		if (signals_time_is_up())
			return error_set(err, -ETIME, "the monitor's limit of processor time (ulimit -t) is used up");
		if (signals_stop_requested() && has_waited(run))
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

/* Their events are for other commands; what they know of this one's calls is for it. */
static void tell_sources(const struct plugins *p)
{
	for (size_t i = 1; i < p->nsets; i++)
		log_info("the event source " STR_FMT " is for monitor falco; run watches its command",
			 STR_ARG(p->sets[i].source));
}

static int prepare(struct run *run, struct error *err)
{
	const struct plugins_choice choice = { run->config, &run->options, OPT_run_plugin, .together = false };
	int r = take_stream(run, err);

	/* behind it, since files of theirs could have the number */
	if (r == 0)
		r = plugins_load(&run->plugins, &choice, err);
	run->offered = setup_engine_options(run->config);
	if (r == 0)
		r = plugins_check_threads(&run->plugins, err);
	if (r == 0)
		r = plugins_offer(&run->plugins, &run->offered, err);
	tell_sources(&run->plugins);
	if (r == 0)
		r = run_read_rules(run, run->config, &run->session.input, err);
	if (r == 0)
		r = run_compile_rules(run, run->config, &run->session.input, &run->session.rules, &run->session.limits,
				      err);

	if (run->config && config_tree_get(run->config->root, "engine.kind"))
		log_info("configuration: engine.kind: " STR_FMT
			 " is for monitor falco; run intercepts the calls of its command",
			 STR_ARG(run->config->engine_kind));
	run->notice = (struct notice){ .session = &run->session,
				       .iso_time = !run->config || run->config->time_format_iso_8601 };
	run->housekeeping = (struct housekeeping){ .session = &run->session, .exporters = &run->exporters };
	run->session.config = run->config;
	if (r == 0 && options_has(&run->options, OPT_run_explain))
		r = explain_init(&run->explain, run->session.rules, options_value(&run->options, OPT_run_explain, ""),
				 0, STDERR_FILENO, run->json, err);
	return r;
}

static const struct recording_options recording_ids = { OPT_run_write, OPT_run_compress, OPT_run_snaplen,
							OPT_run_buffers, OPT_run_layout };

/* What the reader of a capture must know of this run: nothing is reported beyond what rules ask for. */
static struct scap_origin origin_of(const struct run *run, const struct source *source)
{
	return (struct scap_origin){
		.traits = source->traits,
		.container = source->container,
		.match_realpath = run->match_realpath,
		.implied = SCAP_IMPLIES_NEWEST,
	};
}

/* The command shares our root, mostly, and so the accounts that we read. */
static void note_container(struct run *run, struct source *source)
{
	char cgroups[EVENT_STRING_BYTES];
	struct str id;
	int type;

	id = container_id_of_cgroups((struct str){ cgroups, tracer_cgroups(cgroups, sizeof(cgroups)) }, &type);
	if (id.len > sizeof(run->container))
		return;
	memcpy(run->container, id.ptr, id.len);
	source->container = (struct str){ run->container, id.len };
}

static int start_recording(struct run *run, struct source *source, struct error *err)
{
	const struct scap_origin origin = origin_of(run, source);
	int r = recording_open(&run->recording, &run->options, &recording_ids, &origin, err);

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
	const struct scap_receiver *receiver =
		recording_receiver(&run->recording, pipeline_receiver(run->session.pipeline));

	return host_describe(capture_receiver(&run->capture, receiver), err);
}

/* In the supervisor, since plugins may begin threads of their own. What they parse has to be caught. */
static int start_plugins(struct run *run, struct pipeline_options *settings, struct error *err)
{
	int r = session_start_plugins(&run->session, &run->plugins, settings, true, err);

	if (r < 0 || !run_is_wide(run))
		return r;
	r = run_widen(run, run->session.rules, &run->intercept, &run->wants);
	settings->intercept = &run->intercept;
	return r < 0 ? error_set(err, r, "out of memory") : 0;
}

/* In the supervisor, whose command waits to begin. */
static int begin(struct run *run, struct pipeline_options *settings, struct reload **ret_reload, struct error *err)
{
	struct source *source = run->session.source;
	int r = give_up_rights(run, err);

	if (r == 0)
		r = open_outputs(run, err);
	if (r == 0 && run->config)
		r = exporters_open(&run->exporters, run->config, &run->offered, err);
	if (r == 0)
		r = start_recording(run, source, err);
	if (r == 0)
		r = start_plugins(run, settings, err);
	run->recording.plugins = run->session.plugins;
	if (r == 0)
		r = session_start(&run->session, source, settings, err);
	if (r == 0)
		r = describe_host(run, err);
	if (r == 0)
		r = run_allow_reload(run, ret_reload, err);
	if (r == 0)
		r = pidfile_write(options_value(&run->options, OPT_run_pidfile, NULL), err);
	if (r == 0)
		r = privileges_seal(run->config, sandbox_use(run), err);
	return r;
}

/* What the user can change about it. */
static void name_limit(struct error *err)
{
	struct error reason = *err;
	struct rlimit limit;

	if (err->code == -EMFILE && getrlimit(RLIMIT_NOFILE, &limit) == 0)
		error_set(err, reason.code, "%s: the limit of descriptors (ulimit -n) is %" PRIu64, reason.text,
			  (uint64_t)limit.rlim_cur);
	else if (err->code == -EAGAIN)
		error_set(
			err, reason.code,
			"%s: too few processes are allowed (ulimit -u, pids.max of the control group, the container's limit)",
			reason.text);
}

/* What keeps a run from being one. */
static int give_up(struct run *run, struct error *err, int status)
{
	name_limit(err);
	run->summary.code = status;
	run_summary_write(run, err->text, true);
	return log_failure(err, status);
}

static struct pipeline_options pipeline_settings(struct run *run, bool records)
{
	const struct config *config = run->config;

	return (struct pipeline_options){
		.match_realpath = run->match_realpath,
		.base64_buffers = config && config->buffer_format_base64,
		.static_values = config ? config->static_values : NULL,
		.container_plugin = true,
		.max_threads = config ? config->falco_libs_thread_table_size : 0,
		.record = records ? record : NULL,
		.alerted = records ? note_alert : NULL,
		.record_context = run,
		.observer = options_has(&run->options, OPT_run_explain) ? &run->explain.observer : NULL,
	};
}

static int run_workload(struct run *run)
{
	bool captures = capture_wanted(run->config, run->session.rules),
	     records = captures || options_has(&run->options, OPT_run_write);
	struct pipeline_options settings = pipeline_settings(run, records);
	auto_reload struct reload *reload = NULL;
	struct scap_origin origin;
	struct error err = { 0 };
	struct source *source;
	int r;

	run->tracer.tell_all = run->tracer.tell_all || captures;
	run->tracer.starts_programs = run->config != NULL;
	r = tracer_open(&run->tracer, &source, &err);
	if (r < 0)
		return give_up(run, &err, EXIT_FAILED);
	note_container(run, source);
	origin = origin_of(run, source);
	if (captures)
		capture_init(&run->capture, run->config, &run->session, &origin);
	run->session.source = source;
	run->session.figures = tracer_figures(source);
	r = begin(run, &settings, &reload, &err);
	if (r < 0) {
		int status = give_up(run, &err, EXIT_FAILED);

		pidfile_remove(options_value(&run->options, OPT_run_pidfile, NULL));
		(void)recording_close(&run->recording);
		capture_free(&run->capture);
		tracer_finish(source, EXIT_FAILED);
		return status;
	}
	if (!run->config)
		/* a configuration may have alerts there, now or when it is loaded again */
		inherited_let_go(STDOUT_FILENO);
	run->housekeeping.reload = reload;
	run_tell_start(run);
	drops_follow(&run->drops, run->config);
	signals_catch_reopen();
	signals_catch_end();
	signals_catch_time_limit();
	r = watch(run, &err);
	pidfile_remove(options_value(&run->options, OPT_run_pidfile, NULL));
	housekeeping_finish(&run->housekeeping);
	(void)recording_close(&run->recording);
	capture_free(&run->capture);
	if (run->verbose)
		run_tell_summary(run);
	run_summary_write(run, r < 0 ? err.text : NULL, true);
	/* the end of inotify waits in the kernel, seconds on a busy machine, and the next run may want the port */
	exporters_free(&run->exporters);
	if (r < 0) {
		log_error("the command is no longer watched: %s", err.text);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

int cmd_run(const struct command *c, int argc, char **argv)
{
	struct run run = { .fail_on = PRIORITY_COUNT };
	struct error err = { 0 };
	int status = EXIT_OK;

	if (options_parse(c, argc, argv, &run.options, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&run.options, OPT_run_help)) {
		status = help_command(c);
	} else if (!run.options.noperands) {
		log_error("run takes a command: monitor run -- COMMAND [ARG...]");
		status = EXIT_USAGE;
	} else if (run_check_summary(&run, &err) < 0) {
		status = log_failure(&err, EXIT_USAGE);
	} else if (run_summary_open(&run, &err) < 0) {
		status = give_up(&run, &err, EXIT_FAILED);
	} else if (run_check_files(&run, &err) < 0) {
		status = give_up(&run, &err, EXIT_USAGE);
	} else if (run_load_config(&run, &run.config, &err) < 0) {
		status = give_up(&run, &err, EXIT_FAILED);
	} else if (run_read_options(&run, &err) < 0 ||
		   recording_check(&run.options, &recording_ids, &err) < 0) {
		status = give_up(&run, &err, EXIT_USAGE);
	} else {
		if (run.verbose)
			log_setup(&(struct log_settings){ .level = LOG_LEVEL_INFO });
		signals_survive_writes();
		status = prepare(&run, &err) < 0 ? give_up(&run, &err, EXIT_FAILED) : run_workload(&run);
	}
	exporters_free(&run.exporters);
	session_free(&run.session);
	explain_free(&run.explain);
	plugins_free(&run.plugins);
	free(run.wants);
	config_free(run.config);
	options_free(&run.options);
	return status;
}
