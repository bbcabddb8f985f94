/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_TRANSFORM_H
#define MONITOR_FIELD_TRANSFORM_H

#include "base/arena.h"
#include "base/error.h"
#include "field/value.h"

/*
 * Transformers: tolower(x), join(", ", (a, b)) and so on, the same for conditions and output formats. Rows of
 * transforms.def; pure functions over values. val() is no transformer: it only marks a field on the right side.
 */
struct transform;

/*
 * The type of a value before it exists: of a field, a constant (text), a list literal (text, list) or another
 * transformer. What transformers made of one value has an origin: transformers of several arguments look at
 * nothing else, so that concat() takes len(proc.name) and not len(fd.types).
 */
struct transform_type {
	enum param_type type;
	bool list;
	enum param_type origin; /* PT_NONE: the value is its own */
	bool origin_list;
};

/* NULL when there is none of this name (name without the parenthesis). */
const struct transform *transform_lookup(struct str name);
const struct transform *transform_by_index(size_t i); /* NULL past the end */
struct str transform_name(const struct transform *t);
struct str transform_help(const struct transform *t);

/* Whether it makes one value of several. */
bool transform_is_multi(const struct transform *t);

/*
 * Whether it takes arguments of these types; selector is the text in [ ] after the call (getopt's option), empty and
 * has_selector false when there is none. 0 with the result's type, or -EINVAL with the reason.
 */
int transform_check(const struct transform *t, const struct transform_type *args, size_t nargs, bool has_selector,
		    struct str selector, struct transform_type *ret_type, struct error *err);

struct transform_arg {
	struct transform_type type;
	enum presence presence;
	struct values values;
};

/*
 * Computes the call on arguments that transform_check() accepted. New text goes to the arena. An unknown argument makes
 * the result unknown, else an absent one makes it absent; so does content that cannot be transformed (b64 of what is no
 * base64).
 */
enum presence transform_apply(const struct transform *t, struct arena *arena, const struct transform_arg *args,
			      size_t nargs, struct str selector, struct values *ret_values);

/*
 * A list literal with fields among its items, as join() and getopt() take it: all items' values in a row, numbers as
 * text. Constants are items of one text value.
 */
enum presence transform_list(struct arena *arena, const struct transform_arg *items, size_t nitems,
			     struct values *ret_values);

#endif
