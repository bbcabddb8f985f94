/* SPDX-License-Identifier: Apache-2.0 */
/* Watching, as Falco does: rules over a capture or over what plugins give, loaded again when they change. */
#include <errno.h>
#include <poll.h>

#include "app/capture.h"
#include "app/drops.h"
#include "app/falco.h"
#include "app/falco_flags.h"
#include "app/falco_peers.h"
#include "app/host.h"
#include "app/host_processes.h"
#include "app/housekeeping.h"
#include "app/limits.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/outputs.h"
#include "app/privileges.h"
#include "app/reload.h"
#include "app/session.h"
#include "app/service.h"
#include "app/setup.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/units.h"

#define PEERS_MS 20 /* between looks at them */

/* What one run has besides the session. */
struct run {
	const struct config *config;
	const struct plugins *plugins;
	const struct falco_sources *sources;
	const struct field_options *fields;
	struct rule_loader *loader;
	struct capture capture;
	struct falco_peers peers;
	struct drops drops;
	struct exporters exporters;
	struct housekeeping housekeeping;
};

/* The main source has ended; others go on. */
static int await_peers(void)
{
	(void)poll(NULL, 0, PEERS_MS);
	return 0;
}

/*
 * -M counts seconds of the events' own time; of ours, where events happen now. It goes on as long as any source does.
 */
static int take_events(struct session *s, struct run *run, uint64_t max_ns, bool live, struct error *err)
{
	unsigned int batch = max_ns || live || run->drops.config ? 1 : SESSION_BATCH;
	uint64_t first = live ? clock_ns(CLOCK_MONOTONIC) : 0, now;
	int r, running = 0;
	bool ended = false;

	do {
		r = ended ? await_peers() : session_steps(s, batch, err);
		housekeeping_look(&run->housekeeping);
		ended = ended || r == -ENODATA;
		if (r >= 0 && drops_look(&run->drops, s, err) < 0)
			r = -ECANCELED;
		if (signals_reopen_requested())
			housekeeping_reopen(&run->housekeeping);
		if (!live && signals_reload_requested())
			log_warning(
				"SIGHUP loads nothing again: a capture is judged by the rules of its start, all of it");
		now = !max_ns ? 0 : live ? clock_ns(CLOCK_MONOTONIC) : pipeline_time(s->pipeline);
		if (!first)
			first = now;
		running = falco_peers_running(&run->peers, err);
	} while ((r >= 0 || (ended && running)) && running >= 0 && !signals_stop_requested() &&
		 (!max_ns || now < first || now - first < max_ns) && !(ended && !running));
	falco_peers_stop(&run->peers);
	if (running < 0)
		return running;
	return r == -ENODATA || r >= 0 ? 0 : r;
}

