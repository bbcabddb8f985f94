/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "app/config.h"
#include "base/file.h"
#include "base/parse.h"

enum config_type { CONFIG_BOOL, CONFIG_TEXT, CONFIG_UINT, CONFIG_INT, CONFIG_DOUBLE, CONFIG_KEY };
enum config_effect { CONFIG_YES, CONFIG_LATER, CONFIG_PART };

struct config_row {
	const char *key;
	enum config_type type;
	enum config_effect effect;
	size_t offset; /* of the member of struct config */
	const char *fallback;
};

static const struct config_row rows[] = {
#define CONFIG(id, key, type, fallback, effect)                                                                       \
	{ key, CONFIG_##type, CONFIG_##effect, offsetof(struct config, id), fallback },
#define KEY(key) { key, CONFIG_KEY, CONFIG_YES, 0, "" },
#include "app/config.def"
#undef KEY
#undef CONFIG
};

#define CONFIG_ARENA_BYTES 16384

int config_warn(struct config *c, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (c->nwarnings == c->warnings_cap) {
		size_t cap = c->warnings_cap ? 2 * c->warnings_cap : 8;
		struct str *more = arena_array_of(c->arena, struct str, cap);

		if (!more)
			return -ENOMEM;
		if (c->nwarnings)
			memcpy(more, c->warnings, c->nwarnings * sizeof(*more));
		c->warnings = more;
		c->warnings_cap = cap;
	}
	c->warnings[c->nwarnings] = arena_str(c->arena, str_of(text));
	return c->warnings[c->nwarnings].ptr ? (c->nwarnings++, 0) : -ENOMEM;
}

/* ---- single values ------------------------------------------------------------------------------------------------ */

static int parse_double(struct str s, double *ret_value)
{
	char text[64], *end;
	double v;

	if (!s.len || s.len >= sizeof(text))
		return -EINVAL;
	memcpy(text, s.ptr, s.len);
	text[s.len] = 0;
	errno = 0;
	v = strtod(text, &end);
	if (*end || errno)
		return -EINVAL;
	*ret_value = v;
	return 0;
}

/* Puts a text into the row's member; -EINVAL when it is no value of the row's type. */
static int store(struct config *c, const struct config_row *row, const struct yaml_node *node)
{
	void *member = (char *)c + row->offset;
	struct str text;

	if (!config_tree_text(node, &text))
		return -EINVAL;
	switch (row->type) {
	case CONFIG_BOOL:
		return yaml_bool(node, member);
	case CONFIG_TEXT:
		*(struct str *)member = text;
		return 0;
	case CONFIG_UINT:
		return parse_u64(text, member);
	case CONFIG_INT:
		return parse_i64(text, member);
	case CONFIG_DOUBLE:
		return parse_double(text, member);
	case CONFIG_KEY:
		return 0;
	}
	return -EINVAL;
}

static bool is_default(const struct config_row *row, const struct yaml_node *node)
{
	struct yaml_node fallback = { .kind = YAML_SCALAR, .text = str_of(row->fallback) };
	bool a, b;

	if (row->type == CONFIG_BOOL && yaml_bool(node, &a) == 0 && yaml_bool(&fallback, &b) == 0)
		return a == b;
	return node->kind == YAML_SCALAR && str_eq(node->text, fallback.text);
}

/* Values of a wrong type are taken for missing, as Falco does, but not silently. */
static int load_values(struct config *c)
{
	auto_strbuf struct strbuf idle = { 0 };
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < ARRAY_SIZE(rows); i++) {
		const struct config_row *row = &rows[i];
		const struct yaml_node *node = config_tree_get(c->root, row->key);
		const struct yaml_node fallback = { .kind = YAML_SCALAR, .text = str_of(row->fallback) };

		store(c, row, &fallback);
		if (!node || row->type == CONFIG_KEY)
			continue;
		if (store(c, row, node) < 0) {
			r = config_warn(c, "configuration: the value of %s has the wrong type; %s is used", row->key,
					row->fallback);
			store(c, row, &fallback);
		} else if (row->effect == CONFIG_LATER && !is_default(row, node)) {
			strbuf_addf(&idle, "%s%s", idle.len ? ", " : "", row->key);
		}
	}
	if (r == 0 && idle.len)
		r = config_warn(c, "configuration: accepted, but without effect in this version: %s", idle.ptr);
	return r;
}

/* ---- keys that nobody knows --------------------------------------------------------------------------------------- */

/* known: the path is a row, or leads to one. */
static bool is_known(struct str path, bool *ret_leaf)
{
	bool known = false;
	size_t i;

	*ret_leaf = false;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct str key = str_of(rows[i].key);

		if (str_eq(key, path)) {
			*ret_leaf = true;
			return true;
		}
		known |= key.len > path.len && key.ptr[path.len] == '.' && str_starts(key, path);
	}
	return known;
}

