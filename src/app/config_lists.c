/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists and maps of the configuration, made ready for use: rules, limits, outputs' additions, plugins, static
 * fields.
 */
#include <errno.h>

#include "app/config.h"
#include "base/limits.h"
#include "base/parse.h"
#include "base/units.h"

static int out_of_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "out of memory");
}

/* A complaint about an entry, with its place. */
static int entry_error(struct config *c, const char *key, size_t i, struct error *err, const char *text)
{
	const struct yaml_node *list = config_tree_get(c->root, key);
	char path[64];

	snprintf(path, sizeof(path), list && list->kind == YAML_SEQUENCE ? "%s[%zu]" : "%s", key,
		 i); /* or one stands for a list of one */
	return config_error(c, path, err, "%s", text);
}

/* A list, or one entry standing for a list of one; NULL and 0 when the key is missing or holds a map. */
static size_t entries(struct config *c, const char *key, struct yaml_node ***ret_items)
{
	struct yaml_node *node = config_tree_get(c->root, key), **one;

	*ret_items = NULL;
	if (node && node->kind == YAML_SEQUENCE) {
		*ret_items = node->items;
		return node->count;
	}
	if (!node || node->kind != YAML_SCALAR)
		return 0;
	one = arena_array_of(c->arena, struct yaml_node *, 1);
	if (!one)
		return 0;
	*one = node;
	*ret_items = one;
	return 1;
}

static int check_count(struct config *c, const char *key, size_t n, const char *what, struct error *err)
{
	return n > CONFIG_ENTRIES ? config_error(c, key, err, "more than %d %s", CONFIG_ENTRIES, what) : 0;
}

/* Member key of map as a text, empty when it is missing. -EINVAL when it is no text. */
static int member(const struct yaml_node *map, const char *key, struct str *ret_text)
{
	const struct yaml_node *node = yaml_get(map, key);

	*ret_text = STR("");
	return !node || config_tree_text(node, ret_text) ? 0 : -EINVAL;
}

/* ---- rules: -------------------------------------------------------------------------------------------- */

static int read_selection(const struct yaml_node *entry, struct rule_selection *s)
{
	const struct yaml_node *what = yaml_get(entry, "enable");

	s->enable = what;
	if (!what)
		what = yaml_get(entry, "disable");
	if (!what || what->kind != YAML_MAP)
		return -EINVAL;
	if (member(what, "rule", &s->rule) < 0 || member(what, "tag", &s->tag) < 0)
		return -EINVAL;
	return s->rule.len || s->tag.len ? 0 : -EINVAL;
}

static int read_selections(struct config *c, struct error *err)
{
	struct yaml_node **items;
	size_t n = entries(c, "rules", &items), i;

	c->selections = arena_array_of(c->arena, struct rule_selection, n);
	if (!c->selections)
		return out_of_memory(err);
	for (i = 0; i < n; i++)
		if (read_selection(items[i], &c->selections[i]) < 0)
			return entry_error(c, "rules", i, err, "it must be enable or disable, with a rule or a tag");
	c->nselections = n;
	return 0;
}

/* ---- append_output: ------------------------------------------------------------------------------------ */

static int read_match(struct config *c, const struct yaml_node *match, struct append_output *a)
{
	const struct yaml_node *tags = yaml_get(match, "tags");
	struct str *list;
	uint32_t i;

	if (member(match, "source", &a->match_source) < 0 || member(match, "rule", &a->match_rule) < 0)
		return -EINVAL;
	if (!tags || tags->kind != YAML_SEQUENCE)
		return 0;
	list = arena_array_of(c->arena, struct str, tags->count);
	if (!list)
		return -ENOMEM;
	for (i = 0; i < tags->count; i++)
		if (!config_tree_text(tags->items[i], &list[i]))
			return -EINVAL;
	a->match_tags = list;
	a->nmatch_tags = tags->count;
	return 0;
}

