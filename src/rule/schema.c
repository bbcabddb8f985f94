/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/schema.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/parse.h"
#include "rule/items.h"

/*
 * The shape of rules files as data: which keys an item may have, and of which kind each value is. Kinds are weak, as
 * YAML's scalars are: a text may be any scalar but null, a number any scalar that reads as one.
 */
enum kind {
	KIND_TEXT,
	KIND_VERSION,
	KIND_INTEGER,
	KIND_BOOLEAN,
	KIND_TEXTS,
	KIND_ITEMS, /* texts or numbers */
	KIND_PRIORITY,
	KIND_CHANGE,
	KIND_ANY,
	KIND_MAP,
	KIND_MAPS
};

struct shape;

struct shape_key {
	const char *name;
	enum kind kind;
	const struct shape *inner; /* KIND_MAP, KIND_MAPS */
	bool required;
};

struct shape {
	const struct shape_key *keys;
	size_t nkeys;
	bool some; /* may not be empty */
};

#define SHAPE(name, some) static const struct shape name = { name##_keys, ARRAY_SIZE(name##_keys), some }

static const struct shape_key alternative_keys[] = {
	{ "name", KIND_TEXT, NULL, true },
	{ "version", KIND_TEXT, NULL, true },
};
SHAPE(alternative, false);

static const struct shape_key plugin_keys[] = {
	{ "name", KIND_TEXT, NULL, true },
	{ "version", KIND_TEXT, NULL, true },
	{ "alternatives", KIND_MAPS, &alternative, false },
};
SHAPE(plugin, false);

static const struct shape_key exception_keys[] = {
	{ "name", KIND_TEXT, NULL, true },
	{ "fields", KIND_ANY, NULL, false },
	{ "comps", KIND_ANY, NULL, false },
	{ "values", KIND_ANY, NULL, false },
};
SHAPE(exception, false);

static const struct shape_key override_keys[] = {
	{ "items", KIND_CHANGE, NULL, false },
	{ "desc", KIND_CHANGE, NULL, false },
	{ "condition", KIND_CHANGE, NULL, false },
	{ "output", KIND_CHANGE, NULL, false },
	{ "priority", KIND_CHANGE, NULL, false },
	{ "enabled", KIND_CHANGE, NULL, false },
	{ "exceptions", KIND_CHANGE, NULL, false },
	{ "capture", KIND_CHANGE, NULL, false },
	{ "capture_duration", KIND_CHANGE, NULL, false },
	{ "capture_events", KIND_CHANGE, NULL, false },
	{ "capture_filesize", KIND_CHANGE, NULL, false },
	{ "tags", KIND_CHANGE, NULL, false },
	{ "warn_evttypes", KIND_CHANGE, NULL, false },
	{ "skip-if-unknown-filter", KIND_CHANGE, NULL, false },
};
SHAPE(override, true);

static const struct shape_key item_keys[] = {
	{ "required_engine_version", KIND_VERSION, NULL, false },
	{ "required_plugin_versions", KIND_MAPS, &plugin, false },
	{ "macro", KIND_TEXT, NULL, false },
	{ "condition", KIND_TEXT, NULL, false },
	{ "list", KIND_TEXT, NULL, false },
	{ "items", KIND_ITEMS, NULL, false },
	{ "rule", KIND_TEXT, NULL, false },
	{ "desc", KIND_TEXT, NULL, false },
	{ "enabled", KIND_BOOLEAN, NULL, false },
	{ "output", KIND_TEXT, NULL, false },
	{ "append", KIND_BOOLEAN, NULL, false },
	{ "priority", KIND_PRIORITY, NULL, false },
	{ "capture", KIND_BOOLEAN, NULL, false },
	{ "capture_duration", KIND_INTEGER, NULL, false },
	{ "capture_events", KIND_INTEGER, NULL, false },
	{ "capture_filesize", KIND_INTEGER, NULL, false },
	{ "source", KIND_TEXT, NULL, false },
	{ "exceptions", KIND_MAPS, &exception, false },
	{ "override", KIND_MAP, &override, false },
	{ "tags", KIND_TEXTS, NULL, false },
	{ "warn_evttypes", KIND_BOOLEAN, NULL, false },
	{ "skip-if-unknown-filter", KIND_BOOLEAN, NULL, false },
};
SHAPE(item, false);

struct check {
	struct arena *arena;
	struct strbuf place; /* "<root>[0][priority]" */
	struct texts *warnings;
	int failed; /* -ENOMEM */
};

