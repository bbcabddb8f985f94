/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor list`: what rules can be made of, or the rules themselves. */
#include <errno.h>

#include "app/command.h"
#include "app/help.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/session.h"
#include "app/setup.h"

static const struct setup_options setup_ids = { .config = OPT_list_config, .plugin = OPT_list_plugin };

#define LIST_KINDS "fields, events, ignored, rules, priorities, operators, transformers"

struct listing_kind {
	const char *name;
	int (*add)(struct strbuf *out, const struct options *o, struct listing_names *names, struct error *err);
};

/* 1 and the form that --format asks for; 0 without it. */
static int falco_form(const struct options *o, enum listing_form *ret_form, struct error *err)
{
	const int form = options_choice(o, OPT_list_format, LISTING_TEXT, err);

	if (form < 0)
		return form;
	*ret_form = (enum listing_form)form;
	return options_has(o, OPT_list_format);
}

static int add_fields(struct strbuf *out, const struct options *o, struct listing_names *names, struct error *err)
{
	auto_setup struct setup setup = { 0 };
	struct listing_request request = {
		.verbose = options_has(o, OPT_list_verbose),
		.names_only = options_has(o, OPT_list_names),
		.which = &setup.engine.fields,
	};
	const int form = falco_form(o, &request.form, err);
	int r = form < 0 ? form : setup_load(&setup, o, &setup_ids, err);

	if (r < 0)
		return r;
	request.plugins = &setup.plugins;
	if (form)
		listing_falco_fields(out, &request);
	else
		listing_fields(out, names, &request);
	return 0;
}

static int add_rules(struct strbuf *out, const struct options *o, struct listing_names *names, struct error *err)
{
	auto_setup struct setup setup = { 0 };
	auto_session struct session s = { 0 };
	int r;

	r = setup_load(&setup, o, &setup_ids, err);
	setup_tell_warnings(setup.config);
	if (r == 0)
		r = setup_add_rules(setup.config, o, OPT_list_rules, &s.input, err);
	if (r == 0)
		r = session_load_rules(&s, o, OPT_list_rules, &setup.engine, NULL, false, err);
	if (r == 0)
		listing_rules(out, s.rules, names, options_has(o, OPT_list_verbose));
	return r;
}

static int add_events(struct strbuf *out, const struct options *o, struct listing_names *names, struct error *err)
{
	enum listing_form form;
	int r = falco_form(o, &form, err);

	if (r < 0)
		return r;
	if (r)
		listing_falco_events(out, form);
	else
		listing_events(out, names, options_has(o, OPT_list_verbose));
	return 0;
}

static int add_ignored(struct strbuf *out, const struct options *o, struct listing_names *names, struct error *err)
{
	(void)o;
	if (names->npatterns)
		return error_set(err, -EINVAL, "the list of what is ignored takes no names");
	listing_falco_ignored(out);
	names->listed++;
	return 0;
}

static int add_priorities(struct strbuf *out, const struct options *o, struct listing_names *names, struct error *err)
{
	(void)o;
	(void)err;
	listing_priorities(out, names);
	return 0;
}

static int add_operators(struct strbuf *out, const struct options *o, struct listing_names *names, struct error *err)
{
	(void)o;
	(void)err;
	listing_operators(out, names);
	return 0;
}

static int add_transformers(struct strbuf *out, const struct options *o, struct listing_names *names, struct error *err)
{
	(void)err;
	listing_transformers(out, names, options_has(o, OPT_list_verbose));
	return 0;
}

static const struct listing_kind kinds[] = {
	{ "fields", add_fields },
	{ "events", add_events },
	{ "ignored", add_ignored },
	{ "rules", add_rules },
	{ "priorities", add_priorities },
	{ "operators", add_operators },
	{ "transformers", add_transformers },
};

static const struct listing_kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* An option of another list would be passed over, and what it asks for be missed. */
static int refuse_strangers(const struct options *o, const char *kind, struct error *err)
{
	static const struct {
		enum option_id id;
		const char *of[2];
	} bound[] = { { OPT_list_rules, { "rules" } },
		      { OPT_list_config, { "fields", "rules" } },
		      { OPT_list_plugin, { "fields", "rules" } },
		      { OPT_list_names, { "fields" } },
		      { OPT_list_format, { "fields", "events" } } };

	for (size_t i = 0; i < ARRAY_SIZE(bound); i++) {
		const char *one = bound[i].of[0], *other = bound[i].of[1];

		if (options_has(o, bound[i].id) && strcmp(kind, one) != 0 && (!other || strcmp(kind, other) != 0))
			return error_set(err, -EINVAL, "--%s is for the list of %s%s%s, not of %s",
					 option_table[bound[i].id].long_name, one, other ? " or " : "",
					 other ? other : "", kind);
	}
	/* Falco's forms are of everything */
	if (options_has(o, OPT_list_format) && o->noperands > 1)
		return error_set(err, -EINVAL, "--format lists everything: it goes with no names");
	return 0;
}

/* What a name that nothing is called may have meant. */
static int log_nothing(const struct listing_names *names, const char *kind)
{
	struct str near = strcmp(kind, "fields") == 0 ? field_nearest(str_of(names->patterns[0])) : STR("");

	log_error("none of the %s is called \"%s\"%s" STR_FMT "%s", kind, names->patterns[0],
		  near.len ? " (did you mean \"" : "", STR_ARG(near), near.len ? "\"?)" : "");
	return EXIT_FAILED;
}

int cmd_list(const struct command *c, int argc, char **argv)
{
	auto_options struct options o = { 0 };
	auto_strbuf struct strbuf out = { 0 };
	const struct listing_kind *kind;
	struct listing_names names = { 0 };
	struct error err = { 0 };

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&o, OPT_list_help))
		return help_command(c);
	if (o.noperands < 1) {
		log_error("list takes one of: %s", LIST_KINDS);
		return EXIT_USAGE;
	}
	kind = find_kind(o.operands[0]);
	if (!kind) {
		log_error("there is no list of \"%s\"; there are %s", o.operands[0], LIST_KINDS);
		return EXIT_USAGE;
	}
	if (refuse_strangers(&o, kind->name, &err) < 0 || options_choice(&o, OPT_list_format, LISTING_TEXT, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	names.patterns = o.operands + 1;
	names.npatterns = o.noperands - 1;
	if (kind->add(&out, &o, &names, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	if (names.npatterns && !names.listed)
		return log_nothing(&names, o.operands[0]);
	return listing_print(&out);
}
