/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config.h"

#include <errno.h>
#include <stdarg.h>

#include "app/config_rows.h"
#include "base/file.h"
#include "base/limits.h"

#define CONFIG_ARENA_BYTES 16384

/* ---- what is told ------------------------------------------------------------------------------------------------- */

int config_warn(struct config *c, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;

	if (c->nwarnings > CONFIG_WARNINGS)
		return 0;
	va_start(args, format);
	vsnprintf(text, sizeof(text), c->nwarnings < CONFIG_WARNINGS ? format : "configuration: there are more warnings", args);
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

/* An assignment is named by its key: the value may be a secret. */
void config_place(const struct config *c, const struct yaml_node *node, struct strbuf *out)
{
	const struct config_origin *o = node && node->origin ? &c->origins[node->origin - 1] : NULL;
	const char *equals;

	if (!o)
		return;
	if (o->kind == CONFIG_FROM_FILE) {
		strbuf_addf(out, STR_FMT ":%u:%u", STR_ARG(o->name), node->at.line + 1, node->at.column + 1);
	} else if (o->kind == CONFIG_FROM_OPTION) {
		equals = memchr(o->name.ptr, '=', o->name.len);
		strbuf_addf(out, "-o %.*s", equals ? (int)(equals - o->name.ptr) : (int)o->name.len, o->name.ptr);
	} else {
		strbuf_addstr(out, o->name);
	}
}

int config_error(const struct config *c, const char *key, struct error *err, const char *format, ...)
{
	auto_strbuf struct strbuf place = { 0 };
	va_list args;

	va_start(args, format);
	error_setv(err, -EINVAL, format, args);
	va_end(args);
	config_place(c, config_tree_get(c->root, key), &place);
	if (str_starts(strbuf_str(&place), STR("-o ")) && str_eq(str_of(place.ptr + 3), str_of(key))) /* it names the key */
		return error_prefix(err, -EINVAL, "%s", place.ptr);
	return error_prefix(err, -EINVAL, "%s: %s", place.len ? place.ptr : "configuration", key);
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

int config_new_origin(struct config *c, enum config_origin_kind kind, struct str name, uint16_t *ret_origin, struct error *err)
{
	struct config_origin *more;

	if (c->norigins == CONFIG_ORIGINS)
		return error_set(err, -E2BIG, "a configuration is made of at most %d files and assignments", CONFIG_ORIGINS);
	if (c->norigins == c->origins_cap) {
		c->origins_cap = c->norigins ? 2 * c->norigins : 8;
		more = arena_array_of(c->arena, struct config_origin, c->origins_cap);
		if (!more)
			return error_set(err, -ENOMEM, "out of memory");
		if (c->norigins)
			memcpy(more, c->origins, c->norigins * sizeof(*more));
		c->origins = more;
	}
	c->origins[c->norigins] = (struct config_origin){ .kind = kind, .name = arena_str(c->arena, name) };
	if (!c->origins[c->norigins].name.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	*ret_origin = (uint16_t)++c->norigins;
	return 0;
}

int config_source(struct config *c, enum config_origin_kind kind, struct str name, struct str text, struct yaml_node **ret_root,
		  struct error *err)
{
	struct str copy = arena_str(c->arena, text);
	struct yaml_node *root;
	uint16_t origin;
	int r;

	if (!copy.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	r = config_new_origin(c, kind, name, &origin, err);
	if (r == 0 && kind == CONFIG_FROM_FILE)
		sha256_text(text, c->origins[origin - 1].sha256);
	if (r == 0)
		r = config_tree_load(c->arena, name, copy, &root, err);
	if (r < 0)
		return r;
	if (root->count > CONFIG_KEYS)
		return error_set(err, -E2BIG, STR_FMT ": more than %d keys", STR_ARG(name), CONFIG_KEYS);
	if (config_tree_adopt(c->arena, root, origin, true) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	*ret_root = root;
	return 0;
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

static int assign_option(struct config *c, const char *assignment, struct error *err)
{
	const struct config_row *row = config_row_find((struct str){ assignment, strcspn(assignment, "=") });
	bool is_list = row && (row->type == CONFIG_LIST || row->type == CONFIG_OBJECTS);
	uint16_t origin;
	int r = config_new_origin(c, CONFIG_FROM_OPTION, str_of(assignment), &origin, err);

	return r < 0 ? r : config_tree_assign(c->arena, c->root, assignment, is_list, origin, err);
}

static int assign_flag(struct config *c, const struct config_flag *flag, struct error *err)
{
	struct yaml_node *value = config_tree_scalar(c->arena, str_of(flag->value));
	int r;

	if (!value)
		return error_set(err, -ENOMEM, "out of memory");
	r = config_new_origin(c, CONFIG_FROM_FLAG, str_of(flag->name), &value->origin, err);
	return r < 0 ? r : config_tree_set(c->arena, c->root, flag->key, value, err);
}

/* Files named on the command line are included like those named in the file: their assignments come first. */
static int assign_options(struct config *c, const struct config_input *in, bool files, struct error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < in->nassignments; i++)
		if (str_starts(str_of(in->assignments[i]), STR("config_files")) == files)
			r = assign_option(c, in->assignments[i], err);
	return r;
}

static int assign_flags(struct config *c, const struct config_input *in, struct error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < in->nflags; i++)
		r = assign_flag(c, &in->flags[i], err);
	return r;
}

static int finish(struct config *c, struct str name, const struct config_input *in, struct error *err)
{
	int r;

	r = assign_options(c, in, true, err);
	if (r == 0)
		r = config_include(c, name, err);
	if (r == 0)
		r = assign_options(c, in, false, err);
	if (r == 0)
		r = assign_flags(c, in, err);
	if (r < 0)
		return r;
	if (config_values(c) < 0 || config_check_keys(c) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	r = config_check_values(c, err);
	if (r == 0)
		r = config_lists(c, err);
	if (r == 0 && config_idle(c) < 0)
		r = error_set(err, -ENOMEM, "out of memory");
	return r;
}

static int read_input(struct str name, struct str text, const struct config_input *in, struct config **ret_config, struct error *err)
{
	auto_config struct config *c = config_new();
	int r;

	if (!c)
		return error_set(err, -ENOMEM, "out of memory");
	r = config_source(c, CONFIG_FROM_FILE, name, text, &c->root, err);
	if (r == 0)
		r = finish(c, name, in, err);
	if (r < 0)
		return r;
	*ret_config = take_ptr(c);
	return 0;
}

int config_read(struct str name, struct str text, const char *const *assignments, size_t nassignments,
		struct config **ret_config, struct error *err)
{
	const struct config_input in = { .assignments = assignments, .nassignments = nassignments };

	return read_input(name, text, &in, ret_config, err);
}

int config_load_input(const struct config_input *in, struct config **ret_config, struct error *err)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r;

	if (in->path) {
		r = file_read_all(in->path, CONFIG_MAX_BYTES, &text, &len, err);
		if (r < 0)
			return error_prefix(err, r, "cannot read the configuration");
	}
	return read_input(str_of(in->path ? in->path : "configuration"), (struct str){ text, len }, in, ret_config, err);
}

int config_load(const char *path, const char *const *assignments, size_t nassignments, struct config **ret_config,
		struct error *err)
{
	return config_load_input(&(struct config_input){ .path = path, .assignments = assignments, .nassignments = nassignments },
				 ret_config, err);
}

void config_free(struct config *c)
{
	if (c)
		arena_free(c->arena);
}
