/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: a file, what is laid over it, and then the checks, in their order. */
#include "app/config.h"

#include <errno.h>

#include "app/config_rows.h"
#include "base/file.h"
#include "base/limits.h"

static int assign_option(struct config *c, const char *assignment, bool strict, struct error *err)
{
	const struct str key = { assignment, strcspn(assignment, "=") };
	const struct config_row *row = config_row_find(key);
	bool is_list = row && (row->type == CONFIG_LIST || row->type == CONFIG_OBJECTS);
	uint16_t origin;
	int r = config_new_origin(c, CONFIG_FROM_OPTION, str_of(assignment), &origin, err);

	if (strict && is_list && assignment[key.len] && assignment[key.len + 1] == '[')
		return error_set(err, -EINVAL,
				 "-o " STR_FMT ": Falco takes a value in brackets for a text; write " STR_FMT
				 "[]=ENTRY to add an entry, " STR_FMT "[0]=ENTRY to replace the first",
				 STR_ARG(key), STR_ARG(key), STR_ARG(key));
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
			r = assign_option(c, in->assignments[i], in->strict, err);
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

static int read_input(struct str name, struct str text, const struct config_input *in, struct config **ret_config,
		      struct error *err)
{
	auto_config struct config *c = config_new();
	int r;

	if (!c)
		return error_set(err, -ENOMEM, "out of memory");
	c->option = in->option ? in->option : "-o";
	r = config_source(c, name, text, false, &c->root, err);
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
	return read_input(str_of(in->path ? in->path : "configuration"), (struct str){ text, len }, in, ret_config,
			  err);
}

int config_load(const char *path, const char *const *assignments, size_t nassignments, struct config **ret_config,
		struct error *err)
{
	return config_load_input(
		&(struct config_input){ .path = path, .assignments = assignments, .nassignments = nassignments },
		ret_config, err);
}