/* "field", or {name: "format"}; a name may come twice only among the plain fields, where it is one. */
static int read_extra_field(const struct yaml_node *item, struct extra_field *list, size_t *count)
{
	struct extra_field f = { 0 };
	bool formatted = item->kind == YAML_MAP;
	size_t i;

	if (formatted) {
		if (item->count != 1 || !config_tree_text(item->pairs[0].key, &f.name) ||
		    !config_tree_text(item->pairs[0].value, &f.format) || !f.format.len)
			return -EINVAL;
	} else if (!config_tree_text(item, &f.name)) {
		return -EINVAL;
	}
	for (i = 0; i < *count; i++) {
		if (!str_eq(list[i].name, f.name))
			continue;
		return formatted || list[i].format.len ? -EINVAL : 0;
	}
	list[(*count)++] = f;
	return 0;
}

static int read_append(struct config *c, const struct yaml_node *entry, struct append_output *a)
{
	const struct yaml_node *match = yaml_get(entry, "match"), *fields = yaml_get(entry, "extra_fields");
	const struct yaml_node *suggested = yaml_get(entry, "suggested_output");
	struct extra_field *list;
	uint32_t i;
	int r;

	if (entry->kind != YAML_MAP || member(entry, "extra_output", &a->extra_output) < 0)
		return -EINVAL;
	r = match ? read_match(c, match, a) : 0;
	if (r < 0)
		return r;
	if (suggested && yaml_bool(suggested, &a->suggested_output) < 0)
		return -EINVAL;
	if (!fields)
		return 0;
	if (fields->kind != YAML_SEQUENCE)
		return -EINVAL;
	list = arena_array_of(c->arena, struct extra_field, fields->count);
	if (!list)
		return -ENOMEM;
	for (i = 0; r == 0 && i < fields->count; i++)
		r = read_extra_field(fields->items[i], list, &a->nextra_fields);
	a->extra_fields = list;
	return r;
}

/* Falco says so, too: one may expect either to be enough. */
#define BOTH                                                                                                \
	"configuration: append_output: an entry matches a rule and tags: it counts for the rule \"" STR_FMT \
	"\" alone, and only if that has all the tags"
static bool names_both(const struct append_output *a)
{
	return a->match_rule.len && a->nmatch_tags;
}

#define APPEND_SHAPE \
	"it must be a map of match (source, rule, a list of tags), extra_output (a text), suggested_output " \
	"(true or false) and extra_fields (a list of fields, or of a name and its format, each name once)"

static int read_appends(struct config *c, struct error *err)
{
	struct yaml_node **items;
	size_t n = entries(c, "append_output", &items), nfields = 0, i;
	int r = check_count(c, "append_output", n, "entries", err);

	if (r < 0)
		return r;
	c->appends = arena_array_of(c->arena, struct append_output, n);
	if (!c->appends)
		return out_of_memory(err);
	for (i = 0; i < n; i++) {
		const struct yaml_node *fields = yaml_get(items[i], "extra_fields");

		nfields += fields && fields->kind == YAML_SEQUENCE ? fields->count : 0;
		if (check_count(c, "append_output", nfields, "extra_fields", err) < 0)
			return -EINVAL;
		r = read_append(c, items[i], &c->appends[i]);
		if (r == -ENOMEM)
			return out_of_memory(err);
		if (r < 0)
			return entry_error(c, "append_output", i, err, APPEND_SHAPE);
		if (names_both(&c->appends[i]) && config_warn(c, BOTH, STR_ARG(c->appends[i].match_rule)) < 0)
			return out_of_memory(err);
	}
	c->nappends = n;
	return 0;
}

/* ---- static_fields: ------------------------------------------------------------------------------------ */

static int read_static(struct config *c, struct error *err)
{
	const struct yaml_node *map = yaml_get(c->root, "static_fields");
	uint32_t i;

	if (!map || map->kind == YAML_NULL)
		return 0;
	if (map->kind != YAML_MAP)
		return config_warn(c, "configuration: static_fields is a map of names to texts; it is ignored") < 0 ?
			       out_of_memory(err) :
			       0;
	c->static_names = arena_array_of(c->arena, struct str, map->count);
	c->static_values = arena_array_of(c->arena, struct str, map->count);
	if (!c->static_names || !c->static_values)
		return out_of_memory(err);
	for (i = 0; i < map->count; i++) {
		if (!config_tree_text(map->pairs[i].key, &c->static_names[c->nstatic]) ||
		    !config_tree_text(map->pairs[i].value, &c->static_values[c->nstatic]))
			return config_error(c, "static_fields", err, "a value is no text");
		c->nstatic++;
	}
	return 0;
}

