/* SPDX-License-Identifier: Apache-2.0 */
#include "app/alert_fields.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/units.h"

static void add(struct alert_fields *f, const char *name, const struct strbuf *json)
{
	struct alert_field field;

	if (f->count == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 16;
		struct alert_field *more = reallocarray(f->list, cap, sizeof(*more));

		if (!more) {
			f->failed = true;
			return;
		}
		f->list = more;
		f->cap = cap;
	}
	field.name = str_dup(str_of(name));
	field.json = json->failed ? NULL : str_dup(strbuf_str(json));
	if (!field.name || !field.json) {
		free(field.name);
		free(field.json);
		f->failed = true;
		return;
	}
	f->list[f->count++] = field;
}

void alert_fields_text(struct alert_fields *f, const char *name, struct str value)
{
	auto_strbuf struct strbuf json = { 0 };

	json_add_string(&json, value);
	add(f, name, &json);
}

void alert_fields_number(struct alert_fields *f, const char *name, uint64_t value)
{
	auto_strbuf struct strbuf json = { 0 };

	strbuf_addf(&json, "%" PRIu64, value);
	add(f, name, &json);
}

void alert_fields_spelt(struct alert_fields *f, const char *name, const char *json)
{
	auto_strbuf struct strbuf text = { 0 };

	strbuf_adds(&text, json);
	add(f, name, &text);
}

void alert_fields_tenths(struct alert_fields *f, const char *name, double value)
{
	auto_strbuf struct strbuf json = { 0 };

	strbuf_addf(&json, "%.1f", value);
	add(f, name, &json);
}

void alert_fields_seconds(struct alert_fields *f, const char *name, uint64_t ns)
{
	auto_strbuf struct strbuf json = { 0 };

	strbuf_addf(&json, "%" PRIu64 ".%09" PRIu64, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
	add(f, name, &json);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct alert_field *)a)->name, ((const struct alert_field *)b)->name);
}

static void sort(struct alert_fields *f)
{
	if (f->count)
		qsort(f->list, f->count, sizeof(*f->list), by_name);
}

void alert_fields_add_json(struct alert_fields *f, struct strbuf *out)
{
	sort(f);
	strbuf_addc(out, '{');
	for (size_t i = 0; i < f->count; i++) {
		strbuf_adds(out, i ? "," : "");
		json_add_string(out, str_of(f->list[i].name));
		strbuf_addf(out, ":%s", f->list[i].json);
	}
	strbuf_addc(out, '}');
}

void alert_fields_add_words(struct alert_fields *f, struct strbuf *out)
{
	sort(f);
	for (size_t i = 0; i < f->count; i++)
		strbuf_addf(out, "%s%s=%s", i ? " " : "", f->list[i].name, f->list[i].json);
}

void alert_fields_free(struct alert_fields *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->list[i].name);
		free(f->list[i].json);
	}
	free(f->list);
	*f = (struct alert_fields){ 0 };
}
