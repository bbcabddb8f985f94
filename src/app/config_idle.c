/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"
#include "app/config_rows.h"

/*
 * Keys without effect are told once, with the reason, when they ask for something: a value other than the default, in a
 * block that is in use. http_output.url is not worth a line while http_output.enabled is false, nor engine.kmod.* while
 * another kind is chosen.
 */

static bool is_default_list(const struct config_row *row, const struct yaml_node *node)
{
	const char *fallback = row->fallback;
	struct str expected, text;
	size_t i;

	for (i = 0; config_default_item(&fallback, &expected); i++)
		if (!config_item(node, i, &text) || !str_eq(text, expected))
			return false;
	return i == config_items(node);
}

static bool asks_nothing(const struct config_row *row, const struct yaml_node *node)
{
	struct yaml_node fallback = { .kind = YAML_SCALAR, .text = str_of(row->fallback) };
	double x, y;
	bool a, b;

	if (!node || node->kind == YAML_NULL)
		return true;
	if (row->type == CONFIG_BOOL) /* what is switched off is not done: nothing to tell */
		return yaml_bool(node, &a) < 0 || !a || (yaml_bool(&fallback, &b) == 0 && a == b);
	if (row->type == CONFIG_LIST)
		return is_default_list(row, node);
	if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAP)
		return node->count == 0;
	if (row->type == CONFIG_DOUBLE && config_number(node->text, &x) == 0 && config_number(fallback.text, &y) == 0)
		return x >= y && x <= y;
	return !node->text.len || str_eq(node->text, fallback.text);
}

/* The block's own switch, "BLOCK.enabled", says no. */
static bool is_switched_off(const struct config *c, struct str key)
{
	const char *dot = str_last(key, '.');
	struct str name;
	char path[128];
	const struct config_row *row;

	if (!dot)
		return false;
	name = (struct str){ key.ptr, (size_t)(dot - key.ptr) };
	if (name.len + sizeof(".enabled") > sizeof(path) || str_eq(str_of(dot), STR(".enabled")))
		return false;
	snprintf(path, sizeof(path), STR_FMT ".enabled", STR_ARG(name));
	row = config_row_find(str_of(path));
	if (row && row->type == CONFIG_BOOL)
		return !*(const bool *)((const char *)c + row->offset);
	return is_switched_off(c, name);
}

static bool is_in_use(const struct config *c, const struct config_row *row)
{
	struct str key = str_of(row->key), kind;

	if (str_starts(key, STR("engine.")) && strchr(row->key + 7, '.')) {
		kind = (struct str){ row->key + 7, strcspn(row->key + 7, ".") };
		return str_eq(c->engine_kind, kind);
	}
	return !is_switched_off(c, key);
}

static bool is_told(struct config *c, const struct config_row *row)
{
	return row->state != CONFIG_WORKS && !row->member && !asks_nothing(row, config_tree_get(c->root, row->key)) &&
	       is_in_use(c, row);
}

int config_idle(struct config *c)
{
	auto_strbuf struct strbuf keys = { 0 };
	size_t i, k;
	int r = 0;

	for (i = 0; r == 0 && i < config_nrows; i++) {
		bool first = true;

		if (!is_told(c, &config_rows[i]))
			continue;
		strbuf_reset(&keys);
		for (k = 0; k < config_nrows; k++) {
			if (strcmp(config_rows[k].why, config_rows[i].why) != 0 || !is_told(c, &config_rows[k]))
				continue;
			first &= k >= i;
			strbuf_addf(&keys, "%s%s", keys.len ? ", " : "", config_rows[k].key);
		}
		if (first && keys.len)
			r = config_warn(c, "configuration: accepted without effect: %s (%s)", keys.ptr,
					config_rows[i].why);
	}
	return r;
}