/* ---- rules_files: -------------------------------------------------------------------------------------- */

static int read_rules_files(struct config *c, struct error *err)
{
	const char *key = "rules_files";
	struct yaml_node **items;
	struct str path;
	size_t n, i;

	if (yaml_get(c->root, "rules_file")) {
		if (yaml_get(c->root, key))
			return config_error(c, "rules_file", err, "rules_files is set, too");
		key = "rules_file";
		if (config_warn(c, "configuration: rules_file is deprecated; use rules_files") < 0)
			return out_of_memory(err);
	}
	n = entries(c, key, &items);
	c->rules_files = arena_array_of(c->arena, struct str, n);
	if (!c->rules_files)
		return out_of_memory(err);
	for (i = 0; i < n; i++) {
		if (!config_tree_text(items[i], &path))
			return entry_error(c, key, i, err, "it is no path");
		path = arena_str(c->arena, path);
		if (!path.ptr)
			return out_of_memory(err);
		c->rules_files[c->nrules_files++] = path;
	}
	return 0;
}

/* ---- plugins: ------------------------------------------------------------------------------------------ */

/* A text as it is, anything else as JSON: plugins take either. */
static struct str plain_or_json(struct config *c, const struct yaml_node *node)
{
	auto_strbuf struct strbuf json = { 0 };
	struct str text;

	if (!node || node->kind == YAML_NULL)
		return STR("");
	if (config_tree_text(node, &text))
		return arena_str(c->arena, text);
	config_node_json(&json, node);
	return json.failed ? (struct str){ NULL, 0 } : arena_str(c->arena, strbuf_str(&json));
}

/* The container plugin's work is built in. */
static int load_plugin(struct config *c, const struct yaml_node *plugin, struct str name)
{
	struct config_plugin *p = &c->load[c->nload];

	if (str_eq(name, STR("container"))) {
		c->container_plugin = true;
		return 0;
	}
	p->name = name;
	(void)config_tree_text(yaml_get(plugin, "library_path"), &p->library_path); /* checked before */
	p->init_config = plain_or_json(c, yaml_get(plugin, "init_config"));
	p->open_params = plain_or_json(c, yaml_get(plugin, "open_params"));
	if (!p->init_config.ptr || !p->open_params.ptr)
		return -ENOMEM;
	c->nload++;
	return 0;
}

static const struct yaml_node *find_plugin(struct yaml_node **plugins, size_t n, struct str name)
{
	struct str other;
	size_t i;

	for (i = 0; i < n; i++)
		if (config_tree_text(yaml_get(plugins[i], "name"), &other) && str_eq(name, other))
			return plugins[i];
	return NULL;
}

static int plugin_error(struct config *c, struct str name, size_t i, size_t nplugins, struct error *err)
{
	struct str text = arena_printf(c->arena, "\"" STR_FMT "\" is none of the names in plugins%s", STR_ARG(name),
				       nplugins ? "" : ", which is empty");

	return text.ptr ? entry_error(c, "load_plugins", i, err, text.ptr) : out_of_memory(err);
}

/* As in Falco a relative path stays below the folder of plugins: ".." never takes it out of that. */
static bool leaves_folder(struct str path)
{
	size_t depth = 1, len;

	if (path.len && path.ptr[0] == '/')
		return false;
	for (; depth && path.len; path.ptr += len, path.len -= len) {
		const char *slash = memchr(path.ptr, '/', path.len);
		struct str name;

		len = slash ? (size_t)(slash - path.ptr) : path.len;
		name = (struct str){ path.ptr, len };
		if (str_eq(name, STR("..")))
			depth--;
		else if (len && !str_eq(name, STR(".")))
			depth++;
		len += slash != NULL;
	}
	return !depth;
}