static int warn_unknown(struct config *c, struct str path)
{
	const char *nearest = NULL;
	unsigned int best = 4;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int d = str_distance(path, str_of(rows[i].key));

		if (d < best) {
			best = d;
			nearest = rows[i].key;
		}
	}
	return config_warn(c, "configuration: unknown key " STR_FMT "%s%s%s", STR_ARG(path), nearest ? "; did you mean " : "",
			   nearest ? nearest : "", nearest ? "?" : "");
}

static int check_keys(struct config *c, const struct yaml_node *map, struct str prefix)
{
	uint32_t i;
	int r = 0;

	for (i = 0; r == 0 && map->kind == YAML_MAP && i < map->count; i++) {
		struct str key, path;
		bool leaf;

		if (!config_tree_text(map->pairs[i].key, &key))
			continue;
		path = prefix.len ? arena_printf(c->arena, STR_FMT "." STR_FMT, STR_ARG(prefix), STR_ARG(key)) : key;
		if (!path.ptr)
			return -ENOMEM;
		if (!is_known(path, &leaf))
			r = warn_unknown(c, path);
		else if (!leaf)
			r = check_keys(c, map->pairs[i].value, path);
	}
	return r;
}

/* ---- values that must make sense ---------------------------------------------------------------------------------- */

static int one_of(struct str value, const char *const *words, const char *key, struct error *err)
{
	size_t i;

	for (i = 0; words[i]; i++)
		if (str_eq(value, str_of(words[i])))
			return 0;
	return error_set(err, -EINVAL, "configuration: \"" STR_FMT "\" is no value of %s", STR_ARG(value), key);
}

static int check_values(struct config *c, struct error *err)
{
	static const char *const kinds[] = { "kmod", "modern_ebpf", "replay", "nodriver", NULL };
	static const char *const modes[] = { "rules", "all_rules", NULL };
	int r;

	r = one_of(c->engine_kind, kinds, "engine.kind", err);
	if (r == 0)
		r = one_of(c->capture_mode, modes, "capture.mode", err);
	if (r < 0)
		return r;
	if (str_eq(c->engine_kind, STR("replay")) && !c->engine_replay_capture_file.len)
		return error_set(err, -EINVAL, "configuration: engine.kind is replay, and engine.replay.capture_file is missing");
	if (!str_ieq(c->rule_matching, STR("first")) && !str_ieq(c->rule_matching, STR("all")))
		return error_set(err, -EINVAL, "configuration: rule_matching is first or all, not \"" STR_FMT "\"",
				 STR_ARG(c->rule_matching));
	if (priority_parse(c->priority, &c->min_priority) < 0)
		return error_set(err, -EINVAL, "configuration: \"" STR_FMT "\" is no priority", STR_ARG(c->priority));
	if (c->file_output_enabled && !c->file_output_filename.len)
		return error_set(err, -EINVAL, "configuration: file_output is enabled without a filename");
	if (c->program_output_enabled && !c->program_output_program.len)
		return error_set(err, -EINVAL, "configuration: program_output is enabled without a program");
	if (c->http_output_enabled && !c->http_output_url.len)
		return error_set(err, -EINVAL, "configuration: http_output is enabled without a url");
	if (c->syscall_event_drops_threshold < 0 || c->syscall_event_drops_threshold > 1)
		return error_set(err, -EINVAL, "configuration: syscall_event_drops.threshold is a number from 0 to 1");
	if (!c->syscall_event_timeouts_max_consecutives)
		return error_set(err, -EINVAL, "configuration: syscall_event_timeouts.max_consecutives must be above 0");
	return 0;
}

/* ---- included files ----------------------------------------------------------------------------------------------- */