/* What to do about a kind that is not there; NULL for those that are. */
static const char *kind_missing(struct str kind)
{
	static const struct {
		const char *kind, *text;
	} missing[] = {
		{ "kmod", "there is no kernel module; `monitor run -- COMMAND` watches a command without one" },
		{ "modern_ebpf", "there is no eBPF driver; `monitor run -- COMMAND` watches a command without one" },
		{ "ebpf",
		  "Falco dropped the legacy eBPF driver; `monitor run -- COMMAND` watches a command without a driver" },
		{ "gvisor", "events of gVisor are not read; `monitor run -- COMMAND` works inside a gVisor sandbox" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(missing); i++)
		if (str_eq(kind, str_of(missing[i].kind)))
			return missing[i].text;
	return NULL;
}

static bool is_live(const struct config *config)
{
	return str_eq(config->engine_kind, STR("nodriver"));
}

static int open_source(const struct config *config, const struct plugins *plugins, struct str source,
		       struct source **ret_source, struct error *err)
{
	const char *missing = kind_missing(config->engine_kind);
	char path[4096];

	if (source.len || (is_live(config) && plugins_give_calls(plugins)))
		return plugins_open(plugins, source, host_answer, ret_source, err);
	if (missing)
		return config_error(config, "engine.kind", err, STR_FMT ": %s", STR_ARG(config->engine_kind), missing);
	if (is_live(config)) {
		log_warning("engine.kind: nodriver, and no plugin gives events: there will be none%s",
			    plugins_send(plugins) ? " but those that plugins send by themselves" : "");
		return source_idle_open(ret_source, err);
	}
	if (config->engine_replay_capture_file.len >= sizeof(path))
		return error_set(err, -ENAMETOOLONG, "engine.replay.capture_file is too long");
	snprintf(path, sizeof(path), STR_FMT, STR_ARG(config->engine_replay_capture_file));
	return source_scap_open(path, ret_source, err);
}

/* What system calls of this machine are about. */
static int describe_host(const struct scap_receiver *receiver, struct error *err)
{
	int r = host_describe(receiver, err);

	return r < 0 ? r : host_processes(receiver, err);
}

static int start(struct session *s, struct run *run, struct error *err)
{
	const struct config *config = run->config;
	struct str source_name = run->sources->list[0];
	bool live = is_live(config) || source_name.len;
	const struct pipeline_options common = {
		.base64_buffers = config->buffer_format_base64,
		.static_values = config->static_values,
		.source_name = source_name,
		.container_plugin = config->container_plugin,
		/* Falco sets it only where events are live: a capture has the default */
		.max_threads = live ? config->falco_libs_thread_table_size : 0,
	};
	struct pipeline_options settings = common;
	const struct falco_peers_options peers = { config, s, run->plugins, run->loader, run->fields, &common };
	struct source *source;
	bool calls;
	int r = session_start_plugins(s, run->plugins, &settings, live, err);

	if (r == 0)
		r = open_source(config, run->plugins, source_name, &source, err);
	if (r < 0)
		return r;
	calls = live && !source_name.len && plugins_give_calls(run->plugins);
	settings.known_fds = calls || (!live && source_scap_knows_fds(source));
	if (capture_wanted(config, s->rules))
		capture_follow(&run->capture, config, s, source, &settings);
	r = session_start(s, source, &settings, err);
	if (r == 0 && !live)
		source_scap_receive(source, capture_receiver(&run->capture, pipeline_receiver(s->pipeline)));
	if (r == 0 && calls)
		r = describe_host(capture_receiver(&run->capture, pipeline_receiver(s->pipeline)), err);
	return r < 0 ? r : falco_peers_open(&run->peers, run->sources, &peers, err);
}

/* Alerts that go nowhere are none, nor are such metrics, so it is no start, as in Falco. */
static int require_output(const struct config *config, struct error *err)
{
	if (!outputs_wanted(config))
		return error_set(err, -EINVAL,
				 "no output is enabled: nobody would see alerts; stdout_output.enabled is one");
	return metrics_check(config, err);
}

static int load_rules(struct session *s, struct run *run, const struct options *o, const struct engine_options *engine,
		      struct error *err)
{
	struct engine_options limited = *engine;
	int r = falco_read_first_rules(&s->input, run->config, o, err);

	limited.nreads = limits_reads(s->limits, &limited.reads);
	if (r == 0)
		r = rules_input_load(&s->input, &limited, true, &run->loader, err);
	if (r == 0)
		r = rules_input_finish(run->loader, &limited, &s->rules, err);
	if (r == 0)
		r = plugins_compile_others(run->plugins, run->loader, &s->others, &s->nothers, err);
	return r;
}

static void end(struct session *s, struct run *run)
{
	falco_peers_free(&run->peers);
	capture_free(&run->capture);
	exporters_free(&run->exporters);
	session_free(s);
	rule_loader_free(run->loader);
}

static int read_duration(const struct options *o, uint64_t *ret_ns, struct error *err)
{
	const char *text = options_value(o, OPT_falco_duration, "0");
	uint32_t seconds;

	if (parse_u32(str_of(text), &seconds) < 0)
		return error_set(err, -EINVAL, "-M takes a number of seconds, not \"%s\"", text);
	*ret_ns = (uint64_t)seconds * NS_PER_SECOND;
	return 0;
}

/* ---- loading again ------------------------------------------------------------------------------------- */

struct again {
	const struct options *options;
	const struct plugins *plugins;
	const struct engine_options *engine; /* of the first set */
	const struct falco_sources *sources;
	struct falco_peers *peers;
	struct drops *drops;
	const struct rules_input *in_force; /* changes only when what was read has been taken */
	bool live;
};

/* Of the other event sources, each its own. */
static int compile_peers(const struct again *a, struct rule_loader *loader, const struct field_options *fields,
			 struct reload_set *set, struct error *err)
{
	int r = 0;

	if (a->sources->n < 2)
		return 0;
	set->peers = calloc(a->sources->n - 1, sizeof(*set->peers));
	if (!set->peers)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 1; i < a->sources->n && r == 0; i++) {
		struct reload_peer *peer = &set->peers[set->npeers++];

		r = rule_loader_compile_for(loader, a->sources->list[i], &peer->rules, err);
		if (r == 0)
			r = limits_new(set->config, fields, a->live, &peer->limits, err);
	}
	return r;
}

static int read_again(void *context, struct reload_set *set, struct error *err)
{
	const struct again *a = context;
	int r = falco_config(a->options, &set->config, err);

	if (r == 0)
		r = falco_read_rules(&set->input, set->config, a->options, err);
	/* who has rules keeps them: a folder may be empty for a moment while others take their place */
	return r < 0 || !a->in_force->count ? r : falco_require_rules(&set->input, err);
}

