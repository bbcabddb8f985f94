/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "app/config.h"
#include "app/config_rows.h"
#include "base/limits.h"
#include "output/syslog_local.h"

/* ---- keys that nobody knows ---------------------------------------------------------------------------- */

static int warn_unknown(struct config *c, struct str path, const struct yaml_node *key)
{
	auto_strbuf struct strbuf place = { 0 };
	const char *nearest = config_row_nearest(path);

	config_place(c, key, &place);
	return config_warn(c, "%s: unknown key " STR_FMT "%s%s%s", place.len ? place.ptr : "configuration",
			   STR_ARG(path), nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

/* The first counts, as with Falco, but many read a file from its end. */
static int warn_twice(struct config *c, struct str path, const struct yaml_node *key)
{
	auto_strbuf struct strbuf place = { 0 };

	config_place(c, key, &place);
	return config_warn(c, "%s: " STR_FMT " is written twice; the first counts",
			   place.len ? place.ptr : "configuration", STR_ARG(path));
}

static int warn_no_map(struct config *c, struct str path, const struct yaml_node *node)
{
	auto_strbuf struct strbuf place = { 0 };

	config_place(c, node, &place);
	return config_warn(c, "%s: " STR_FMT " has the wrong type: it is a map; its keys are passed over",
			   place.len ? place.ptr : "configuration", STR_ARG(path));
}

/* ---- maps whose keys are the user's -------------------------------------------------------------------- */

/* A pair of such a map, and where it stood. */
struct free_pair {
	struct str key;
	uint32_t place;
};

static int by_key(const void *a, const void *b)
{
	const struct free_pair *one = a, *other = b;
	int r = str_cmp(one->key, other->key);

	return r ? r : (one->place > other->place) - (one->place < other->place);
}

static int warn_dropped(struct config *c, struct str path, const struct yaml_node *key, struct str name)
{
	auto_strbuf struct strbuf place = { 0 };

	config_place(c, key, &place);
	return config_warn(c, "%s: " STR_FMT "." STR_FMT " is written twice; the last counts",
			   place.len ? place.ptr : "configuration", STR_ARG(path), STR_ARG(name));
}

/*
 * Falco reads such a map as a whole, and what comes later takes the place of what was there: earlier pairs
 * are dropped.
 */
static int keep_last(struct config *c, struct yaml_node *map, struct str path)
{
	struct free_pair *pairs = arena_array_of(c->arena, struct free_pair, map->count);
	uint32_t i, n = 0, kept = 0;
	int r = 0;

	if (!pairs)
		return -ENOMEM;
	for (i = 0; i < map->count; i++)
		if (config_tree_text(map->pairs[i].key, &pairs[n].key))
			pairs[n++].place = i;
	qsort(pairs, n, sizeof(*pairs), by_key);
	for (i = 1; r == 0 && i < n; i++) {
		if (!str_eq(pairs[i - 1].key, pairs[i].key))
			continue;
		if (c->nwarnings <= CONFIG_WARNINGS)
			r = warn_dropped(c, path, map->pairs[pairs[i].place].key, pairs[i].key);
		map->pairs[pairs[i - 1].place].key = NULL;
	}
	for (i = 0; i < map->count; i++)
		if (map->pairs[i].key)
			map->pairs[kept++] = map->pairs[i];
	map->count = kept;
	return r;
}

static int check_free(struct config *c, struct yaml_node *node, struct str path)
{
	int r = node->kind == YAML_MAP ? keep_last(c, node, path) : 0;
	uint32_t i;

	for (i = 0; r == 0 && node->kind == YAML_MAP && i < node->count; i++)
		r = check_free(c, node->pairs[i].value, path);
	for (i = 0; r == 0 && node->kind == YAML_SEQUENCE && i < node->count; i++)
		r = check_free(c, node->items[i], path);
	return r;
}

/* ---- maps whose keys are ours -------------------------------------------------------------------------- */

static int check_below(struct config *c, struct yaml_node *node, struct str path);

static int check_pair(struct config *c, const struct yaml_node *map, uint32_t i, struct str prefix)
{
	const struct yaml_pair *pair = &map->pairs[i];
	struct str key, path;

	if (!config_tree_text(pair->key, &key))
		return warn_unknown(c, prefix, pair->key);
	path = prefix.len ? arena_printf(c->arena, STR_FMT "." STR_FMT, STR_ARG(prefix), STR_ARG(key)) : key;
	if (!path.ptr)
		return -ENOMEM;
	if (!config_row_find(path) && !config_row_leads(path))
		return warn_unknown(c, path, pair->key);
	if (config_tree_came_before(map, i))
		return warn_twice(c, path, pair->key);
	return check_below(c, pair->value, path);
}

static int check_below(struct config *c, struct yaml_node *node, struct str path)
{
	const struct config_row *row = config_row_find(path);
	struct str below;
	uint32_t i;
	int r = 0;

	/* static_fields, and what plugins are given: every key is right */
	if (row && (row->type == CONFIG_MAP || row->type == CONFIG_SECRET))
		return check_free(c, node, path);
	if ((path.len && !config_row_leads(path)) || c->nwarnings > CONFIG_WARNINGS)
		return 0;
	if ((node->kind == YAML_SCALAR || node->kind == YAML_SEQUENCE) && !str_ends(path, STR("[]")) && !row)
		return warn_no_map(c, path, node);
	if (node->kind == YAML_SEQUENCE && path.len) {
		below = arena_printf(c->arena, STR_FMT "[]", STR_ARG(path));
		if (!below.ptr)
			return -ENOMEM;
		for (i = 0; r == 0 && i < node->count; i++)
			r = check_below(c, node->items[i], below);
	}
	for (i = 0; r == 0 && node->kind == YAML_MAP && i < node->count && c->nwarnings <= CONFIG_WARNINGS; i++)
		r = check_pair(c, node, i, path);
	return r;
}

int config_check_keys(struct config *c)
{
	return check_below(c, c->root, STR(""));
}

/* ---- texts where keys belong --------------------------------------------------------------------------- */

/* Falco reads no keys of an engine that is not in use, nor those that it dropped. */
static bool is_read(const struct config *c, const struct config_row *row)
{
	struct str below = str_of(row->key + strcspn(row->key, "."));

	if (row->state == CONFIG_GONE)
		return false;
	if (!str_starts(str_of(row->key), STR("engine.")) || !memchr(below.ptr + 1, '.', below.len - 1))
		return true;
	below = (struct str){ below.ptr + 1, strcspn(below.ptr + 1, ".") };
	return str_eq(below, c->engine_kind);
}

/*
 * Falco looks for each of its keys below such a text, and ends. In a list it finds nothing, and takes the
 * default: that is a warning.
 */
static int check_maps(const struct config *c, struct error *err)
{
	for (size_t i = 0; i < config_nrows; i++) {
		const struct config_row *row = &config_rows[i];
		char prefix[128];

		for (const char *dot = strchr(row->key, '.'); dot && !row->member; dot = strchr(dot + 1, '.')) {
			const struct yaml_node *node;

			snprintf(prefix, sizeof(prefix), "%.*s", (int)(dot - row->key), row->key);
			node = config_tree_get(c->root, prefix);
			if (node && node->kind == YAML_SCALAR && is_read(c, row))
				return config_error(c, prefix, err, "it is a map of keys, such as %s, and no text",
						    row->key);
		}
	}
	return 0;
}

/* Entries of a list that are lists or maps themselves. Those of config_files may be maps. */
static int check_lists(const struct config *c, struct error *err)
{
	for (size_t i = 0; i < config_nrows; i++) {
		const struct config_row *row = &config_rows[i];
		const struct yaml_node *list;

		if (row->member || row->type != CONFIG_LIST || row->state == CONFIG_GONE ||
		    config_row_leads(str_of(row->key)))
			continue;
		list = *(struct yaml_node *const *)((const char *)c + row->offset);
		for (uint32_t k = 0; list && list->kind == YAML_SEQUENCE && k < list->count; k++)
			if (list->items[k]->kind == YAML_SEQUENCE || list->items[k]->kind == YAML_MAP)
				return config_error(c, row->key, err, "entry %u is no text", k);
	}
	return 0;
}

/* ---- values that must make sense ----------------------------------------------------------------------- */

static int check_words(const struct config *c, struct error *err)
{
	struct str nearest;
	size_t i;

	for (i = 0; i < config_nrows; i++) {
		const struct config_row *row = &config_rows[i];
		struct str value;

		if (row->member || (row->type != CONFIG_WORD && row->type != CONFIG_ANYCASE))
			continue;
		value = *(const struct str *)((const char *)c + row->offset);
		if (!config_word(row->values, value, row->type == CONFIG_ANYCASE, &nearest))
			return config_error(c, row->key, err, "\"" STR_FMT "\" is none of %s%s" STR_FMT "%s",
					    STR_ARG(value), row->values, nearest.len ? "; did you mean " : "",
					    STR_ARG(nearest), nearest.len ? "?" : "");
	}
	return 0;
}

static int check_log(const struct config *c, struct error *err)
{
	static const char key[] = "monitor.log.syslog_socket";
	char path[PATH_MAX];
	int r = config_c_text(path, sizeof(path), c->monitor_log_syslog_socket, key, err);

	return r == 0 && !syslog_local_path_ok(path) ?
		       config_error(c, key, err, "it must be the absolute path of a socket") :
		       r;
}

/* ignore excludes the actions that tell. */
static int check_drop_actions(const struct config *c, struct error *err)
{
	static const char key[] = "syscall_event_drops.actions";
	const struct config_row *row = config_row_find(STR("syscall_event_drops.actions"));
	struct str word, nearest;
	bool ignored = false;
	size_t i;

	for (i = 0; i < config_items(c->syscall_event_drops_actions); i++) {
		if (!config_item(c->syscall_event_drops_actions, i, &word) ||
		    !config_word(row->values, word, false, &nearest))
			return config_error(c, key, err, "entry %zu is none of %s", i, row->values);
		if (ignored && (str_eq(word, STR("log")) || str_eq(word, STR("alert"))))
			return config_error(c, key, err, "\"" STR_FMT "\" makes no sense beside \"ignore\"",
					    STR_ARG(word));
		ignored |= str_eq(word, STR("ignore"));
	}
	return 0;
}

/* IPv4, or IPv6 with or without a zone. */
static bool is_address(struct str s)
{
	const char *zone = s.len ? memchr(s.ptr, '%', s.len) : NULL;
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (zone)
		s.len = (size_t)(zone - s.ptr);
	if (!s.len || s.len >= sizeof(text))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = 0;
	return (!zone && inet_pton(AF_INET, text, &address) == 1) || inet_pton(AF_INET6, text, &address) == 1;
}

int config_check_values(struct config *c, struct error *err)
{
	int r = check_maps(c, err);

	if (r == 0)
		r = check_lists(c, err);
	if (r == 0)
		r = check_words(c, err);
	if (r == 0)
		r = check_drop_actions(c, err);
	if (r == 0)
		r = check_log(c, err);
	if (r < 0)
		return r;
	if (str_eq(c->engine_kind, STR("replay")) && !c->engine_replay_capture_file.len)
		return config_error(c, "engine.kind", err, "replay needs engine.replay.capture_file");
	if (priority_parse(c->priority, &c->min_priority) < 0)
		return config_error(c, "priority", err, "\"" STR_FMT "\" is no priority", STR_ARG(c->priority));
	if (c->file_output_enabled && !c->file_output_filename.len)
		return config_error(c, "file_output.enabled", err, "file_output.filename is missing");
	if (c->program_output_enabled && !c->program_output_program.len)
		return config_error(c, "program_output.enabled", err, "program_output.program is missing");
	if (c->http_output_enabled && !c->http_output_url.len)
		return config_error(c, "http_output.enabled", err, "http_output.url is missing");
	if (!is_address(c->webserver_listen_address))
		return config_error(c, "webserver.listen_address", err, "\"" STR_FMT "\" is no IP address",
				    STR_ARG(c->webserver_listen_address));
	if (c->syscall_event_drops_threshold < 0 || c->syscall_event_drops_threshold > 1)
		return config_error(c, "syscall_event_drops.threshold", err, "it is a number from 0 to 1");
	if (!c->syscall_event_timeouts_max_consecutives)
		return config_error(c, "syscall_event_timeouts.max_consecutives", err, "it must be above 0");
	return 0;
}
