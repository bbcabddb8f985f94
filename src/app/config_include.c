/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <sys/stat.h>

#include "app/config.h"
#include "base/file.h"
#include "base/limits.h"

/* config_files: other files laid over the main one, each as its strategy says. */

/* Each is laid over the one before, as in Falco: of lists, one behind the other. */
static int warn_twice(struct config *c, const struct yaml_node *root)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < root->count && c->nwarnings <= CONFIG_WARNINGS; i++) {
		auto_strbuf struct strbuf place = { 0 };
		struct str key = { 0 };

		if (!config_tree_came_before(root, i) || !config_tree_text(root->pairs[i].key, &key))
			continue;
		config_place(c, root->pairs[i].key, &place);
		r = config_warn(c, "%s: " STR_FMT " is written twice in an included file",
				place.len ? place.ptr : "configuration", STR_ARG(key));
	}
	return r;
}

static int include_file(struct config *c, const char *path, enum config_merge how, struct error *err)
{
	auto_free char *text = NULL;
	struct yaml_node *root;
	size_t len;
	int r;

	r = file_read_all(path, CONFIG_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return error_prefix(err, r, "cannot read the configuration");
	r = config_source(c, str_of(path), (struct str){ text, len }, true, &root, err);
	if (r < 0)
		return r;
	if (root->kind != YAML_MAP) { /* Falco goes on, too: notes for people lie in such folders */
		if (config_warn(c, "%s: there are no keys in it, and it is passed over", path) < 0)
			return error_set(err, -ENOMEM, "out of memory");
		return 0;
	}
	if (yaml_get(root, "config_files"))
		return error_set(err, -EINVAL, "%s: an included configuration file cannot include others", path);
	if (warn_twice(c, root) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	if (config_tree_merge(c->arena, c->root, root, how) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	return 0;
}

static int is_visible(const struct dirent *d)
{
	return strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* not by locale: the order decides what overrides what */
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
	n = scandir(name.ptr, &list, is_visible, by_bytes);
	if (n < 0)
		return error_errno(err, -errno, "cannot read %s", name.ptr);
	for (i = 0; i < n; i++) {
		struct str file = arena_printf(c->arena, "%s/%s", name.ptr, list[i]->d_name);

		if (r == 0 && !file.ptr)
			r = error_set(err, -ENOMEM, "out of memory");
		if (r == 0 && stat(file.ptr, &st) == 0 && S_ISREG(st.st_mode))
			r = include_file(c, file.ptr, how, err);
		free(list[i]);
	}
	free(list);
	return r;
}

static int warn_strategy(struct config *c, const struct yaml_node *node, struct str word)
{
	auto_strbuf struct strbuf place = { 0 };

	config_place(c, node, &place);
	return config_warn(
		c, "%s: config_files: \"" STR_FMT "\" is no strategy (append, override, add-only); append is used",
		place.len ? place.ptr : "configuration", STR_ARG(word));
}

static int include_entry(struct config *c, struct str main_name, const struct yaml_node *entry, struct error *err)
{
	const struct yaml_node *strategy = yaml_get(entry, "strategy");
	enum config_merge how = CONFIG_MERGE_APPEND;
	struct str path, word;

	if (!config_tree_text(entry->kind == YAML_MAP ? yaml_get(entry, "path") : entry, &path))
		return config_error(c, "config_files", err, "an entry is a path, or a map with a path");
	if (strategy && config_tree_text(strategy, &word)) {
		if (str_eq(word, STR("override")))
			how = CONFIG_MERGE_OVERRIDE;
		else if (str_eq(word, STR("add-only")))
			how = CONFIG_MERGE_ADD_ONLY;
		else if (!str_eq(word, STR("append")) && warn_strategy(c, strategy, word) < 0)
			return error_set(err, -ENOMEM, "out of memory");
	}
	if (str_eq(path, main_name))
		return config_error(c, "config_files", err, STR_FMT " includes itself", STR_ARG(main_name));
	return include_path(c, path, how, err);
}

int config_include(struct config *c, struct str main_name, struct error *err)
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