static bool report_about(struct check *c, const char *what, const struct str *name)
{
	struct strbuf text auto_strbuf = { 0 };
	struct str copy;

	if (c->warnings->count >= SCHEMA_WARNINGS)
		return false;
	strbuf_addf(&text, "failed for " STR_FMT ": %s", STR_ARG(strbuf_str(&c->place)), what);
	if (name)
		strbuf_addf(&text, "'" STR_FMT "'.", STR_ARG(*name));
	copy = text.failed ? (struct str){ NULL, 0 } : arena_str(c->arena, strbuf_str(&text));
	if (!copy.ptr || texts_add(c->arena, c->warnings, copy) < 0)
		c->failed = -ENOMEM;
	return false;
}

static bool report(struct check *c, const char *what)
{
	return report_about(c, what, NULL);
}

static bool report_named(struct check *c, const char *what, struct str name)
{
	return report_about(c, what, &name);
}

static bool is_one_of(const struct yaml_node *v, const char *const *words)
{
	for (size_t i = 0; words[i]; i++)
		if (str_eq(v->text, str_of(words[i])))
			return true;
	return false;
}

static const char *const priorities[] = { "EMERGENCY", "ALERT", "CRITICAL",	"ERROR", "WARNING",
					  "NOTICE",    "INFO",	"INFORMATIONAL", "DEBUG", NULL };
static const char *const changes[] = { "append", "replace", NULL };

#define WRONG_TYPE "Value type not permitted by 'type' constraint."

static bool check_enum(struct check *c, const struct yaml_node *v, const char *const *words)
{
	if (v->kind != YAML_SCALAR)
		report(c, WRONG_TYPE);
	else if (is_one_of(v, words))
		return true;
	return report(c, "Failed to match against any enum values.");
}

/* Alternatives of the schema: Falco's validator tells of each. */
static bool report_item(struct check *c)
{
	report(c, WRONG_TYPE);
	report(c, "Failed to validate against child schema #0.");
	report(c, WRONG_TYPE);
	report(c, "Failed to validate against child schema #1.");
	return report(c, "Failed to validate against any schemas allowed by anyOf constraint.");
}

static bool is_integer(struct str text)
{
	int64_t number;

	return !str_starts(text, STR("0x")) && parse_i64(text, &number) == 0;
}

static bool check_scalar(struct check *c, const struct yaml_node *v, enum kind kind)
{
	static const char *const truths[] = { "true", "false", NULL };
	bool scalar = v->kind == YAML_SCALAR;

	switch (kind) {
	case KIND_INTEGER:
		return (scalar && is_integer(v->text)) || report(c, WRONG_TYPE);
	case KIND_BOOLEAN:
		return (scalar && is_one_of(v, truths)) || report(c, WRONG_TYPE);
	case KIND_PRIORITY:
		return check_enum(c, v, priorities);
	case KIND_CHANGE:
		return check_enum(c, v, changes);
	case KIND_ITEMS:
		return scalar || report_item(c);
	default:
		return scalar || report(c, WRONG_TYPE);
	}
}

static bool check_map(struct check *c, const struct yaml_node *v, const struct shape *shape);

/* [3] or [key], for as long as one looks inside; returns what to cut the place back to. */
static size_t enter(struct check *c, struct str name)
{
	size_t before = c->place.len;

	strbuf_addc(&c->place, '[');
	strbuf_addstr(&c->place, name);
	strbuf_addc(&c->place, ']');
	return before;
}

static void leave(struct check *c, size_t before)
{
	if (!c->place.failed)
		c->place.len = before;
}

static bool check_list(struct check *c, const struct yaml_node *v, enum kind kind, const struct shape *inner)
{
	bool good = true;

	if (v->kind != YAML_SEQUENCE)
		return report(c, WRONG_TYPE);
	for (uint32_t i = 0; i < v->count && c->warnings->count < SCHEMA_WARNINGS; i++) {
		size_t before = c->place.len;
		char text[64];
		bool fits;

		strbuf_addc(&c->place, '[');
		strbuf_addu(&c->place, i);
		strbuf_addc(&c->place, ']');
		fits = inner ? check_map(c, v->items[i], inner) : check_scalar(c, v->items[i], kind);
		leave(c, before);
		if (fits)
			continue;
		snprintf(text, sizeof(text), "Failed to validate item #%u in array.", i);
		good = report(c, text);
	}
	return good;
}

static bool check_value(struct check *c, const struct yaml_node *v, const struct shape_key *key)
{
	switch (key->kind) {
	case KIND_ANY:
		return true;
	case KIND_MAP:
		return check_map(c, v, key->inner);
	case KIND_MAPS:
	case KIND_TEXTS:
	case KIND_ITEMS:
		return check_list(c, v, key->kind, key->inner);
	default:
		return check_scalar(c, v, key->kind);
	}
}

