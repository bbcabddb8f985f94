/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor explain`: why a rule did or did not match an event of a capture. */
#include <errno.h>
#include <unistd.h>

#include "app/explain.h"
#include "app/help.h"
#include "app/housekeeping.h"
#include "app/log.h"
#include "app/session.h"
#include "app/setup.h"
#include "app/signals.h"
#include "base/parse.h"

/* Replays up to the event in question, which therefore has all the state that it had before. */
static int replay_to(struct session *s, const struct explain *x, struct error *err)
{
	struct housekeeping housekeeping = { .session = s };
	int r;

	do {
		r = session_step(s, err);
		housekeeping_look(&housekeeping);
	} while (r >= 0 && !x->found && !signals_stop_requested());
	return r == -ENODATA || r >= 0 ? 0 : r;
}

static int run(struct session *s, struct setup *setup, const struct options *o, uint64_t event, struct error *err)
{
	static const struct setup_options ids = { OPT_explain_config, OPT_explain_plugin, .together = true };
	const char *path = options_value(o, OPT_explain_capture, NULL);
	struct pipeline_options settings = { .container_plugin = true };
	struct source *source;
	struct explain x;
	int r;

	r = setup_load(setup, o, &ids, err);
	setup_tell_warnings(setup->config);
	if (r == 0)
		r = setup_add_rules(setup->config, o, OPT_explain_rules, &s->input, err);
	if (r == 0)
		r = session_load_rules(s, o, OPT_explain_rules, &setup->engine, &setup->plugins, false, err);
	if (r == 0)
		r = explain_init(&x, s->rules, options_value(o, OPT_explain_rule, ""), event, STDOUT_FILENO,
				 options_has(o, OPT_explain_json), err);
	if (r == 0)
		r = session_start_plugins(s, &setup->plugins, &settings, false, err);
	if (r == 0)
		r = source_scap_open(path, &source, err);
	if (r < 0)
		return r;
	settings.observer = &x.observer;
	settings.known_fds = source_scap_knows_fds(source);
	r = session_start(s, source, &settings, err);
	if (r < 0)
		return r;
	source_scap_receive(source, pipeline_receiver(s->pipeline));
	signals_catch();
	r = replay_to(s, &x, err);
	if (r == 0 && x.failure)
		r = error_errno(err, x.failure, "cannot write the explanation");
	if (r == 0 && !x.found)
		r = error_set(err, -ENOENT, "%s has no event %llu that rules are shown", path,
			      (unsigned long long)event);
	return r;
}

int cmd_explain(const struct command *c, int argc, char **argv)
{
	auto_options struct options o = { 0 };
	auto_setup struct setup setup = { 0 };
	auto_session struct session s = { 0 };
	struct error err = { 0 };
	uint64_t event;

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&o, OPT_explain_help))
		return help_command(c);
	if (o.noperands || !options_has(&o, OPT_explain_rule) || !options_has(&o, OPT_explain_capture) ||
	    !options_has(&o, OPT_explain_event)) {
		log_error("explain takes --rule NAME --capture FILE --event N");
		return EXIT_USAGE;
	}
	if (parse_u64(str_of(options_value(&o, OPT_explain_event, "")), &event) < 0 || event == 0) {
		log_error("--event takes an event's number (evt.num), not \"%s\"",
			  options_value(&o, OPT_explain_event, ""));
		return EXIT_USAGE;
	}
	signals_survive_writes();
	return run(&s, &setup, &o, event, &err) < 0 ? log_failure(&err, EXIT_FAILED) : EXIT_OK;
}
