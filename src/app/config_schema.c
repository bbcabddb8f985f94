/* SPDX-License-Identifier: Apache-2.0 */
#include "app/config_rows.h"
#include "app/config_show.h"
#include "base/json.h"

/*
 * config.def as a JSON schema (draft 6). The rows are flat paths; the schema nests: everything below "engine." is the
 * object engine, everything below "plugins[]" one entry of the list plugins.
 */

static void add_schema(struct strbuf *out, struct str path);

/* "a|b|c" as JSON texts. */
static void add_enum(struct strbuf *out, const char *values)
{
	strbuf_adds(out, "\"enum\":[");
	while (*values) {
		struct str one = { values, strcspn(values, "|") };

		json_add_string(out, one);
		values += one.len;
		if (*values) {
			strbuf_addc(out, ',');
			values++;
		}
	}
	strbuf_adds(out, "],");
}

/* "MIN..MAX"; the words are numbers already. */
static void add_range(struct strbuf *out, const struct config_row *row)
{
	const char *dots = strstr(row->values, "..");

	if (dots && dots != row->values)
		strbuf_addf(out, "\"minimum\":%.*s,", (int)(dots - row->values), row->values);
	else if (row->type == CONFIG_UINT)
		strbuf_adds(out, "\"minimum\":0,");
	if (dots && dots[2])
		strbuf_addf(out, "\"maximum\":%s,", dots + 2);
}

/* What kind of value it is: members of a schema object, each with its comma. */
static void add_type(struct strbuf *out, const struct config_row *row)
{
	switch (row->type) {
	case CONFIG_BOOL:
		strbuf_adds(out, "\"type\":\"boolean\",");
		break;
	case CONFIG_INT:
	case CONFIG_UINT:
		strbuf_adds(out, "\"type\":\"integer\",");
		add_range(out, row);
		break;
	case CONFIG_DOUBLE:
		strbuf_adds(out, "\"type\":\"number\",");
		add_range(out, row);
		break;
	case CONFIG_SECRET:
		/* within plugins: a text, or a map that becomes JSON */
		strbuf_adds(out, row->member ? "\"type\":[\"object\",\"string\",\"null\"]," : "\"type\":\"string\",");
		break;
	case CONFIG_TEXT:
	case CONFIG_ANYCASE: /* a schema cannot say that case does not matter */
		strbuf_adds(out, "\"type\":\"string\",");
		break;
	case CONFIG_WORD:
		strbuf_adds(out, "\"type\":\"string\",");
		add_enum(out, row->values);
		break;
	case CONFIG_LIST:
		strbuf_adds(out, "\"type\":\"array\",\"items\":");
		if (config_row_leads(str_of(row->key))) { /* a text, or a map of more */
			auto_strbuf struct strbuf entry = { 0 };

			strbuf_addf(&entry, "%s[]", row->key);
			strbuf_adds(out, "{\"anyOf\":[{\"type\":\"string\"},");
			add_schema(out, strbuf_str(&entry));
			strbuf_adds(out, "]},");
		} else {
			strbuf_adds(out, "{\"type\":\"string\"");
			if (*row->values) {
				strbuf_addc(out, ',');
				add_enum(out, row->values);
				out->len -= !out->failed; /* its comma */
			}
			strbuf_adds(out, "},");
		}
		break;
	case CONFIG_OBJECTS: {
		auto_strbuf struct strbuf entry = { 0 };

		strbuf_addf(&entry, "%s[]", row->key);
		strbuf_adds(out, "\"type\":\"array\",\"items\":");
		add_schema(out, strbuf_str(&entry));
		strbuf_addc(out, ',');
		break;
	}
	case CONFIG_MAP:
		strbuf_adds(out, "\"type\":\"object\",");
		break;
	case CONFIG_ANY:
		break;
	}
}

/*
 * The next part of a row's key below path: "kind" of engine.kind below "engine"; false when it is not
 * directly there.
 */
static bool part_below(const char *key, struct str path, struct str *ret_part)
{
	struct str k = str_of(key);

	if (path.len) {
		if (!str_starts(k, path) || k.len <= path.len || k.ptr[path.len] != '.')
			return false;
		k.ptr += path.len + 1;
		k.len -= path.len + 1;
	}
	*ret_part = (struct str){ k.ptr, strcspn(k.ptr, ".[") };
	return true;
}

/* Each name directly below path, once. */
static void add_properties(struct strbuf *out, struct str path)
{
	struct str part, other;
	bool first = true;
	size_t i, k;

	strbuf_adds(out, "\"properties\":{");
	for (i = 0; i < config_nrows; i++) {
		auto_strbuf struct strbuf below = { 0 };

		if (!part_below(config_rows[i].key, path, &part))
			continue;
		for (k = 0; k < i; k++)
			if (part_below(config_rows[k].key, path, &other) && str_eq(part, other))
				break;
		if (k < i)
			continue;
		strbuf_adds(out, first ? "" : ",");
		first = false;
		json_add_string(out, part);
		strbuf_addc(out, ':');
		strbuf_addf(&below, STR_FMT "%s" STR_FMT, STR_ARG(path), path.len ? "." : "", STR_ARG(part));
		add_schema(out, strbuf_str(&below));
	}
	strbuf_addc(out, '}');
}

static void add_schema(struct strbuf *out, struct str path)
{
	const struct config_row *row = config_row_find(path);

	strbuf_addc(out, '{');
	if (row) {
		add_type(out, row);
		strbuf_adds(out, "\"description\":");
		json_add_string(out, str_of(row->what));
	} else {
		strbuf_adds(out, "\"type\":\"object\",\"additionalProperties\":false,");
		add_properties(out, path);
	}
	strbuf_addc(out, '}');
}

void config_schema(struct strbuf *out)
{
	auto_strbuf struct strbuf text = { 0 };

	strbuf_adds(&text, "{\"$schema\":\"http://json-schema.org/draft-06/schema#\",\"title\":\"monitor.yaml\","
			   "\"type\":\"object\",\"additionalProperties\":false,");
	add_properties(&text, STR(""));
	strbuf_addc(&text, '}');
	if (text.failed)
		out->failed = true;
	else
		json_add_indented(out, strbuf_str(&text));
	strbuf_addc(out, '\n');
}