static int compile_again(void *context, struct reload_set *set, struct error *err)
{
	const struct again *a = context;
	auto_rule_loader struct rule_loader *loader = NULL;
	struct engine_options engine = config_engine_options(set->config);
	int r;

	r = require_output(set->config, err);
	if (r < 0)
		return r;
	setup_tell_warnings(set->config);
	engine.source = a->engine->source;
	/* plugins stay as they were loaded */
	plugins_repeat_offer(a->engine, &engine);
	r = limits_new(set->config, &engine.fields, a->live, &set->limits, err);
	if (r < 0)
		return r;
	engine.nreads = limits_reads(set->limits, &engine.reads);
	r = rules_input_load(&set->input, &engine, true, &loader, err);
	if (r == 0)
		r = rules_input_finish(loader, &engine, &set->rules, err);
	return r < 0 ? r : compile_peers(a, loader, &engine.fields, set, err);
}

static bool gather(void *context)
{
	const struct again *a = context;

	return falco_peers_gather(a->peers);
}

static void release(void *context)
{
	const struct again *a = context;

	falco_peers_release(a->peers);
}

static void adopted(void *context, const struct config *config)
{
	const struct again *a = context;

	falco_log(config, a->options);
	drops_follow(a->drops, a->engine->source.len ? NULL : config);
}

static int watch_rules(void *context, struct file_watch *w)
{
	const struct again *a = context;
	const char *path;
	int r = 0;

	for (size_t i = 0; r == 0 && (path = options_nth(a->options, OPT_falco_rules, i)); i++)
		r = file_watch_add(w, path);
	return r;
}

static const struct reload_ops reload_ops = {
	.read = read_again,
	.compile = compile_again,
	.gather = gather,
	.release = release,
	.adopted = adopted,
	.watch = watch_rules,
};

static int watch(struct session *s, struct run *run, const struct options *o, const struct engine_options *engine)
{
	auto_strbuf struct strbuf counts = { 0 };
	const struct config *config = run->config;
	bool live = is_live(config) || engine->source.len;
	struct again again = { o, run->plugins, engine, run->sources, &run->peers, &run->drops, &s->input, live };
	auto_reload struct reload *reload = NULL;
	struct error err = { 0 };
	uint64_t max_ns = 0;
	int r;

	r = read_duration(o, &max_ns, &err);
	if (r == 0)
		r = limits_new(config, &engine->fields, live, &s->limits, &err);
	if (r == 0)
		r = load_rules(s, run, o, engine, &err);
	if (r == 0)
		r = require_output(config, &err);
	if (r < 0)
		return log_failure(&err, EXIT_FAILED);
	if (options_has(o, OPT_falco_dry_run))
		return EXIT_OK;
	s->config = config;
	/* what plugins lose is theirs to tell: of system calls alone, as in Falco */
	drops_follow(&run->drops, engine->source.len ? NULL : config);
	r = outputs_open(&s->outputs, config, live, &err);
	if (r == 0 && live) /* a replay is over before anybody could look */
		r = exporters_open(&run->exporters, config, engine, &err);
	if (r == 0)
		r = start(s, run, &err);
	if (r < 0)
		return log_failure(&err, EXIT_FAILED);

	signals_catch_stop();
	if (live)
		r = reload_new(&reload_ops, &again, s, &run->exporters, config->watch_config_files, &reload, &err);
	run->housekeeping = (struct housekeeping){ .session = s, .exporters = &run->exporters, .reload = reload };
	if (r == 0)
		r = falco_peers_start(&run->peers, config, &err);
	if (r == 0)
		r = privileges_seal(config, falco_sandbox(config), &err);
	if (r == 0)
		service_ready();
	if (r == 0)
		r = take_events(s, run, max_ns, live, &err);
	if (signals_stop_requested())
		log_info("a signal asks for the end");
	service_stopping();
	housekeeping_finish(&run->housekeeping);
	session_add_rule_counts(s, &counts);
	if (listing_print(&counts) != EXIT_OK)
		return EXIT_FAILED;
	return r < 0 ? log_failure(&err, EXIT_FAILED) : EXIT_OK;
}

int falco_watch(const struct config *config, const struct options *o, const struct plugins *plugins,
		const struct engine_options *engine, const struct falco_sources *sources,
		struct program_starter *programs)
{
	struct run run = { .config = config, .plugins = plugins, .sources = sources, .fields = &engine->fields };
	struct session s = { .outputs.programs = programs };
	int status = watch(&s, &run, o, engine);

	end(&s, &run);
	return status;
}
