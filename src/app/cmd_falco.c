/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/falco.h"
#include "app/help.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/signals.h"

#define FALCO_CONFIG "/etc/falco/falco.yaml"

/* Falco has one status for everything that went wrong. */
static int failure(const struct error *err)
{
	return log_failure(err, EXIT_FAILED);
}

static void setup_log(const struct config *config, const struct options *o)
{
	static const char *const info[] = { "info", "debug", NULL };
	static const char *const warning[] = { "warning", "notice", NULL };
	struct log_settings settings = { .falco = true, .iso_time = config->time_format_iso_8601, .quiet = !config->log_stderr };
	size_t i;

	for (i = 0; info[i]; i++)
		if (str_ieq(config->log_level, str_of(info[i])))
			settings.level = LOG_LEVEL_INFO;
	for (i = 0; warning[i]; i++)
		if (str_ieq(config->log_level, str_of(warning[i])))
			settings.level = LOG_LEVEL_WARNING;
	if (options_has(o, OPT_falco_verbose))
		settings.level = LOG_LEVEL_INFO;
	log_setup(&settings);
}

/* A missing default configuration is no mistake of the user's yet: what needs one says so. */
static int load_config(const struct options *o, struct config **ret_config, struct error *err)
{
	const char *path = options_value(o, OPT_falco_config, access(FALCO_CONFIG, F_OK) == 0 ? FALCO_CONFIG : NULL);
	auto_free const char **assignments = calloc(o->ngiven + 1, sizeof(*assignments));
	size_t n = 0;

	if (!assignments)
		return error_set(err, -ENOMEM, "out of memory");
	while ((assignments[n] = options_nth(o, OPT_falco_option, n)))
		n++;
	return config_load(path, assignments, n, ret_config, err);
}

/* -p: free text is one more append_output. The letters that chose container or Kubernetes texts do nothing any more. */
static int add_print(struct config *config, const char *text)
{
	static const char *const gone[] = { "c", "container", "k", "kubernetes", NULL };
	struct append_output *appends;
	size_t i;

	config_warn(config, "-p is deprecated; use append_output in the configuration");
	for (i = 0; gone[i]; i++)
		if (strcmp(text, gone[i]) == 0)
			return 0;
	appends = arena_array_of(config->arena, struct append_output, config->nappends + 1);
	if (!appends)
		return -ENOMEM;
	if (config->nappends)
		memcpy(appends, config->appends, config->nappends * sizeof(*appends));
	appends[config->nappends++].extra_output = str_of(text);
	config->appends = appends;
	return 0;
}

static int list(const struct options *o, const struct config *config)
{
	auto_strbuf struct strbuf out = { 0 };
	const char *source = options_value(o, OPT_falco_list, NULL);

	if (source && strcmp(source, "syscall") != 0) {
		log_error("there is no event source \"%s\"; there is syscall", source);
		return EXIT_FAILED;
	}
	listing_falco_fields(&out, &(struct listing_request){
					   .verbose = options_has(o, OPT_falco_verbose),
					   .names_only = options_has(o, OPT_falco_names_only),
					   .which = &(struct field_options){ .container_plugin = config->container_plugin,
									     .static_names = config->static_names,
									     .nstatic = config->nstatic },
				   });
	return listing_print(&out);
}

static int list_events(void)
{
	auto_strbuf struct strbuf out = { 0 };

	listing_falco_events(&out, LISTING_TEXT);
	return listing_print(&out);
}

static int write_pid(const char *path)
{
	auto_file FILE *f = fopen(path, "we");

	if (!f || fprintf(f, "%d", (int)getpid()) < 0 || fflush(f) != 0) {
		log_error("cannot write %s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

static int act(const struct options *o, struct config *config)
{
	const char *print = options_value(o, OPT_falco_print, NULL), *pidfile = options_value(o, OPT_falco_pidfile, NULL);
	struct engine_options engine;
	size_t i;

	if (options_has(o, OPT_falco_version))
		return falco_version(config->json_output);
	if (print && add_print(config, print) < 0)
		return EXIT_FAILED;
	for (i = 0; i < config->nwarnings; i++)
		log_warning(STR_FMT, STR_ARG(config->warnings[i]));
	if (options_has(o, OPT_falco_list))
		return list(o, config);
	engine = config_engine_options(config);
	if (options_has(o, OPT_falco_validate))
		return falco_validate(config, o, &engine);
	if (pidfile && write_pid(pidfile) != EXIT_OK)
		return EXIT_FAILED;
	return falco_replay(config, o, &engine);
}

int cmd_falco(const struct command *c, int argc, char **argv)
{
	auto_options struct options o = { 0 };
	auto_config struct config *config = NULL;
	struct error err = { 0 };

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return failure(&err);
	if (options_has(&o, OPT_falco_help))
		return help_command(c);
	if (o.noperands) {
		log_error("falco takes no operands: \"%s\"", o.operands[0]);
		return EXIT_FAILED;
	}
	if (options_has(&o, OPT_falco_list_events))
		return list_events();
	if (options_has(&o, OPT_falco_page_size))
		return printf("Your system page size is: %ld bytes\n", sysconf(_SC_PAGESIZE)) < 0;
	if (load_config(&o, &config, &err) < 0)
		return failure(&err);
	setup_log(config, &o);
	signals_survive_pipes();
	return act(&o, config);
}
