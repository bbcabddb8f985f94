/* SPDX-License-Identifier: Apache-2.0 */
#include "app/falco_flags.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FALCO_CONFIG "/etc/falco/falco.yaml"

static const struct flag_row {
	enum option_id option;
	const char *key, *value, *replacement;
} rows[] = {
#define FLAG(option, key, value, replacement) { OPT_##option, key, value, replacement },
#include "app/falco_flags.def"
#undef FLAG
};

/* Flags that are accepted though nothing is left for them to do. */
static const struct {
	enum option_id option;
	const char *why;
} idle[] = {
	{ OPT_falco_k8s_api, "metadata of Kubernetes come from the containers' labels" },
	{ OPT_falco_k8s_api_cert, "metadata of Kubernetes come from the containers' labels" },
	{ OPT_falco_k8s_node, "metadata of Kubernetes come from the containers' labels" },
	{ OPT_falco_mesos_api, "Falco dropped Mesos" },
};

const char *falco_config_path(const struct options *o)
{
	const char *given = options_value(o, OPT_falco_config, "");

	/* an empty one is as none, as in Falco */
	return *given ? given : access(FALCO_CONFIG, F_OK) == 0 ? FALCO_CONFIG : NULL;
}

/* "--snaplen", or "-A" where there is no long form. */
static const char *name_of(struct arena *arena, enum option_id id)
{
	const struct option_info *o = &option_table[id];
	struct str name =
		*o->long_name ? arena_printf(arena, "--%s", o->long_name) : arena_printf(arena, "-%c", o->short_name);

	return name.ptr;
}

struct flags {
	struct arena *arena;
	struct config_flag *list;
	size_t count, cap;
};

static int add(struct flags *f, enum option_id id, const char *key, const char *value)
{
	const char *name = name_of(f->arena, id);

	if (!name)
		return -ENOMEM;
	if (f->count == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 8;
		struct config_flag *more = arena_array_of(f->arena, struct config_flag, cap);

		if (!more)
			return -ENOMEM;
		if (f->count)
			memcpy(more, f->list, f->count * sizeof(*more));
		f->list = more;
		f->cap = cap;
	}
	f->list[f->count++] = (struct config_flag){ name, key, value };
	return 0;
}

/* The letters that chose texts for containers and Kubernetes do nothing any more. */
static bool is_word_of_print(const char *text)
{
	static const char *const gone[] = { "c", "container", "k", "kubernetes", NULL };
	size_t i;

	for (i = 0; gone[i]; i++)
		if (strcmp(text, gone[i]) == 0)
			return true;
	return false;
}

static int add_row(struct flags *f, const struct flag_row *row, const char *argument)
{
	const char *percent = strchr(row->value, '%');
	struct str value = str_of(row->value);

	if (percent)
		value = arena_printf(f->arena, "%.*s%s%s", (int)(percent - row->value), row->value,
				     argument ? argument : "", percent + 1);
	return value.ptr ? add(f, row->option, row->key, value.ptr) : -ENOMEM;
}

/* In the order of the command line, so that of two selections of rules the later one counts. */
static int collect(struct flags *f, const struct options *o)
{
	bool only_tag = false;
	size_t i, k;
	int r = 0;

	for (i = 0; r == 0 && i < o->ngiven; i++) {
		const struct option_given *g = &o->given[i];

		if (g->id == OPT_falco_only_tag && !only_tag)
			r = add(f, g->id, "rules[].disable.rule", "*");
		only_tag |= g->id == OPT_falco_only_tag;
		if (g->id == OPT_falco_print && !is_word_of_print(g->value))
			r = add(f, g->id, "append_output[].extra_output", g->value);
		for (k = 0; r == 0 && k < ARRAY_SIZE(rows); k++)
			if (rows[k].option == g->id)
				r = add_row(f, &rows[k], g->value);
	}
	return r;
}

/* One line for each old flag that was used. */
static int tell_old(struct config *c, struct arena *arena, const struct options *o)
{
	size_t k;
	int r = 0;

	for (k = 0; r == 0 && k < ARRAY_SIZE(rows); k++) {
		if (!options_has(o, rows[k].option) || !*rows[k].replacement ||
		    (k && rows[k - 1].option == rows[k].option))
			continue;
		r = config_warn(c, "%s is of older versions of Falco; it was replaced by %s",
				name_of(arena, rows[k].option), rows[k].replacement);
	}
	for (k = 0; r == 0 && k < ARRAY_SIZE(idle); k++)
		if (options_has(o, idle[k].option))
			r = config_warn(c, "%s is accepted without effect: %s", name_of(arena, idle[k].option),
					idle[k].why);
	if (r == 0 && options_has(o, OPT_falco_markdown))
		r = config_warn(c, "--markdown is deprecated; use --format markdown");
	if (r == 0 && options_has(o, OPT_falco_print))
		r = config_warn(c, "-p is deprecated; use append_output in the configuration");
	return r;
}

static int refuse(const struct options *o, struct error *err)
{
	if (options_has(o, OPT_falco_only_tag) &&
	    (options_has(o, OPT_falco_disable_tag) || options_has(o, OPT_falco_disable_rules)))
		return error_set(err, -EINVAL, "-t cannot be combined with -T or -D");
	if (options_has(o, OPT_falco_userspace))
		return error_set(err, -EINVAL,
				 "-u needed a driver that traces programs: `monitor run -- COMMAND` does that");
	if (options_has(o, OPT_falco_gvisor_generate))
		return error_set(err, -EINVAL, "--gvisor-generate-config: events of gVisor are not read");
	return 0;
}

static int load(const struct options *o, struct flags *f, struct config **ret_config, struct error *err)
{
	auto_free const char **assignments = calloc(o->ngiven + 1, sizeof(*assignments));
	struct config_input in = { .path = falco_config_path(o), .assignments = assignments, .strict = true };
	int r;

	if (!assignments || collect(f, o) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	while ((assignments[in.nassignments] = options_nth(o, OPT_falco_option, in.nassignments)))
		in.nassignments++;
	in.flags = f->list;
	in.nflags = f->count;
	r = config_load_input(&in, ret_config, err);
	if (r == 0 && tell_old(*ret_config, f->arena, o) < 0)
		r = error_set(err, -ENOMEM, "out of memory");
	return r;
}

int falco_config(const struct options *o, struct config **ret_config, struct error *err)
{
	struct flags f = { .arena = arena_new(1024) };
	auto_config struct config *config = NULL;
	int r;

	if (!f.arena)
		return error_set(err, -ENOMEM, "out of memory");
	r = refuse(o, err);
	if (r == 0)
		r = load(o, &f, &config, err);
	if (r == 0)
		*ret_config = take_ptr(config);
	arena_free(f.arena);
	return r;
}
