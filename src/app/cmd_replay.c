/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor replay`: rules over captures, or their events printed. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/help.h"
#include "app/housekeeping.h"
#include "app/log.h"
#include "app/replay_events.h"
#include "app/session.h"
#include "app/setup.h"
#include "app/signals.h"
#include "base/clock.h"

#define AWAIT_MS 100

static bool is_stream(const char *path)
{
	return strcmp(path, "-") == 0;
}

static int open_output(struct session *s, const struct options *o, struct error *err)
{
	const char *path = options_value(o, OPT_replay_output, NULL);
	/* a capture on standard output is nothing but that */
	int fd = is_stream(options_value(o, OPT_replay_write, "")) ? STDERR_FILENO : STDOUT_FILENO;
	bool json = options_has(o, OPT_replay_json);
	struct output *output;
	int r;

	if (path && !is_stream(path))
		r = output_file_open(path, true, false, json, &output, err);
	else
		r = output_stream_open(fd, fd, false, json, !json && log_color(fd), !isatty(fd), &output, err);
	return r < 0 ? r : output_list_add(&s->outputs, output, err);
}

static int replay(struct session *s, struct housekeeping *h, const struct replay_events *e, struct error *err)
{
	int r;

	do {
		r = session_steps(s, SESSION_BATCH, err);
		housekeeping_look(h);
		if (r == 0) /* at the end of a capture that grows: a pipe's reader waits with us */
			pipeline_flush(s->pipeline);
		if (signals_reopen_requested())
			housekeeping_reopen(h);
	} while (r >= 0 && !e->done && !signals_stop_requested());
	return r == -ENODATA || r >= 0 ? 0 : r;
}

static void tell_stats(const struct session *s, uint64_t started)
{
	auto_strbuf struct strbuf out = { 0 };
	struct pipeline_stats stats;

	pipeline_stats(s->pipeline, &stats);
	strbuf_addf(&out, "%" PRIu64 " event%s, %" PRIu64 " alert%s, %.3f s, %.3f s of CPU time\n", stats.events,
		    str_plural(stats.events), stats.alerts, str_plural(stats.alerts),
		    (double)(clock_ns(CLOCK_MONOTONIC) - started) / 1e9,
		    (double)clock_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9);
	session_add_rule_counts(s, &out);
	log_text(LOG_LEVEL_ERROR, strbuf_str(&out));
}

/*
 * Who is to follow a capture may come before its writer's first flush: as long as there is nothing, there is
 * no mistake either.
 */
static void await_begin(const char *path)
{
	struct stat st;

	while (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0)
		(void)poll(NULL, 0, AWAIT_MS);
}

/* One capture, or several merged by time. */
static int open_captures(const struct options *o, struct source **list, struct source **ret_source, struct error *err)
{
	int r = 0, n;

	for (n = 0; n < o->noperands && r == 0; n++) {
		if (options_has(o, OPT_replay_follow))
			await_begin(o->operands[n]);
		r = source_scap_open(o->operands[n], &list[n], err);
		if (r == 0 && options_has(o, OPT_replay_follow))
			source_scap_follow(list[n]);
	}
	if (r < 0) {
		for (n -= 2; n >= 0; n--)
			source_close(list[n]);
		return r;
	}
	if (o->noperands > 1)
		return source_merge_open(list, (size_t)o->noperands, ret_source, err);
	*ret_source = list[0];
	return 0;
}

/* Printing needs no rules. */
static int load_rules(struct session *s, const struct options *o, const struct replay_events *e,
		      const struct setup *setup, struct error *err)
{
	int r;

	if (e->format)
		return session_compile_rules(s, &setup->engine, &setup->plugins, false, err);
	setup_tell_warnings(setup->config);
	r = setup_add_rules(setup->config, o, OPT_replay_rules, &s->input, err);
	if (r == 0)
		r = session_load_rules(s, o, OPT_replay_rules, &setup->engine, &setup->plugins, false, err);
	if (r == 0 && session_idle_reason(s))
		log_warning("%s: nothing can match", session_idle_reason(s));
	return r;
}

static const struct recording_options recording_ids = { OPT_replay_write, OPT_replay_compress, OPT_replay_snaplen,
							OPT_replay_buffers, OPT_replay_layout };

static int start(struct session *s, const struct options *o, const struct setup *setup, struct replay_events *e,
		 struct source **list, struct error *err)
{
	bool looks = e->filter || e->format || e->limit || e->max_ns || options_has(o, OPT_replay_write);
	struct pipeline_options settings = {
		.container_plugin = true,
		.static_values = setup->engine.static_values,
		.base64_buffers = setup->engine.base64_buffers,
	};
	const struct scap_receiver *receiver;
	struct scap_origin origin;
	struct source *source;
	int r = session_start_plugins(s, &setup->plugins, &settings, false, err);

	if (r == 0)
		r = open_captures(o, list, &source, err);
	if (r < 0)
		return r;
	/* the live run's second look is part of what a capture of ours repeats */
	source_scap_origin(list[0], &origin);
	settings.match_realpath = origin.ours && origin.match_realpath;
	for (int i = 0; i < o->noperands; i++) {
		struct scap_origin one;

		source_scap_origin(list[i], &one);
		if (!one.implied)
			origin.implied = SCAP_IMPLIES_NOTHING;
		settings.known_fds = settings.known_fds || source_scap_knows_fds(list[i]);
	}
	settings.inspect = looks ? replay_events_inspect : NULL;
	settings.record = options_has(o, OPT_replay_write) ? replay_events_record : NULL;
	settings.inspect_context = settings.record_context = e;
	origin.traits = source->traits;
	origin.container = source->container;
	e->brief_answers = !(source->traits & SOURCE_REPORTS_FDS);
	if (origin.implied)
		origin.implied = SCAP_IMPLIES_NEWEST;
	r = session_start(s, source, &settings, err);
	if (r == 0)
		r = recording_open(&e->recording, o, &recording_ids, &origin, err);
	e->recording.plugins = s->plugins;
	if (r < 0)
		return r;
	receiver = recording_receiver(&e->recording, pipeline_receiver(s->pipeline));
	for (int i = 0; i < o->noperands; i++)
		source_scap_receive(list[i], receiver);
	return 0;
}

/* A damaged capture is good up to the damage. */
static void tell_progress(const struct session *s)
{
	struct pipeline_stats stats;

	pipeline_stats(s->pipeline, &stats);
	log_warning("%" PRIu64 " event%s read, %" PRIu64 " alert%s raised", stats.events,
		    stats.events == 1 ? " was" : "s were", stats.alerts, str_plural(stats.alerts));
}

static int run(struct session *s, struct setup *setup, const struct options *o, struct replay_events *e,
	       struct error *err)
{
	auto_free struct source **list = calloc((size_t)o->noperands, sizeof(struct source *));
	struct housekeeping housekeeping = { .session = s, .kind = e->format ? "event" : NULL };
	uint64_t started = clock_ns(CLOCK_MONOTONIC);
	int r;

	if (!list)
		return error_set(err, -ENOMEM, "out of memory");
	r = load_rules(s, o, e, setup, err);
	if (r == 0)
		r = open_output(s, o, err);
	if (r == 0) {
		e->output = s->outputs.list[0];
		r = start(s, o, setup, e, list, err);
	}
	if (r < 0)
		return r;
	signals_catch();
	r = replay(s, &housekeeping, e, err);
	if (r < 0)
		tell_progress(s);
	housekeeping_finish(&housekeeping);
	if (!recording_close(&e->recording) || e->failed)
		r = r < 0 ? r : error_set(err, -EIO, "the output could not be written");
	if (options_has(o, OPT_replay_stats))
		tell_stats(s, started);
	return r;
}

/* What is written takes the place of what is there, and alerts would follow it. */
static int spare_captures(const struct options *o, struct error *err)
{
	static const struct {
		enum option_id id;
		const char *name;
	} written[] = { { OPT_replay_write, "--write" }, { OPT_replay_output, "--output" } };
	struct stat to, from;

	if (is_stream(options_value(o, OPT_replay_write, "")) && is_stream(options_value(o, OPT_replay_output, "")))
		return error_set(err, -EINVAL, "--write - and --output -: only one can have standard output");
	if (options_spare(o, OPT_replay_write, OPT_replay_output, err) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(written); i++)
		if (options_spare(o, written[i].id, OPT_replay_rules, err) < 0 ||
		    options_spare(o, written[i].id, OPT_replay_config, err) < 0)
			return -EINVAL;
	for (int k = 0, streams = 0; k < o->noperands; k++) {
		streams += is_stream(o->operands[k]);
		if (streams > 1)
			return error_set(err, -EINVAL, "standard input can be read once, and two captures are \"-\"");
	}
	for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
		const char *path = options_value(o, written[i].id, "-");

		if (is_stream(path) || stat(path, &to) < 0 || !S_ISREG(to.st_mode))
			continue;
		for (int k = 0; k < o->noperands; k++)
			if ((is_stream(o->operands[k]) ? fstat(STDIN_FILENO, &from) : stat(o->operands[k], &from)) ==
				    0 &&
			    from.st_dev == to.st_dev && from.st_ino == to.st_ino)
				return error_set(err, -EINVAL, "%s %s: this is the capture that is read",
						 written[i].name, path);
	}
	return 0;
}

int cmd_replay(const struct command *c, int argc, char **argv)
{
	static const struct setup_options ids = { OPT_replay_config, OPT_replay_plugin, .together = true };
	auto_options struct options o = { 0 };
	auto_setup struct setup setup = { 0 };
	auto_session struct session s = { 0 };
	struct replay_events events = { 0 };
	struct error err = { 0 };
	int fail_on, r;
	bool misread;

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&o, OPT_replay_help))
		return help_command(c);
	if (o.noperands < 1) {
		log_error("replay takes a capture file, or several");
		return EXIT_USAGE;
	}
	fail_on = session_fail_on(&o, OPT_replay_fail_on, &err);
	if (fail_on < 0 || replay_events_read_limits(&events, &o, &err) < 0 ||
	    recording_check(&o, &recording_ids, &err) < 0 || spare_captures(&o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);

	/* who has read enough of what we print ends us, as any filter; but a capture and a file are to be whole */
	if (options_has(&o, OPT_replay_write) || options_has(&o, OPT_replay_output) ||
	    options_has(&o, OPT_replay_plugin))
		signals_survive_writes();
	if (setup_load(&setup, &o, &ids, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	if (options_has(&o, OPT_replay_json))
		setup.engine.json_output = true;
	misread = replay_events_read(&events, &o, &setup.engine.fields, &err) < 0;
	r = misread ? -EINVAL : run(&s, &setup, &o, &events, &err);
	replay_events_free(&events);
	if (r < 0)
		return log_failure(&err, misread ? EXIT_USAGE : EXIT_FAILED);
	if (output_list_lost(&s.outputs))
		return EXIT_FAILED;
	return session_failed_on(&s, fail_on) ? EXIT_ALERTED : EXIT_OK;
}
