/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "app/config.h"
#include "app/config_rows.h"
#include "base/parse.h"

/* Rows of config.def whose value is a member of struct config. */

int config_number(struct str s, double *ret_value)
{
	char text[64], *end;
	double v;

	if (!s.len || s.len >= sizeof(text))
		return -EINVAL;
	memcpy(text, s.ptr, s.len);
	text[s.len] = 0;
	errno = 0;
	v = strtod(text, &end);
	if (*end || errno || !isfinite(v))
		return -EINVAL;
	*ret_value = v;
	return 0;
}

static bool in_range(const struct config_row *row, double v)
{
	double min = -HUGE_VAL, max = HUGE_VAL;

	config_range(row->values, &min, &max);
	return v >= min && v <= max;
}

static int store_number(const struct config_row *row, struct str text, void *member)
{
	union {
		uint64_t u;
		int64_t i;
		double d;
	} v;
	int r;

	if (row->type == CONFIG_UINT) {
		r = parse_u64(text, &v.u);
		if (r == 0 && !in_range(row, (double)v.u))
			r = -EINVAL;
		if (r == 0)
			*(uint64_t *)member = v.u;
	} else if (row->type == CONFIG_INT) {
		r = parse_i64(text, &v.i);
		if (r == 0 && !in_range(row, (double)v.i))
			r = -EINVAL;
		if (r == 0)
			*(int64_t *)member = v.i;
	} else {
		r = config_number(text, &v.d);
		if (r == 0 && !in_range(row, v.d))
			r = -EINVAL;
		if (r == 0)
			*(double *)member = v.d;
	}
	return r;
}

/* Puts a value into the row's member; -EINVAL when it is none of the row's type. */
static int store(struct config *c, const struct config_row *row, struct yaml_node *node)
{
	void *member = (char *)c + row->offset;
	struct str text;

	switch (row->type) {
	case CONFIG_LIST:
	case CONFIG_OBJECTS:
		*(struct yaml_node **)member = node;
		return node->kind == YAML_MAP ? -EINVAL : 0;
	case CONFIG_MAP:
		*(struct yaml_node **)member = node;
		return node->kind == YAML_MAP || node->kind == YAML_NULL ? 0 : -EINVAL;
	case CONFIG_BOOL:
		return yaml_bool(node, member);
	case CONFIG_UINT:
	case CONFIG_INT:
	case CONFIG_DOUBLE:
		return config_tree_text(node, &text) ? store_number(row, text, member) : -EINVAL;
	case CONFIG_TEXT:
	case CONFIG_SECRET:
	case CONFIG_WORD:
	case CONFIG_ANYCASE:
		return config_tree_text(node, member) ? 0 : -EINVAL;
	case CONFIG_ANY:
		break;
	}
	return -EINVAL;
}

static bool holds_node(const struct config_row *row)
{
	return row->type == CONFIG_LIST || row->type == CONFIG_MAP || row->type == CONFIG_OBJECTS;
}

static void store_default(struct config *c, const struct config_row *row)
{
	struct yaml_node fallback = { .kind = YAML_SCALAR, .text = str_of(row->fallback) };

	if (holds_node(row))
		*(struct yaml_node **)((char *)c + row->offset) = NULL;
	else
		(void)store(c, row, &fallback); /* a row whose default does not fit is caught by a test */
}

static int tell_wrong_type(struct config *c, const struct config_row *row, const struct yaml_node *node)
{
	static const char *const expected[] = {
		[CONFIG_BOOL] = "true or false",   [CONFIG_INT] = "an integer",	     [CONFIG_UINT] = "an integer",
		[CONFIG_DOUBLE] = "a number",	   [CONFIG_TEXT] = "a text",	     [CONFIG_SECRET] = "a text",
		[CONFIG_WORD] = "a text",	   [CONFIG_ANYCASE] = "a text",	     [CONFIG_LIST] = "a list",
		[CONFIG_MAP] = "a map",		   [CONFIG_OBJECTS] = "a list of maps", [CONFIG_ANY] = "",
	};
	auto_strbuf struct strbuf place = { 0 };
	const char *range = strstr(row->values, "..") ? row->values : row->type == CONFIG_UINT ? "0.." : "";

	config_place(c, node, &place);
	return config_warn(c, "%s: %s has the wrong type: it is %s%s%s; %s is used",
			   place.len ? place.ptr : "configuration", row->key, expected[row->type], *range ? " in " : "",
			   range, *row->fallback ? row->fallback : "the default");
}

/* yaml-cpp makes a text of what is left out, and Falco a path or a URL of that. */
static int tell_null(struct config *c, const struct config_row *row, const struct yaml_node *node)
{
	auto_strbuf struct strbuf place = { 0 };

	if (node->kind != YAML_NULL || (row->type != CONFIG_TEXT && row->type != CONFIG_SECRET))
		return 0;
	config_place(c, node, &place);
	return config_warn(c, "%s: %s has no value, which Falco reads as the text \"null\"; write \"\" for none",
			   place.len ? place.ptr : "configuration", row->key);
}

/* Values of a wrong type are taken for missing, as Falco does, but not silently. */
int config_values(struct config *c)
{
	size_t i;
	int r = 0;

	c->given = arena_array_of(c->arena, bool, config_nrows);
	if (!c->given)
		return -ENOMEM;
	for (i = 0; r == 0 && i < config_nrows; i++) {
		const struct config_row *row = &config_rows[i];
		struct yaml_node *node;

		if (row->member)
			continue;
		store_default(c, row);
		node = config_tree_get(c->root, row->key);
		c->given[i] = node && store(c, row, node) == 0;
		if (c->given[i])
			r = tell_null(c, row, node);
		if (!node || c->given[i])
			continue;
		store_default(c, row);
		r = tell_wrong_type(c, row, node);
	}
	return r;
}

size_t config_items(const struct yaml_node *list)
{
	if (!list || list->kind == YAML_NULL)
		return 0;
	return list->kind == YAML_SEQUENCE ? list->count : 1;
}

bool config_item(const struct yaml_node *list, size_t i, struct str *ret_text)
{
	if (i >= config_items(list))
		return false;
	return config_tree_text(list->kind == YAML_SEQUENCE ? list->items[i] : list, ret_text);
}

int config_c_text(char *ret_text, size_t size, struct str value, const char *key, struct error *err)
{
	if (value.len >= size)
		return error_set(err, -ENAMETOOLONG, "%s is too long", key);
	snprintf(ret_text, size, STR_FMT, STR_ARG(value));
	return 0;
}
