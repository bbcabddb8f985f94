/* SPDX-License-Identifier: Apache-2.0 */
#include "field/field.h"

#include "base/cleanup.h"
#include "field/extract.h"

static const struct field_info catalogue[] = {
#define FIELD(name, class, type, format, flags, reads, extract, variant, help) \
	{                                                                      \
		{ name, sizeof(name) - 1 },                                    \
		class,                                                         \
		PT_##type,                                                     \
		PF_##format,                                                   \
		flags,                                                         \
		reads,                                                         \
		field_##extract,                                               \
		variant,                                                       \
		help,                                                          \
		NULL                                                           \
	},
#include "field/fields.def"
#undef FIELD
};

const struct field_info *field_by_index(size_t i)
{
	return i < ARRAY_SIZE(catalogue) ? &catalogue[i] : NULL;
}

struct str field_name(const struct field_info *f)
{
	return f->name;
}

unsigned int field_flags(const struct field_info *f)
{
	return f->flags;
}

enum param_type field_type(const struct field_info *f)
{
	return f->type;
}

facts_t field_reads(const struct field_info *f)
{
	return f->reads;
}

bool field_is_empty(const struct field_info *f)
{
	return f->extract == field_no_value;
}

struct str field_help(const struct field_info *f)
{
	return str_of(f->help);
}

struct str field_class(const struct field_info *f)
{
	return str_of(f->class);
}

struct str field_nearest(struct str name)
{
	unsigned int best = UINT32_MAX;
	bool whole = str_last(name, '.') != NULL; /* else what stands behind a dot may be meant */
	struct str nearest = STR("");

	for (size_t i = 0; i < ARRAY_SIZE(catalogue); i++) {
		const char *dot = str_last(catalogue[i].name, '.');
		unsigned int d = str_distance(name, catalogue[i].name);

		if (catalogue[i].flags & (FIELD_HIDDEN | FIELD_DEPRECATED))
			continue;
		if (!whole && dot &&
		    str_eq(name,
			   (struct str){ dot + 1, (size_t)(catalogue[i].name.ptr + catalogue[i].name.len - dot - 1) }))
			d = 0;
		if (d < best) {
			best = d;
			nearest = catalogue[i].name;
		}
	}
	return best <= 1 + name.len / 4 ? nearest : STR("");
}

const char *field_barred(struct str name, const struct field_options *options)
{
	for (size_t i = 0; i < ARRAY_SIZE(catalogue); i++) {
		if (!str_eq(name, catalogue[i].name))
			continue;
		if (options && options->generic && strcmp(catalogue[i].class, "evt_all") != 0)
			return "is one of system calls, and the rule has another event source";
		if (catalogue[i].flags & FIELD_CONTAINER_PLUGIN)
			return "belongs to the plugin 'container', which is not loaded";
		return catalogue[i].flags & FIELD_OURS ? "is an extension, which Falco has not" : NULL;
	}
	return NULL;
}

/*
 * What is unknown about an event at a call's entry: facts that it will write and that its parameters do not tell.
 * Facts that the state lacks are found by the extractors themselves.
 */
enum presence field_extract(const struct field_ref *f, struct field_context *ctx, struct values *ret_values)
{
	if (__builtin_expect(ctx->ev->provisional, 0) && (f->reads & ctx->ev->unknown_facts))
		return UNKNOWN;
	return f->info->extract(f, ctx, ret_values);
}

/* ---- fields without a class of their own ---- */

EXTRACTOR(no_value)
{
	(void)f;
	(void)ctx;
	(void)ret;
	return ABSENT;
}

EXTRACTOR(static_value)
{
	if (!ctx->static_values)
		return ABSENT;
	return extract_text(ctx, ret, ctx->static_values[f->number]);
}

EXTRACTOR(util_count)
{
	(void)f;
	return extract_uint(ctx, ret, ++ctx->counter);
}
