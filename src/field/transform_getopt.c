/* SPDX-License-Identifier: Apache-2.0 */
#include "field/transform_impl.h"

/*
 * getopt(list, "ab:c") as getopt(3) reads an argument list, with these differences: it stops at the first
 * argument that is no option, passes over --long ones, gives "?" for a letter that is not known, and the
 * empty text where an argument is missing. The result is the letters and values in a row; with a selector,
 * the last value (or, for an option without one, the letter) of that option, and absent when it does not
 * occur.
 */
struct letters {
	bool known[256];
	bool takes_value[256];
};

struct collector {
	struct value *list;
	uint32_t count, cap;
	bool selecting;
	unsigned char selector;
	bool selected;
	struct str last;
};

static void letters_read(struct letters *l, struct str text)
{
	size_t i = text.len > 0 && text.ptr[0] == ':' ? 1 : 0;

	for (; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];

		if (c == ':')
			continue;
		l->known[c] = true;
		if (i + 1 < text.len && text.ptr[i + 1] == ':') {
			l->takes_value[c] = true;
			i++;
		}
	}
}

static void put(struct collector *c, struct str s)
{
	if (c->count < c->cap)
		c->list[c->count++].s = s;
}

/* One option that was found; name is its letter, value NULL when it has none. */
static void found(struct collector *c, struct str name, const struct str *value)
{
	if (c->selecting) {
		if ((unsigned char)name.ptr[0] != c->selector)
			return;
		c->selected = true;
		c->last = value ? *value : name;
		return;
	}
	put(c, name);
	if (value)
		put(c, *value);
}

/* A missing value is an empty text in place of letter and value. */
static void missing(struct collector *c, char letter)
{
	if (!c->selecting) {
		put(c, STR(""));
	} else if ((unsigned char)letter == c->selector) {
		c->selected = true;
		c->last = STR("");
	}
}

/* One argument like -abVALUE. Returns how many further arguments it used up. */
static uint32_t read_argument(struct collector *c, const struct letters *l, struct str arg, const struct str *next)
{
	for (size_t i = 1; i < arg.len; i++) {
		unsigned char letter = (unsigned char)arg.ptr[i];
		struct str name = { arg.ptr + i, 1 }, rest = { arg.ptr + i + 1, arg.len - i - 1 };

		if (letter == ':' || !l->known[letter]) {
			if (!c->selecting)
				put(c, STR("?"));
			continue;
		}
		if (!l->takes_value[letter]) {
			found(c, name, NULL);
			continue;
		}
		if (rest.len > 0)
			found(c, name, &rest);
		else if (next)
			found(c, name, next);
		else
			missing(c, (char)letter);
		return rest.len == 0 && next ? 1 : 0;
	}
	return 0;
}

enum presence transform_getopt(const struct transform_call *call, struct values *ret)
{
	const struct values *in = &call->args[0].values;
	struct letters letters = { 0 };
	struct collector c = { 0 };
	struct value *one;

	letters_read(&letters, call->args[1].values.list[0].s);
	for (uint32_t i = 0; i < in->count; i++)
		/* each letter gives one value, each argument at most one more */
		c.cap += (uint32_t)in->list[i].s.len + 1;
	c.list = arena_array_of(call->arena, struct value, c.cap);
	if (!c.list)
		return ABSENT;
	c.selecting = call->selector.len == 1;
	c.selector = c.selecting ? (unsigned char)call->selector.ptr[0] : 0;
	for (uint32_t i = 0; i < in->count; i++) {
		struct str arg = in->list[i].s;

		if (arg.len > 2 && arg.ptr[0] == '-' && arg.ptr[1] == '-')
			continue;
		if (arg.len < 2 || arg.ptr[0] != '-' || arg.ptr[1] == '-')
			break;
		i += read_argument(&c, &letters, arg, i + 1 < in->count ? &in->list[i + 1].s : NULL);
	}
	if (!c.selecting) {
		*ret = (struct values){ c.list, c.count };
		return PRESENT;
	}
	one = c.selected ? arena_new_of(call->arena, struct value) : NULL;
	if (!one)
		return ABSENT;
	one->s = c.last;
	*ret = (struct values){ one, 1 };
	return PRESENT;
}
