/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "app/config_show.h"
#include "app/falco_flags.h"
#include "app/help.h"
#include "app/listing.h"
#include "app/log.h"

/* What each word does with a configuration that could be read. */
enum action { ACTION_CHECK, ACTION_SHOW, ACTION_SCHEMA, ACTION_NONE };

static enum action action_of(const char *word)
{
	return strcmp(word, "check") == 0  ? ACTION_CHECK :
	       strcmp(word, "show") == 0   ? ACTION_SHOW :
	       strcmp(word, "schema") == 0 ? ACTION_SCHEMA :
					     ACTION_NONE;
}

static int print_schema(void)
{
	auto_strbuf struct strbuf out = { 0 };

	config_schema(&out);
	return listing_print(&out);
}

static int print(const struct config *c, enum action action, const char *path)
{
	auto_strbuf struct strbuf out = { 0 };
	size_t i;

	for (i = 0; i < c->nwarnings; i++)
		log_warning(STR_FMT, STR_ARG(c->warnings[i]));
	if (action == ACTION_SHOW)
		config_show(&out, c);
	else
		strbuf_addf(&out, "%s: ok%s\n", path ? path : "defaults", c->nwarnings ? ", with warnings" : "");
	return listing_print(&out);
}

/* Ours, else Falco's, else none. */
static const char *default_path(void)
{
	static const char *const paths[] = { SYSCONFDIR "/monitor/monitor.yaml", "/etc/falco/falco.yaml" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++)
		if (access(paths[i], F_OK) == 0)
			return paths[i];
	return NULL;
}

/* [FILE] -o KEY=VALUE... */
static int load_own(const struct options *o, const char **ret_path, struct config **ret_config, struct error *err)
{
	auto_free const char **assignments = calloc(o->ngiven + 1, sizeof(*assignments));
	size_t n = 0;

	if (!assignments)
		return error_set(err, -ENOMEM, "out of memory");
	while ((assignments[n] = options_nth(o, OPT_config_option, n)))
		n++;
	*ret_path = o->noperands > 1 ? o->operands[1] : default_path();
	return config_load(*ret_path, assignments, n, ret_config, err);
}

/* What would be passed over is refused. */
static int check_assignments(const struct options *o, enum action action, bool of_falco, struct error *err)
{
	if (options_has(o, OPT_config_option) && action == ACTION_SCHEMA)
		return error_set(err, -EINVAL, "--option sets a key, and the schema has none that is set");
	if (options_has(o, OPT_config_option) && of_falco)
		return error_set(err, -EINVAL, "--option is one of Falco's here: it goes behind --");
	return options_pairs(o, OPT_config_option, err);
}

/* -- FALCO'S OPTIONS: what that command line would work with */
static int load_falco(const struct command *c, const struct options *o, const char **ret_path,
		      struct config **ret_config, struct error *err)
{
	auto_options struct options falco = { 0 };
	int r;

	/* the word before takes the place of the command's name */
	r = options_parse(command_find("falco"), o->noperands, o->operands, &falco, err);
	if (r < 0)
		return r;
	r = options_operands(c, &falco, 0, err);
	if (r < 0)
		return r;
	*ret_path = falco_config_path(&falco);
	return falco_config(&falco, ret_config, err);
}

int cmd_config(const struct command *c, int argc, char **argv)
{
	auto_options struct options o = { 0 };
	auto_config struct config *config = NULL;
	const char *path = NULL;
	struct error err = { 0 };
	enum action action;
	bool of_falco;
	int r;

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&o, OPT_config_help))
		return help_command(c);
	action = o.noperands ? action_of(o.operands[0]) : ACTION_NONE;
	if (action == ACTION_NONE) {
		log_error("config takes one of: check, show, schema");
		return EXIT_USAGE;
	}
	of_falco = action != ACTION_SCHEMA && o.noperands > 1 && o.operands[1][0] == '-';
	if (check_assignments(&o, action, of_falco, &err) < 0 ||
	    (!of_falco && options_operands(c, &o, action == ACTION_SCHEMA ? 1 : 2, &err) < 0))
		return log_failure(&err, EXIT_USAGE);
	if (action == ACTION_SCHEMA)
		return print_schema();
	r = of_falco ? load_falco(c, &o, &path, &config, &err) : load_own(&o, &path, &config, &err);
	return r < 0 ? log_failure(&err, EXIT_FAILED) : print(config, action, path);
}
