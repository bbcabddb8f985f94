/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <time.h>

#include "app/help.h"
#include "app/log.h"
#include "app/session.h"
#include "app/signals.h"

static int open_output(struct session *s, const struct options *o, struct error *err)
{
	const char *path = options_value(o, OPT_replay_output, NULL);
	bool json = options_has(o, OPT_replay_json);
	struct output *output;
	int r;

	if (path)
		r = output_file_open(path, true, json, &output, err);
	else
		r = output_stream_open(STDOUT_FILENO, false, json, !json && log_color(STDOUT_FILENO), !isatty(STDOUT_FILENO),
				       &output, err);
	return r < 0 ? r : session_add_output(s, output, err);
}

static int replay(struct session *s, struct error *err)
{
	int r;

	do {
		r = session_steps(s, SESSION_BATCH, err);
		if (signals_reopen_requested())
			session_reopen(s);
	} while (r >= 0 && !signals_stop_requested());
	return r == -ENODATA || r >= 0 ? 0 : r;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void tell_stats(const struct session *s, uint64_t started)
{
	auto_strbuf struct strbuf out = { 0 };
	struct pipeline_stats stats;

	pipeline_stats(s->pipeline, &stats);
	strbuf_addf(&out, "%" PRIu64 " events, %" PRIu64 " alerts, %.3f s, %.3f s of CPU time\n", stats.events, stats.alerts,
		    (double)(now_ns(CLOCK_MONOTONIC) - started) / 1e9, (double)now_ns(CLOCK_PROCESS_CPUTIME_ID) / 1e9);
	session_add_rule_counts(s, &out);
	log_text(LOG_LEVEL_ERROR, strbuf_str(&out));
}

static int run(struct session *s, const struct options *o, struct error *err)
{
	const struct engine_options engine = {
		.min_priority = PRIORITY_DEBUG,
		.fields = { .container_plugin = true, .extensions = true },
		.json_output = options_has(o, OPT_replay_json),
		.iso_time = true,
		.ours = true,
	};
	const struct pipeline_options settings = { .container_plugin = true };
	uint64_t started = now_ns(CLOCK_MONOTONIC);
	struct source *source;
	int r;

	r = session_load_rules(s, o, OPT_replay_rules, &engine, false, err);
	if (r == 0)
		r = open_output(s, o, err);
	if (r == 0)
		r = source_scap_open(o->operands[0], &source, err);
	if (r == 0)
		r = session_start(s, source, &settings, err);
	if (r < 0)
		return r;
	source_scap_receive(source, pipeline_receiver(s->pipeline));
	signals_catch();
	r = replay(s, err);
	session_finish(s);
	if (options_has(o, OPT_replay_stats))
		tell_stats(s, started);
	return r;
}

int cmd_replay(const struct command *c, int argc, char **argv)
{
	auto_options struct options o = { 0 };
	auto_session struct session s = { 0 };
	struct error err = { 0 };
	int fail_on;

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&o, OPT_replay_help))
		return help_command(c);
	if (o.noperands != 1) {
		log_error("replay takes one capture file");
		return EXIT_USAGE;
	}
	fail_on = session_fail_on(&o, OPT_replay_fail_on, &err);
	if (fail_on < 0)
		return log_failure(&err, EXIT_USAGE);

	signals_survive_pipes();
	if (run(&s, &o, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	if (session_lost(&s))
		return EXIT_FAILED;
	return session_failed_on(&s, fail_on) ? EXIT_ALERTED : EXIT_OK;
}
