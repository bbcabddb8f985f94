/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_FORMAT_H
#define MONITOR_FIELD_FORMAT_H

#include "base/cleanup.h"
#include "base/error.h"
#include "field/field.h"

/*
 * Output templates: "text %field %field[arg] %toupper(proc.name) %10evt.num". A leading '*' is allowed and means
 * nothing more: absent fields print as <NA> and are null in JSON, always. The longest name that is a field is taken:
 * "%evt.num." prints a number and a dot, "%fd.name[1]" a name and "[1]". Immutable once compiled.
 */
struct format;

/*
 * Copies text. -EINVAL with the reason (what the field is called …), -EBADMSG where the text is empty or ends after a
 * '%': then no field can be meant that another version knows.
 */
int format_compile(struct str text, const struct field_options *options, struct format **ret_format, struct error *err);
/* The same; *ret_offset is the place in text that an error is about, 0 without one. */
int format_compile_at(struct str text, const struct field_options *options, struct format **ret_format,
		      size_t *ret_offset, struct error *err);
void format_free(struct format *f); /* accepts NULL */
DEFINE_AUTO(struct format, format, format_free);
#define auto_format AUTO(format)

/*
 * The names of its values as Falco lists them: those of the fields, and calls as it prints them; of a call
 * that stands last in another only the outer one. Names last as long as the arena and the format. -ENOMEM, or
 * what add returned below 0.
 */
int format_names(const struct format *f, struct arena *arena, int (*add)(void *data, struct str name), void *data);
/* A constant as Falco prints it: in quotes where anything in it is special. */
void format_add_constant(struct strbuf *out, struct str text);
facts_t format_reads(const struct format *f);

/* Adds the rendered text. */
void format_render(const struct format *f, struct field_context *ctx, struct strbuf *out);

/*
 * The members of an alert's output_fields, gathered from several formats: a later one of the same name replaces the
 * earlier. Zero-initialise; reuse after format_members_reset(), release with format_members_free().
 */
struct format_members {
	struct format_member *list;
	size_t count, cap;
	struct strbuf text; /* names and JSON values in a row */
	bool failed; /* memory was short */
};

/* Adds a member for each of the format's fields (not for transformed values: Falco has none for them). */
void format_collect(const struct format *f, struct field_context *ctx, struct format_members *m);
/* Adds one member; json is a JSON value. */
void format_members_add(struct format_members *m, struct str name, struct str json);
/* As a JSON object, names in byte order. */
void format_members_print(struct format_members *m, struct strbuf *out);
void format_members_reset(struct format_members *m);
void format_members_free(struct format_members *m);

#endif