static int read_plugins(struct config *c, struct error *err)
{
	struct yaml_node **plugins, **wanted;
	size_t nplugins = entries(c, "plugins", &plugins), nwanted = entries(c, "load_plugins", &wanted), i;
	bool all = !yaml_get(c->root, "load_plugins");
	struct str name, path;
	int r = check_count(c, "plugins", nplugins, "entries", err);

	if (r == 0)
		r = check_count(c, "load_plugins", nwanted, "entries", err);
	if (r < 0)
		return r;
	for (i = 0; i < nplugins; i++)
		if (!config_tree_text(yaml_get(plugins[i], "name"), &name) ||
		    !config_tree_text(yaml_get(plugins[i], "library_path"), &path))
			return entry_error(c, "plugins", i, err, "it needs a name and a library_path");
		else if (leaves_folder(path))
			return entry_error(c, "plugins", i, err, "its library_path leads out of the folder of plugins");
	c->load = arena_array_of(c->arena, struct config_plugin, all ? nplugins : nwanted);
	if (!c->load)
		return error_set(err, -ENOMEM, "out of memory");
	for (i = 0; r == 0 && i < (all ? nplugins : nwanted); i++) {
		const struct yaml_node *plugin;

		if (!config_tree_text(all ? yaml_get(plugins[i], "name") : wanted[i], &name))
			return entry_error(c, "load_plugins", i, err, "it is no name");
		plugin = find_plugin(plugins, nplugins, name);
		if (!plugin)
			return plugin_error(c, name, i, nplugins, err);
		r = load_plugin(c, plugin, name);
	}
	return r < 0 ? error_set(err, r, "out of memory") : 0;
}

/* ---- monitor.limits: ----------------------------------------------------------------------------------- */


static int read_key(struct config *c, const struct yaml_node *key, struct config_limit *l)
{
	size_t n = config_items(key);

	if (key && key->kind == YAML_MAP)
		return -EINVAL;
	l->key = arena_array_of(c->arena, struct str, n);
	if (!l->key)
		return -ENOMEM;
	for (; l->nkey < n; l->nkey++)
		if (!config_item(key, l->nkey, &l->key[l->nkey]))
			return -EINVAL;
	return 0;
}

static int read_limit(struct config *c, const struct yaml_node *entry, struct config_limit *l)
{
	const struct yaml_node *seconds = yaml_get(entry, "seconds"), *alerts = yaml_get(entry, "alerts");
	struct str text;
	uint64_t n;

	if (entry->kind != YAML_MAP || member(entry, "rule", &l->rule) < 0)
		return -EINVAL;
	if (!l->rule.len)
		l->rule = STR("*");
	if (!seconds || !config_tree_text(seconds, &text) || parse_u64(text, &n) < 0 || !n || n > LIMIT_SECONDS)
		return -EINVAL;
	l->interval_ns = n * NS_PER_SECOND;
	l->alerts = 1;
	if (alerts && (!config_tree_text(alerts, &text) || parse_u64(text, &l->alerts) < 0))
		return -EINVAL;
	return read_key(c, yaml_get(entry, "key"), l);
}

static int read_limits(struct config *c, struct error *err)
{
	struct yaml_node **items;
	size_t n = entries(c, "monitor.limits", &items), i;

	c->limits = arena_array_of(c->arena, struct config_limit, n);
	if (!c->limits)
		return out_of_memory(err);
	for (i = 0; i < n; i++) {
		int r = read_limit(c, items[i], &c->limits[i]);

		if (r < 0)
			return r == -ENOMEM ?
				       out_of_memory(err) :
				       entry_error(
					       c, "monitor.limits", i, err,
					       "it needs seconds, from 1 to 86400; rule, alerts and a list of fields as "
					       "key are optional");
	}
	c->nlimits = n;
	return 0;
}

int config_lists(struct config *c, struct error *err)
{
	int r;

	r = read_selections(c, err);
	if (r == 0)
		r = read_appends(c, err);
	if (r == 0)
		r = read_static(c, err);
	if (r == 0)
		r = read_rules_files(c, err);
	if (r == 0)
		r = read_limits(c, err);
	return r < 0 ? r : read_plugins(c, err);
}
