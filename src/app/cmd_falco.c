/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor falco`: Falco's command line. What it asks for is chosen here; each part of it is a file, see falco.h. */
#include <errno.h>
#include <limits.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "app/config_show.h"
#include "app/falco.h"
#include "app/falco_flags.h"
#include "app/falco_peers.h"
#include "app/falco_version.h"
#include "app/help.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/pidfile.h"
#include "app/privileges.h"
#include "app/program_commands.h"
#include "app/service.h"
#include "app/signals.h"
#include "base/thread.h"
#include "rule/schema.h"

/* Falco has one status for everything that went wrong. */
static int failure(const struct error *err)
{
	return log_failure(err, EXIT_FAILED);
}

static int read_form(const struct options *o, enum listing_form *ret_form, struct error *err)
{
	const char *word = options_value(o, OPT_falco_format, NULL);

	if (word && options_has(o, OPT_falco_markdown))
		return error_set(err, -EINVAL, "--markdown and --format exclude each other");
	*ret_form = options_has(o, OPT_falco_markdown) ? LISTING_MARKDOWN : LISTING_TEXT;
	if (word && *word && !listing_form_of(word, ret_form))
		return error_set(err, -EINVAL, "--format takes text, markdown or json, not \"%s\"", word);
	return 0;
}

/* ---- what needs no configuration ----------------------------------------------------------------------- */

static int print_static(const struct options *o, enum listing_form form)
{
	auto_strbuf struct strbuf out = { 0 };

	if (options_has(o, OPT_falco_config_schema))
		config_schema(&out);
	else if (options_has(o, OPT_falco_rule_schema))
		schema_print(&out);
	else if (options_has(o, OPT_falco_ignored))
		listing_falco_ignored(&out);
	else
		listing_falco_events(&out, form);
	return listing_print(&out);
}

static bool is_static(const struct options *o)
{
	return options_has(o, OPT_falco_config_schema) || options_has(o, OPT_falco_rule_schema) ||
	       options_has(o, OPT_falco_ignored) || options_has(o, OPT_falco_list_events) ||
	       options_has(o, OPT_falco_list_syscall_events);
}

/* ---- what does ----------------------------------------------------------------------------------------- */

static void sources_autofree(struct falco_sources *s)
{
	free(s->list);
}
#define auto_sources __attribute__((cleanup(sources_autofree)))

static bool is_source(const struct plugins *plugins, const char *name)
{
	return strcmp(name, "syscall") == 0 || plugins_have_source(plugins, str_of(name));
}

static int no_source(const struct plugins *plugins, const char *name, struct error *err)
{
	auto_strbuf struct strbuf all = { 0 };

	for (size_t i = 0; i < plugins->nsources; i++)
		strbuf_addf(&all, ", " STR_FMT, STR_ARG(plugins->sources[i].name));
	return error_set(err, -EINVAL, "there is no event source \"%s\"; there is syscall%s", name,
			 all.ptr ? all.ptr : "");
}

static int list(const struct options *o, const struct config *config, const struct plugins *plugins,
		enum listing_form form)
{
	struct error err = { 0 };
	auto_strbuf struct strbuf out = { 0 };
	const char *source = options_value(o, OPT_falco_list, NULL);

	if (source && *source && !is_source(plugins, source)) {
		(void)no_source(plugins, source, &err);
		return failure(&err);
	}
	listing_falco_fields(&out,
			     &(struct listing_request){
				     .form = form,
				     .verbose = options_has(o, OPT_falco_verbose),
				     .names_only = options_has(o, OPT_falco_names_only),
				     .which = &(struct field_options){ .container_plugin = config->container_plugin,
								       .static_names = config->static_names,
								       .nstatic = config->nstatic },
				     .plugins = plugins,
				     .source = str_of(source ? source : ""),
			     });
	return listing_print(&out);
}

static bool names(const struct options *o, enum option_id id, struct str source)
{
	const char *name;

	for (size_t i = 0; (name = options_nth(o, id, i)); i++)
		if (str_eq(source, str_of(name)))
			return true;
	return false;
}

static bool is_enabled(const struct options *o, struct str source)
{
	return options_has(o, OPT_falco_enable_source) ? names(o, OPT_falco_enable_source, source) :
							  !names(o, OPT_falco_disable_source, source);
}

/* Whose events are watched. A capture has what it has. */
static int choose_sources(const struct options *o, const struct config *config, const struct plugins *plugins,
			  struct falco_sources *ret_sources, struct error *err)
{
	bool replays = str_eq(config->engine_kind, STR("replay"));
	bool calls = is_enabled(o, STR("syscall")) &&
		     (!str_eq(config->engine_kind, STR("nodriver")) || plugins_give_calls(plugins));
	struct falco_sources *s = ret_sources;

	s->list = calloc(plugins->nsources + 1, sizeof(*s->list));
	if (!s->list)
		return error_set(err, -ENOMEM, "out of memory");
	if (replays || calls)
		s->list[s->n++] = STR("");
	for (size_t i = 0; i < plugins->nsources && !replays; i++)
		if (is_enabled(o, plugins->sources[i].name))
			s->list[s->n++] = plugins->sources[i].name;
	if (!s->n && options_has(o, OPT_falco_disable_source))
		return error_set(err, -EINVAL, "at least one event source must be enabled");
	if (!s->n)
		s->list[s->n++] = STR("");
	return 0;
}

/* The choice means nothing for a capture, as in Falco. */
static int check_sources(const struct options *o, const struct config *config, const struct plugins *plugins,
			 struct falco_sources *ret_sources, struct error *err)
{
	static const enum option_id ids[] = { OPT_falco_enable_source, OPT_falco_disable_source };
	const char *name;
	size_t i, k;

	if (str_eq(config->engine_kind, STR("replay")))
		return choose_sources(o, config, plugins, ret_sources, err);
	if (options_has(o, ids[0]) && options_has(o, ids[1]))
		return error_set(err, -EINVAL, "--enable-source and --disable-source exclude each other");
	for (k = 0; k < ARRAY_SIZE(ids); k++)
		for (i = 0; (name = options_nth(o, ids[k], i)); i++)
			if (!is_source(plugins, name))
				return no_source(plugins, name, err);
	return choose_sources(o, config, plugins, ret_sources, err);
}

static int load_config(void *context, struct config **ret_config, struct error *err)
{
	return falco_config(context, ret_config, err);
}

/* Programs are there as long as the configuration may name one. */
static int give_up_rights(const struct options *o, const struct config *config, struct program_starter **ret_programs,
			  struct error *err)
{
	const struct program_commands commands = {
		.config = config,
		.load = load_config,
		.context = (void *)(uintptr_t)o,
		.detached = options_has(o, OPT_falco_daemon),
	};
	bool may_change = falco_config_path(o) && !str_eq(config->engine_kind, STR("replay"));
	int r = 0;

	if (config->program_output_enabled || may_change)
		r = program_commands_fork(&commands, ret_programs, err);
	return r < 0 ? r : privileges_limit(config, falco_sandbox(config), err);
}

static int start(const struct options *o, const struct config *config, const struct plugins *plugins,
		 const struct engine_options *engine, const struct falco_sources *sources,
		 struct program_starter **programs)
{
	const char *given = options_value(o, OPT_falco_pidfile, ""),
		   *pidfile = *given ? given : NULL; /* empty is none, as in Falco */
	struct error err = { 0 };
	int status;

	if (options_has(o, OPT_falco_daemon) && daemon(1, 0) < 0) {
		log_error("cannot go to the background: %s", strerror(errno));
		return EXIT_FAILED;
	}
	/*
	 * no other process of our user reads secrets in our memory, and no core has them; programs that we
	 * execute are their own
	 */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	service_begin();
	if (!options_has(o, OPT_falco_dry_run) && pidfile_write(pidfile, &err) < 0)
		return failure(&err);
	status = falco_watch(config, o, plugins, engine, sources, take_ptr(*programs));
	pidfile_remove(pidfile);
	return status;
}

static int print_page_size(void)
{
	auto_strbuf struct strbuf out = { 0 };

	strbuf_addf(&out, "Your system page size is: %ld bytes\n", sysconf(_SC_PAGESIZE));
	return listing_print(&out);
}

static bool is_clean(const struct config *config, struct str file)
{
	auto_strbuf struct strbuf start = { 0 };
	size_t i;

	strbuf_addf(&start, STR_FMT ":", STR_ARG(file));
	for (i = 0; i < config->nwarnings; i++)
		if (str_starts(config->warnings[i], strbuf_str(&start)))
			return false;
	return true;
}

static void tell_start(const struct options *o, const struct config *config)
{
	size_t i;

	log_info("Falco version: " FALCO_VERSION " (monitor " VERSION ")");
	if (!falco_config_path(o))
		return;
	log_info("Falco initialized with configuration files:");
	for (i = 0; i < config->norigins; i++)
		if (config->origins[i].kind == CONFIG_FROM_FILE)
			log_info("   " STR_FMT " | schema validation: %s", STR_ARG(config->origins[i].name),
				 is_clean(config, config->origins[i].name) ? "ok" : "failed");
}

static bool watches(const struct options *o)
{
	static const enum option_id others[] = { OPT_falco_plugin_info, OPT_falco_list_plugins, OPT_falco_list,
						 OPT_falco_validate,    OPT_falco_describe_all, OPT_falco_describe,
						 OPT_falco_support,     OPT_falco_dry_run };

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (options_has(o, others[i]))
			return false;
	return true;
}

/* In Falco's order, which decides when several are asked for. */
static int act(const struct options *o, const struct config *config, enum listing_form form, char **argv)
{
	struct engine_options engine = config_engine_options(config);
	const struct plugins_choice choice = { .config = config,
					       .together = str_eq(config->engine_kind, STR("replay")) };
	auto_plugins struct plugins plugins = { 0 };
	auto_sources struct falco_sources sources = { 0 };
	auto_program_starter struct program_starter *programs = NULL;
	struct error err = { 0 };
	size_t i;

	if (options_has(o, OPT_falco_version))
		return falco_version(config->json_output);
	if (options_has(o, OPT_falco_page_size))
		return print_page_size();
	for (i = 0; i < config->nwarnings; i++)
		log_warning(STR_FMT, STR_ARG(config->warnings[i]));
	if (watches(o)) {
		thread_unblock_signals();
		/*
		 * who finds our number may ask before we are ready: that is done then. An end is no matter of
		 * waiting
		 */
		signals_catch_reload();
		signals_catch_reopen();
	}
	/* before plugins have threads */
	if (watches(o) && give_up_rights(o, config, &programs, &err) < 0)
		return failure(&err);
	if (plugins_load(&plugins, &choice, &err) < 0 ||
	    plugins_offer(&plugins, &engine, &err) < 0)
		return failure(&err);
	if (options_has(o, OPT_falco_plugin_info) || options_has(o, OPT_falco_list_plugins))
		return falco_plugins(config, &plugins, options_value(o, OPT_falco_plugin_info, NULL));
	if (options_has(o, OPT_falco_list))
		return list(o, config, &plugins, form);
	if (check_sources(o, config, &plugins, &sources, &err) < 0 || plugins_check_used(&plugins, &err) < 0)
		return failure(&err);
	engine.source = sources.list[0];
	if (options_has(o, OPT_falco_validate))
		return falco_validate(config, o, &engine);
	if (options_has(o, OPT_falco_describe_all) || options_has(o, OPT_falco_describe))
		return falco_describe(config, o, &engine);
	if (options_has(o, OPT_falco_support))
		return falco_support(config, o, &engine, argv);
	return start(o, config, &plugins, &engine, &sources, &programs);
}

int cmd_falco(const struct command *c, int argc, char **argv)
{
	auto_options struct options o = { 0 };
	auto_config struct config *config = NULL;
	enum listing_form form;
	struct error err = { 0 };

	log_setup(&(struct log_settings){ .level = LOG_LEVEL_WARNING, .falco = true });
	if (options_parse(c, argc, argv, &o, &err) < 0 || read_form(&o, &form, &err) < 0)
		return failure(&err);
	if (options_has(&o, OPT_falco_help))
		return help_command(c);
	if (is_static(&o))
		return print_static(&o, form);
	if (falco_config(&o, &config, &err) < 0)
		return failure(&err);
	falco_log(config, &o);
	tell_start(&o, config);
	if (o.noperands)
		log_warning("operands are not used: \"%s\"", o.operands[0]);
	signals_survive_writes();
	return act(&o, config, form, argv);
}