static const struct shape_key *find_key(const struct shape *shape, struct str name)
{
	for (size_t i = 0; i < shape->nkeys; i++)
		if (str_eq(name, str_of(shape->keys[i].name)))
			return &shape->keys[i];
	return NULL;
}

static bool check_map(struct check *c, const struct yaml_node *v, const struct shape *shape)
{
	bool good = true;

	if (v->kind != YAML_MAP)
		return report(c, WRONG_TYPE);
	if (shape->some && !v->count)
		good = report(c, "Object should have no fewer than 1 properties.");
	for (uint32_t i = 0; i < v->count && c->warnings->count < SCHEMA_WARNINGS; i++) {
		const struct shape_key *key = find_key(shape, v->pairs[i].key->text);
		struct str name = v->pairs[i].key->text; /* empty for a key that is a list or map */
		size_t before;
		bool fits;

		if (!key) {
			good = report_named(
				c,
				"Object contains a property that could not be validated using 'properties' or "
				"'additionalProperties' constraints: ",
				name);
			continue;
		}
		before = enter(c, name);
		fits = check_value(c, v->pairs[i].value, key);
		leave(c, before);
		if (!fits)
			good = report_named(c, "Failed to validate against schema associated with property name ",
					    name);
	}
	for (size_t i = 0; i < shape->nkeys; i++)
		if (shape->keys[i].required && !yaml_get(v, shape->keys[i].name))
			good = report_named(c, "Missing required property ", str_of(shape->keys[i].name));
	return good;
}

int schema_check(struct arena *arena, const struct yaml_node *root, struct texts *warnings)
{
	struct check c = { .arena = arena, .warnings = warnings };

	strbuf_adds(&c.place, "<root>");
	check_list(&c, root, KIND_MAPS, &item);
	if (c.place.failed)
		c.failed = -ENOMEM;
	strbuf_free(&c.place);
	return c.failed;
}

/* ---- as JSON ---- */

static void add_words(struct strbuf *out, const char *const *words)
{
	strbuf_adds(out, "{\"type\":\"string\",\"enum\":[");
	for (size_t i = 0; words[i]; i++)
		strbuf_addf(out, "%s\"%s\"", i ? "," : "", words[i]);
	strbuf_adds(out, "]}");
}

static void add_shape(struct strbuf *out, const struct shape *shape);

static void add_key(struct strbuf *out, const struct shape_key *key)
{
	strbuf_addf(out, "\"%s\":", key->name);
	switch (key->kind) {
	case KIND_TEXT:
		strbuf_adds(out, "{\"type\":\"string\"}");
		break;
	case KIND_VERSION: /* to strict readers a number is no text */
		strbuf_adds(out, "{\"type\":[\"string\",\"integer\"]}");
		break;
	case KIND_INTEGER:
		strbuf_adds(out, "{\"type\":\"integer\"}");
		break;
	case KIND_BOOLEAN:
		strbuf_adds(out, "{\"type\":\"boolean\"}");
		break;
	case KIND_TEXTS:
	case KIND_ITEMS:
		strbuf_adds(out, "{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"integer\"]}}");
		break;
	case KIND_PRIORITY:
		add_words(out, priorities);
		break;
	case KIND_CHANGE:
		add_words(out, changes);
		break;
	case KIND_ANY:
		strbuf_adds(out, "{}");
		break;
	case KIND_MAP:
		add_shape(out, key->inner);
		break;
	case KIND_MAPS:
		strbuf_adds(out, "{\"type\":\"array\",\"items\":");
		add_shape(out, key->inner);
		strbuf_addc(out, '}');
		break;
	}
}

static void add_shape(struct strbuf *out, const struct shape *shape)
{
	bool first = true;

	strbuf_adds(out, "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{");
	for (size_t i = 0; i < shape->nkeys; i++) {
		strbuf_adds(out, i ? "," : "");
		add_key(out, &shape->keys[i]);
	}
	strbuf_adds(out, shape->some ? "},\"minProperties\":1" : "}");
	for (size_t i = 0; i < shape->nkeys; i++) {
		if (!shape->keys[i].required)
			continue;
		strbuf_addf(out, "%s\"%s\"", first ? ",\"required\":[" : ",", shape->keys[i].name);
		first = false;
	}
	strbuf_adds(out, first ? "}" : "]}");
}

void schema_print(struct strbuf *out)
{
	struct strbuf text auto_strbuf = { 0 };

	strbuf_adds(
		&text,
		"{\"$schema\":\"http://json-schema.org/draft-06/schema#\",\"title\":\"rules\",\"type\":\"array\",\"items\":");
	add_shape(&text, &item);
	strbuf_addc(&text, '}');
	if (text.failed)
		out->failed = true;
	else
		json_add_indented(out, strbuf_str(&text));
	strbuf_addc(out, '\n');
}
