/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/outputs.h"

#include <errno.h>

#include "base/limits.h"
#include "field/format.h"

/* These always hold the same, as there are no enter events: outputs that name one are old. */
static const struct str deprecated_fields[] = {
	{ "evt.dir", 7 },	  { "evt.latency", 11 },       { "evt.latency.s", 13 },
	{ "evt.latency.ns", 14 }, { "evt.latency.human", 17 }, { "evt.wait_latency", 16 },
};

static const struct str container_info = { "%container.info", 15 };

static bool has_tags(const struct rule_item *item, const struct append_output *append)
{
	for (size_t i = 0; i < append->nmatch_tags; i++) {
		bool found = false;

		for (size_t k = 0; k < item->tags.count && !found; k++)
			found = str_eq(item->tags.list[k], append->match_tags[i]);
		if (!found)
			return false;
	}
	return true;
}

static bool applies(const struct rule_item *item, const struct append_output *append)
{
	return (!append->match_source.len || str_eq(append->match_source, item->source)) &&
	       (!append->match_rule.len || str_eq(append->match_rule, item->name)) && has_tags(item, append);
}

/* " proc_name=%proc.name" */
static void add_field(struct strbuf *out, struct str name)
{
	strbuf_addc(out, ' ');
	for (size_t k = 0; k < name.len; k++)
		strbuf_addc(out, name.ptr[k] == '.' ? '_' : name.ptr[k]);
	strbuf_addf(out, "=%%" STR_FMT, STR_ARG(name));
}

/*
 * Each field that is worth having in any output, plugins' behind ours; static.* is one row for all fields of
 * the configuration.
 */
static void add_suggested(struct strbuf *out, const struct field_options *options)
{
	const struct field_info *info;

	for (size_t i = 0; (info = field_by_index(i)); i++) {
		struct str name = field_name(info);

		if (!(field_flags(info) & FIELD_SUGGESTED) ||
		    ((field_flags(info) & FIELD_CONTAINER_PLUGIN) && !options->container_plugin))
			continue;
		if (!str_eq(name, STR("static.*"))) {
			add_field(out, name);
			continue;
		}
		for (size_t k = 0; k < options->nstatic; k++) {
			struct strbuf one auto_strbuf = { 0 };

			strbuf_addf(&one, "static." STR_FMT, STR_ARG(options->static_names[k]));
			add_field(out, strbuf_str(&one));
			out->failed |= one.failed;
		}
	}
	for (size_t i = 0; i < options->nforeign; i++)
		for (size_t k = 0; (info = foreign_by_index(options->foreign[i], k)); k++)
			if (field_flags(info) & FIELD_SUGGESTED)
				add_field(out, field_name(info));
}

static void print_output(struct strbuf *out, const struct engine_options *options, const struct rule_item *item)
{
	strbuf_addstr(out, item->output);
	for (size_t i = 0; i < options->nappends; i++) {
		const struct append_output *append = &options->appends[i];

		if (!applies(item, append))
			continue;
		if (append->extra_output.len)
			strbuf_addf(out, " " STR_FMT, STR_ARG(append->extra_output));
		if (append->suggested_output)
			add_suggested(out, &options->fields);
	}
}

/* Takes "%container.info" out: the container fields are added by suggestion now. */
static struct str drop_container_info(struct arena *arena, struct str text)
{
	char *kept = arena_bytes(arena, text.len + 1);
	size_t n = 0;

	if (!kept)
		return (struct str){ NULL, 0 };
	for (size_t i = 0; i < text.len;) {
		if (str_starts((struct str){ text.ptr + i, text.len - i }, container_info))
			i += container_info.len;
		else
			kept[n++] = text.ptr[i++];
	}
	kept[n] = 0;
	return (struct str){ kept, n };
}

static void warn_deprecated(struct findings *f, struct str format, const struct load_context *at)
{
	for (size_t i = 0; i < ARRAY_SIZE(deprecated_fields); i++) {
		if (!str_contains(format, deprecated_fields[i]))
			continue;
		findings_add(f, LOAD_DEPRECATED_ITEM, at,
			     "the output uses the field '" STR_FMT "', which is deprecated",
			     STR_ARG(deprecated_fields[i]));
		findings_field(f, deprecated_fields[i]);
	}
}