static int load_file(struct config *c, const char *path, struct yaml_node **ret_root, struct error *err)
{
	auto_free char *text = NULL;
	struct str copy;
	size_t len;
	int r;

	r = file_read_all(path, CONFIG_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return error_prefix(err, r, "cannot read the configuration");
	copy = arena_str(c->arena, (struct str){ text, len });
	if (!copy.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	r = config_tree_load(c->arena, str_of(path), copy, ret_root, err);
	if (r == 0 && config_tree_expand(c->arena, *ret_root) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return r;
}

static int include_file(struct config *c, const char *path, enum config_merge how, struct error *err)
{
	struct yaml_node *root;
	int r;

	r = load_file(c, path, &root, err);
	if (r < 0)
		return r;
	if (yaml_get(root, "config_files"))
		return error_set(err, -EINVAL, "%s: an included configuration file cannot include others", path);
	if (config_tree_merge(c->arena, c->root, root, how) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int is_visible(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

/* The files of a folder in byte order of their names; a path that is not there is passed over. */
static int include_path(struct config *c, struct str path, enum config_merge how, struct error *err)
{
	struct str name = arena_str(c->arena, path);
	struct dirent **list = NULL;
	struct stat st;
	int n, i, r = 0;

	if (!name.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	if (stat(name.ptr, &st) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		return include_file(c, name.ptr, how, err);
	n = scandir(name.ptr, &list, is_visible, NULL);
	if (n < 0)
		return error_errno(err, -errno, "cannot read %s", name.ptr);
	qsort(list, (size_t)n, sizeof(*list), (int (*)(const void *, const void *))alphasort);
	for (i = 0; i < n; i++) {
		struct str file = arena_printf(c->arena, "%s/%s", name.ptr, list[i]->d_name);

		if (r == 0 && file.ptr && stat(file.ptr, &st) == 0 && S_ISREG(st.st_mode))
			r = include_file(c, file.ptr, how, err);
		free(list[i]);
	}
	free(list);
	return r;
}

static int include_entry(struct config *c, struct str main_name, const struct yaml_node *entry, struct error *err)
{
	const struct yaml_node *strategy = yaml_get(entry, "strategy");
	enum config_merge how = CONFIG_MERGE_APPEND;
	struct str path, word;

	if (!config_tree_text(entry->kind == YAML_MAP ? yaml_get(entry, "path") : entry, &path))
		return error_set(err, -EINVAL, "configuration: an entry of config_files is a path, or has a path");
	if (config_tree_text(strategy, &word))
		how = str_eq(word, STR("override")) ? CONFIG_MERGE_OVERRIDE :
		      str_eq(word, STR("add-only")) ? CONFIG_MERGE_ADD_ONLY :
						      CONFIG_MERGE_APPEND;
	if (str_eq(path, main_name))
		return error_set(err, -EINVAL, "configuration: config_files of " STR_FMT " includes that file itself",
				 STR_ARG(main_name));
	return include_path(c, path, how, err);
}

static int include_all(struct config *c, struct str main_name, struct error *err)
{
	const struct yaml_node *files = yaml_get(c->root, "config_files");
	uint32_t i;
	int r = 0;

	if (!files || files->kind == YAML_NULL)
		return 0;
	if (files->kind != YAML_SEQUENCE)
		return include_entry(c, main_name, files, err);
	for (i = 0; r == 0 && i < files->count; i++)
		r = include_entry(c, main_name, files->items[i], err);
	return r;
}

/* ---- all together ------------------------------------------------------------------------------------------------- */

static int assign_all(struct config *c, const char *const *assignments, size_t n, const char *only, struct error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < n; i++)
		if (!only || str_starts(str_of(assignments[i]), str_of(only)))
			r = config_tree_assign(c->arena, c->root, assignments[i], err);
	return r;
}

static struct config *config_new(void)
{
	struct arena *arena = arena_new(CONFIG_ARENA_BYTES);
	struct config *c = arena ? arena_new_of(arena, struct config) : NULL;

	if (c)
		c->arena = arena;
	else
		arena_free(arena);
	return c;
}

static int finish(struct config *c, struct str name, const char *const *assignments, size_t n, struct error *err)
{
	int r;

	/* files named on the command line are included like those named in the file */
	r = assign_all(c, assignments, n, "config_files", err);
	if (r == 0)
		r = include_all(c, name, err);
	if (r == 0)
		r = assign_all(c, assignments, n, NULL, err);
	if (r < 0)
		return r;
	if (load_values(c) < 0 || check_keys(c, c->root, STR("")) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	r = check_values(c, err);
	return r < 0 ? r : config_lists(c, err);
}

int config_read(struct str name, struct str text, const char *const *assignments, size_t nassignments,
		struct config **ret_config, struct error *err)
{
	auto_config struct config *c = config_new();
	struct str copy;
	int r;

	if (!c)
		return error_set(err, -ENOMEM, "out of memory");
	copy = arena_str(c->arena, text);
	if (!copy.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	r = config_tree_load(c->arena, name, copy, &c->root, err);
	if (r < 0)
		return r;
	if (config_tree_expand(c->arena, c->root) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	r = finish(c, name, assignments, nassignments, err);
	if (r < 0)
		return r;
	*ret_config = take_ptr(c);
	return 0;
}

int config_load(const char *path, const char *const *assignments, size_t nassignments, struct config **ret_config,
		struct error *err)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r;

	if (path) {
		r = file_read_all(path, CONFIG_MAX_BYTES, &text, &len, err);
		if (r < 0)
			return error_prefix(err, r, "cannot read the configuration");
	}
	return config_read(str_of(path ? path : "configuration"), (struct str){ text, len }, assignments, nassignments,
			   ret_config, err);
}

void config_free(struct config *c)
{
	if (c)
		arena_free(c->arena);
}
