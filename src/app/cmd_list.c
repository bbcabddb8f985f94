/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/command.h"
#include "app/help.h"
#include "app/listing.h"
#include "app/log.h"
#include "app/session.h"

struct listing_kind {
	const char *name;
	int (*add)(struct strbuf *out, const struct options *o, struct error *err);
};

static int add_fields(struct strbuf *out, const struct options *o, struct error *err)
{
	(void)err;
	listing_fields(out, options_has(o, OPT_list_verbose),
		       &(struct field_options){ .container_plugin = true, .extensions = true });
	return 0;
}

static int add_rules(struct strbuf *out, const struct options *o, struct error *err)
{
	const struct engine_options engine = {
		.min_priority = PRIORITY_DEBUG,
		.fields = { .container_plugin = true, .extensions = true },
		.ours = true,
	};
	auto_session struct session s = { 0 };
	int r;

	r = session_load_rules(&s, o, OPT_list_rules, &engine, false, err);
	if (r == 0)
		listing_rules(out, s.rules, options_has(o, OPT_list_verbose));
	return r;
}

static int add_events(struct strbuf *out, const struct options *o, struct error *err)
{
	(void)err;
	listing_events(out, options_has(o, OPT_list_verbose));
	return 0;
}

static int add_priorities(struct strbuf *out, const struct options *o, struct error *err)
{
	(void)o;
	(void)err;
	listing_priorities(out);
	return 0;
}

static int add_operators(struct strbuf *out, const struct options *o, struct error *err)
{
	(void)o;
	(void)err;
	listing_operators(out);
	return 0;
}

static const struct listing_kind kinds[] = {
	{ "fields", add_fields },
	{ "events", add_events },
	{ "rules", add_rules },
	{ "priorities", add_priorities },
	{ "operators", add_operators },
};

static const struct listing_kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

int cmd_list(const struct command *c, int argc, char **argv)
{
	auto_options struct options o = { 0 };
	auto_strbuf struct strbuf out = { 0 };
	const struct listing_kind *kind;
	struct error err = { 0 };

	if (options_parse(c, argc, argv, &o, &err) < 0)
		return log_failure(&err, EXIT_USAGE);
	if (options_has(&o, OPT_list_help))
		return help_command(c);
	if (o.noperands != 1) {
		log_error("list takes one of: %s", c->operands);
		return EXIT_USAGE;
	}
	kind = find_kind(o.operands[0]);
	if (!kind) {
		log_error("there is no list of \"%s\"; there is %s", o.operands[0], c->operands);
		return EXIT_USAGE;
	}
	if (kind->add(&out, &o, &err) < 0)
		return log_failure(&err, EXIT_FAILED);
	return listing_print(&out);
}