static int add_extra(struct arena *arena, struct findings *f, const struct engine_options *options,
		     const struct extra_field *extra, const struct rule_item *item, struct rule *rule)
{
	struct rule_extra_field *slot = rule->extra + rule->nextra;
	struct str text = extra->format;
	struct error err = { 0 };
	int r;

	for (size_t i = 0; i < rule->nextra; i++) {
		if (!str_eq(rule->extra[i].name, extra->name))
			continue;
		slot = &rule->extra[i]; /* a later one of the same name counts */
		format_free(slot->format);
		slot->format = NULL;
	}
	slot->typed = !text.len;
	if (slot->typed)
		text = arena_printf(arena, "%%" STR_FMT, STR_ARG(extra->name));
	slot->name = arena_str(arena, extra->name);
	if (!text.ptr || !slot->name.ptr)
		return -ENOMEM;
	if (slot == rule->extra + rule->nextra)
		rule->nextra++;
	r = format_compile(text, &options->fields, &slot->format, &err);
	if (r == -EINVAL || r == -EBADMSG)
		return findings_error(f, LOAD_ERR_COMPILE_OUTPUT, item->output_at, "the extra field '" STR_FMT "': %s",
				      STR_ARG(extra->name), err.text);
	if (r == 0)
		warn_deprecated(f, text, item->output_at);
	return r;
}

static int add_extras(struct arena *arena, struct findings *f, const struct engine_options *options,
		      const struct rule_item *item, struct rule *rule)
{
	size_t most = 0;
	int r = 0;

	for (size_t i = 0; i < options->nappends; i++)
		most += options->appends[i].nextra_fields;
	rule->extra = arena_array_of(arena, struct rule_extra_field, most);
	if (!rule->extra)
		return -ENOMEM;
	for (size_t i = 0; i < options->nappends && r == 0; i++)
		for (size_t k = 0;
		     applies(item, &options->appends[i]) && k < options->appends[i].nextra_fields && r == 0; k++)
			r = add_extra(arena, f, options, &options->appends[i].extra_fields[k], item, rule);
	return r;
}

/* Ours: what else is wrong behind the first problem. */
static void add_other_problems(struct findings *f, const struct field_options *fields, const struct rule_item *item,
			       struct str text, size_t offset)
{
	for (unsigned int i = 1; i < RULES_COND_PROBLEMS && offset < text.len; i++) {
		const char *percent = memchr(text.ptr + offset, '%', text.len - offset);
		auto_format struct format *format = NULL;
		struct error err = { 0 };
		struct str rest;
		size_t at;

		if (!percent)
			return;
		rest = (struct str){ percent, text.len - (size_t)(percent - text.ptr) };
		if (format_compile_at(rest, fields, &format, &at, &err) >= 0)
			return;
		offset = text.len - rest.len + (at ? at : 1);
		findings_add(f, LOAD_ERR_COMPILE_OUTPUT, findings_exact(f, item->output_at, text, offset), "%s",
			     err.text);
	}
}

int outputs_add(struct arena *arena, struct findings *f, const struct engine_options *options,
		const struct rule_item *item, struct rule *rule)
{
	struct strbuf text auto_strbuf = { 0 };
	struct error err = { 0 };
	size_t offset;
	int r;

	print_output(&text, options, item);
	rule->output = arena_str(arena, strbuf_str(&text));
	if (text.failed || !rule->output.ptr)
		return -ENOMEM;
	if (str_contains(rule->output, container_info)) {
		findings_add(f, LOAD_DEPRECATED_ITEM, item->at,
			     "%%container.info is deprecated and means nothing any more: name the fields, or let "
			     "append_output add those that are suggested");
		rule->output = drop_container_info(arena, rule->output);
		if (!rule->output.ptr)
			return -ENOMEM;
	}
	r = format_compile_at(rule->output, &options->fields, &rule->format, &offset, &err);
	if (r == -EINVAL || r == -EBADMSG) {
		bool skip = item->skip_if_unknown_filter && r == -EINVAL;
		/* of which the file has no place: it is the configuration's, or the command line's */
		bool added = offset >= item->output.len && rule->output.len > item->output.len;

		findings_add(f, skip ? LOAD_UNKNOWN_FILTER : LOAD_ERR_COMPILE_OUTPUT,
			     f->ours ? findings_exact(f, item->output_at, rule->output, offset) : item->output_at,
			     "%s%s", added ? "in what append_output (or -p) adds to the output: " : "", err.text);
		if (f->ours && !skip)
			add_other_problems(f, &options->fields, item, rule->output, offset);
		return skip ? 1 : -EINVAL;
	}
	if (r < 0)
		return r;
	warn_deprecated(f, rule->output, item->output_at);
	return add_extras(arena, f, options, item, rule);
}

void outputs_free(struct rule *rule)
{
	format_free(rule->format);
	rule->format = NULL;
	for (size_t i = 0; i < rule->nextra; i++)
		format_free(rule->extra[i].format);
	rule->nextra = 0;
}
