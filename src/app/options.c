/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>

#include "app/options.h"
#include "base/file.h"

const struct option_info option_table[OPT_COUNT] = {
#define OPTION(id, command, short_name, long_name, argument, metavar, help)                                           \
	[OPT_##id] = { #command, short_name, long_name, OPTION_##argument, metavar, help },
#include "app/options.def"
#undef OPTION
};

/* getopt's tables for one command; a long option's val is its row, kept apart from the short options' characters. */
#define LONG_BASE 256
struct tables {
	char shorts[2 * OPT_COUNT + 3];
	struct option longs[OPT_COUNT + 1];
};

static bool of_command(const struct option_info *o, const struct command *c)
{
	return strcmp(o->command, c->name) == 0;
}

static void make_tables(const struct command *c, struct tables *t)
{
	static const int has_arg[] = {
		[OPTION_NONE] = no_argument,
		[OPTION_REQUIRED] = required_argument,
		[OPTION_OPTIONAL] = optional_argument,
	};
	size_t nshort = 0, nlong = 0;
	int i;

	*t = (struct tables){ 0 };
	/* "run" hands everything from its first operand on to the command that it starts */
	if (strcmp(c->name, "run") == 0)
		t->shorts[nshort++] = '+';
	t->shorts[nshort++] = ':'; /* tell a missing value from an unknown option */
	for (i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_table[i];

		if (!of_command(o, c))
			continue;
		if (o->short_name)
			t->shorts[nshort++] = o->short_name;
		if (o->short_name && o->argument == OPTION_REQUIRED)
			t->shorts[nshort++] = ':';
		if (*o->long_name)
			t->longs[nlong++] = (struct option){ o->long_name, has_arg[o->argument], NULL, LONG_BASE + i };
	}
}

static int find_short(const struct command *c, int character)
{
	int i;

	for (i = 0; i < OPT_COUNT; i++)
		if (of_command(&option_table[i], c) && option_table[i].short_name == character)
			return i;
	return -1;
}

static int unknown(const struct command *c, const char *word, struct error *err)
{
	const char *nearest = NULL;
	unsigned int best = 3; /* two slips of the finger */
	size_t i, len;

	if (word[0] != '-' || word[1] != '-')
		return error_set(err, -EINVAL, "unknown option -%c (see monitor %s --help)", optopt, c->name);

	len = strcspn(word, "=");
	for (i = 0; i < OPT_COUNT; i++) {
		const struct option_info *o = &option_table[i];
		unsigned int d;

		if (!of_command(o, c) || !*o->long_name)
			continue;
		d = str_distance((struct str){ word + 2, len - 2 }, str_of(o->long_name));
		if (d < best) {
			best = d;
			nearest = o->long_name;
		}
	}
	if (nearest)
		return error_set(err, -EINVAL, "unknown option %.*s; did you mean --%s?", (int)len, word, nearest);
	return error_set(err, -EINVAL, "unknown option %.*s (see monitor %s --help)", (int)len, word, c->name);
}

/* Falco takes some empty names for none, and gives its own messages of others. */
static int check_value(const struct command *c, const struct option_info *o, const char *value, struct error *err)
{
	bool named = strcmp(o->metavar, "FILE") == 0 || strcmp(o->metavar, "LIBRARY[:INIT]") == 0;

	if (!named || *value || strcmp(c->name, "falco") == 0)
		return 0;
	return error_set(err, -EINVAL, "--%s takes a name, which is empty", o->long_name);
}

int options_parse(const struct command *c, int argc, char **argv, struct options *ret_options, struct error *err)
{
	auto_options struct options o = { 0 };
	struct tables t;

	make_tables(c, &t);
	o.given = calloc((size_t)argc + 1, sizeof(*o.given));
	if (!o.given)
		return error_set(err, -ENOMEM, "out of memory");

	opterr = 0;
	optind = 0; /* makes getopt start anew */
	for (;;) {
		int ch = getopt_long(argc, argv, t.shorts, t.longs, NULL), row;

		if (ch < 0)
			break;
		if (ch == '?' && optopt >= LONG_BASE)
			return error_set(err, -EINVAL, "option --%s takes no value",
					 option_table[optopt - LONG_BASE].long_name);
		if (ch == '?')
			return unknown(c, optopt ? "-" : argv[optind - 1],
				       err); /* optopt: within a cluster of short ones */
		if (ch == ':')
			return error_set(err, -EINVAL, "option %s needs a value", argv[optind - 1]);
		row = ch >= LONG_BASE ? ch - LONG_BASE : find_short(c, ch);
		if (option_table[row].argument == OPTION_REQUIRED &&
		    check_value(c, &option_table[row], optarg, err) < 0)
			return -EINVAL;
		o.given[o.ngiven++] = (struct option_given){ (enum option_id)row, optarg };
	}

	o.operands = argv + optind;
	o.noperands = argc - optind;
	*ret_options = o;
	o.given = NULL;
	return 0;
}

int options_operands(const struct command *c, const struct options *o, int most, struct error *err)
{
	if (o->noperands <= most)
		return 0;
	return error_set(err, -EINVAL, "%s has no use for \"%s\"", c->name, o->operands[most]);
}

void options_free(struct options *o)
{
	free(o->given);
	o->given = NULL;
}

bool options_has(const struct options *o, enum option_id id)
{
	size_t i;

	for (i = 0; i < o->ngiven; i++)
		if (o->given[i].id == id)
			return true;
	return false;
}

const char *options_value(const struct options *o, enum option_id id, const char *fallback)
{
	size_t i;

	for (i = o->ngiven; i > 0; i--)
		if (o->given[i - 1].id == id)
			return o->given[i - 1].value;
	return fallback;
}

const char *options_nth(const struct options *o, enum option_id id, size_t n)
{
	size_t i;

	for (i = 0; i < o->ngiven; i++)
		if (o->given[i].id == id && n-- == 0)
			return o->given[i].value;
	return NULL;
}

int options_spare(const struct options *o, enum option_id written, enum option_id other, struct error *err)
{
	const char *path = options_value(o, written, "-"), *one;

	if (strcmp(path, "-") == 0)
		return 0;
	for (size_t i = 0; (one = options_nth(o, other, i)); i++)
		if (file_is_same(path, one))
			return error_set(err, -EINVAL, "--%s and --%s name the same file, %s",
					 option_table[written].long_name, option_table[other].long_name, path);
	return 0;
}

int options_pairs(const struct options *o, enum option_id id, struct error *err)
{
	const char *one;

	for (size_t i = 0; (one = options_nth(o, id, i)); i++)
		if (!strchr(one, '='))
			return error_set(err, -EINVAL, "\"%s\" is no KEY=VALUE", one);
	return 0;
}

int options_word(enum option_id id, struct str value)
{
	const char *word = option_table[id].metavar;
	int i;

	for (i = 0; *word; i++) {
		struct str one = { word, strcspn(word, "|") };

		if (str_eq(value, one))
			return i;
		word += one.len + (word[one.len] == '|');
	}
	return -EINVAL;
}

int options_choice(const struct options *o, enum option_id id, int fallback, struct error *err)
{
	const char *value = options_value(o, id, NULL);
	int i = value ? options_word(id, str_of(value)) : fallback;

	if (i < 0)
		return error_set(err, -EINVAL, "--%s takes %s, not \"%s\"", option_table[id].long_name,
				 option_table[id].metavar, value);
	return i;
}
