/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_OPTIONS_H
#define MONITOR_APP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "app/command.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/str.h"

enum option_id {
#define OPTION(id, ...) OPT_##id,
#include "app/options.def"
#undef OPTION
	OPT_COUNT
};

enum option_argument { OPTION_NONE, OPTION_REQUIRED, OPTION_OPTIONAL };

struct option_info {
	const char *command;
	char short_name; /* 0 = none */
	const char *long_name; /* "" = none */
	enum option_argument argument;
	const char *metavar, *help;
};

extern const struct option_info option_table[OPT_COUNT];

/* What was given on one command line; values and operands borrow from argv. */
struct options {
	struct option_given {
		enum option_id id;
		const char *value; /* NULL when it takes none or none was given */
	} *given;
	size_t ngiven;
	char **operands; /* NULL-terminated tail of argv */
	int noperands;
};

/*
 * Parses argv (argv[0] is the command's name). 0, or -EINVAL with a message that names the option, and the nearest
 * known one. For commands that run others, parsing stops at the first operand.
 */
int options_parse(const struct command *c, int argc, char **argv, struct options *ret_options, struct error *err);
void options_free(struct options *o);
/* -EINVAL when more operands were given than the command has a use for, with the first of those. */
int options_operands(const struct command *c, const struct options *o, int most, struct error *err);

bool options_has(const struct options *o, enum option_id id);
/* The last value given, or fallback. */
const char *options_value(const struct options *o, enum option_id id, const char *fallback);
/* The n-th value given (from 0), NULL past the end. */
const char *options_nth(const struct options *o, enum option_id id, size_t n);
/* 0, or -EINVAL when the file that the one option has written is one that the other names. "-" is no file. */
int options_spare(const struct options *o, enum option_id written, enum option_id other, struct error *err);
/* 0, or -EINVAL when a value of the option is no KEY=VALUE. */
int options_pairs(const struct options *o, enum option_id id, struct error *err);
/*
 * Index of the given value among the words of the option's METAVAR ("exact|fast"), or fallback when it was not given.
 * -EINVAL with a message when it is none of them.
 */
int options_choice(const struct options *o, enum option_id id, int fallback, struct error *err);
/* The same of any word, without a message. */
int options_word(enum option_id id, struct str word);

static inline void options_autofree(struct options *o)
{
	options_free(o);
}
#define auto_options __attribute__((cleanup(options_autofree)))

#endif
