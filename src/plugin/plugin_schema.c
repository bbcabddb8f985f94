/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <errno.h>

#include "plugin/internal.h"

/*
 * A plugin's init_config against its JSON schema: types, values, members, items, schemas that are made of
 * others, and references inside of the schema. Keywords that are not here ask nothing, as the standard has it
 * for unknown ones.
 */
struct check {
	struct plugin *plugin;
	const cJSON *root; /* of the schema */
	struct strbuf path; /* of the value at hand, as a JSON pointer */
	unsigned int depth, steps;
	struct error *err;
};

static int check_value(struct check *c, const cJSON *schema, const cJSON *value);

static const cJSON *key(const cJSON *schema, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(schema, name);
}

static int complain(struct check *c, const char *what, const char *which)
{
	return error_set(c->err, -EINVAL, "plugin " STR_FMT ": its init_config at %s: %s%.200s",
			 STR_ARG(c->plugin->view.name), c->path.len ? c->path.ptr : "/", what, which);
}

static int check_member(struct check *c, const cJSON *schema, const cJSON *value, const char *name)
{
	size_t len = c->path.len;
	int r;

	strbuf_addf(&c->path, "/%.100s", name);
	if (c->path.failed)
		return error_set(c->err, -ENOMEM, "out of memory");
	r = check_value(c, schema, value);
	c->path.len = len;
	c->path.ptr[len] = 0;
	return r;
}

static bool is_whole(double x)
{
	return x > 9e15 || x < -9e15 || (double)(int64_t)x == x; /* beyond 2^53 all are */
}

static bool has_type(const cJSON *value, const char *type)
{
	if (strcmp(type, "integer") == 0)
		return cJSON_IsNumber(value) && is_whole(value->valuedouble);
	return (strcmp(type, "string") == 0 && cJSON_IsString(value)) ||
	       (strcmp(type, "number") == 0 && cJSON_IsNumber(value)) ||
	       (strcmp(type, "object") == 0 && cJSON_IsObject(value)) ||
	       (strcmp(type, "array") == 0 && cJSON_IsArray(value)) ||
	       (strcmp(type, "boolean") == 0 && cJSON_IsBool(value)) ||
	       (strcmp(type, "null") == 0 && cJSON_IsNull(value));
}

static int check_type(struct check *c, const cJSON *type, const cJSON *value)
{
	const cJSON *one;

	if (cJSON_IsString(type))
		return has_type(value, type->valuestring) ? 0 :
							    complain(c, "it must be of the type ", type->valuestring);
	if (!cJSON_IsArray(type))
		return 0;
	cJSON_ArrayForEach(one, type)
		if (cJSON_IsString(one) && has_type(value, one->valuestring))
			return 0;
	return complain(c, "it is of none of the types that it may have", "");
}

static int check_enum(struct check *c, const cJSON *list, const cJSON *value)
{
	const cJSON *one;

	if (!cJSON_IsArray(list))
		return 0;
	cJSON_ArrayForEach(one, list)
		if (cJSON_Compare(one, value, true))
			return 0;
	return complain(c, "it is none of the values that it may have", "");
}

/* "const", "multipleOf", "uniqueItems" */
static int check_kind(struct check *c, const cJSON *schema, const cJSON *value)
{
	const cJSON *same = key(schema, "const"), *unit = key(schema, "multipleOf");
	const cJSON *one, *other;

	if (same && !cJSON_Compare(same, value, true))
		return complain(c, "it is not the value that it must have", "");
	if (cJSON_IsNumber(unit) && unit->valuedouble > 0 && cJSON_IsNumber(value) &&
	    !is_whole(value->valuedouble / unit->valuedouble))
		return complain(c, "it is no multiple of what it must be", "");
	if (!cJSON_IsTrue(key(schema, "uniqueItems")) || !cJSON_IsArray(value))
		return 0;
	if (cJSON_GetArraySize(value) > PLUGIN_SCHEMA_UNIQUE)
		return complain(c, "it has too many items to compare", "");
	cJSON_ArrayForEach(one, value)
		for (other = one->next; other; other = other->next)
			if (cJSON_Compare(one, other, true))
				return complain(c, "it has one item twice", "");
	return 0;
}

static int check_limits(struct check *c, const cJSON *schema, const cJSON *value)
{
	enum bound { LEAST, MOST, ABOVE, BELOW };
	static const struct {
		const char *name;
		enum bound bound;
		int type; /* of values that it is for */
		const char *what;
	} rows[] = {
		{ "minimum", LEAST, cJSON_Number, "it is less than its minimum" },
		{ "maximum", MOST, cJSON_Number, "it is more than its maximum" },
		{ "exclusiveMinimum", ABOVE, cJSON_Number, "it is not above its minimum" },
		{ "exclusiveMaximum", BELOW, cJSON_Number, "it is not below its maximum" },
		{ "minLength", LEAST, cJSON_String, "it is too short" },
		{ "maxLength", MOST, cJSON_String, "it is too long" },
		{ "minItems", LEAST, cJSON_Array, "it has too few items" },
		{ "maxItems", MOST, cJSON_Array, "it has too many items" },
		{ "minProperties", LEAST, cJSON_Object, "it has too few members" },
		{ "maxProperties", MOST, cJSON_Object, "it has too many members" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const cJSON *limit = key(schema, rows[i].name);
		double have = value->valuedouble, want = limit ? limit->valuedouble : 0;

		if (!cJSON_IsNumber(limit) || (value->type & 0xff) != rows[i].type)
			continue;
		if (cJSON_IsString(value)) { /* characters are meant */
			have = 0;
			for (const char *at = value->valuestring; *at; at++)
				have += (*at & 0xc0) != 0x80;
		} else if (cJSON_IsArray(value) || cJSON_IsObject(value)) {
			have = cJSON_GetArraySize(value);
		}
		if ((rows[i].bound == LEAST && have < want) || (rows[i].bound == MOST && have > want) ||
		    (rows[i].bound == ABOVE && have <= want) || (rows[i].bound == BELOW && have >= want))
			return complain(c, rows[i].what, "");
	}
	return 0;
}

static int check_object(struct check *c, const cJSON *schema, const cJSON *value)
{
	const cJSON *properties = key(schema, "properties"), *others = key(schema, "additionalProperties");
	const cJSON *one;
	int r = 0;

	cJSON_ArrayForEach(one, key(schema, "required"))
		if (cJSON_IsString(one) && !key(value, one->valuestring))
			return complain(c, "it lacks ", one->valuestring);
	cJSON_ArrayForEach(one, value) {
		const cJSON *known = key(properties, one->string);

		if (!known && cJSON_IsFalse(others) && !key(schema, "patternProperties"))
			return complain(c, "there is no such key: ", one->string);
		r = known || others ? check_member(c, known ? known : others, one, one->string) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* One schema for all items, or one for each of the first and another for the rest. */
static int check_items(struct check *c, const cJSON *schema, const cJSON *value)
{
	const cJSON *items = key(schema, "items"), *first = cJSON_IsArray(items) ? items->child : NULL;
	const cJSON *rest = cJSON_IsArray(items) ? key(schema, "additionalItems") : items;
	const cJSON *one;
	size_t i = 0;

	cJSON_ArrayForEach(one, value) {
		char name[24];
		int r;

		snprintf(name, sizeof(name), "%zu", i++);
		r = first || rest ? check_member(c, first ? first : rest, one, name) : 0;
		if (r < 0)
			return r;
		first = first ? first->next : NULL;
	}
	return 0;
}

static bool fits(struct check *c, const cJSON *schema, const cJSON *value)
{
	struct error *err = c->err;
	int r;

	c->err = NULL; /* there may be another that fits */
	r = check_value(c, schema, value);
	c->err = err;
	return r == 0;
}

/* "allOf", "anyOf", "oneOf", "not" */
static int check_made_of(struct check *c, const cJSON *schema, const cJSON *value)
{
	const cJSON *any = key(schema, "anyOf"), *single = key(schema, "oneOf"), *not = key(schema, "not");
	const cJSON *one;
	size_t n = 0;
	int r;

	cJSON_ArrayForEach(one, key(schema, "allOf")) {
		r = check_value(c, one, value);
		if (r < 0)
			return r;
	}
	if (cJSON_IsArray(any)) {
		for (one = any->child; one && !fits(c, one, value);)
			one = one->next;
		if (!one)
			return complain(c, "none of the forms that it may have is its", "");
	}
	if (cJSON_IsArray(single)) {
		cJSON_ArrayForEach(one, single)
			n += fits(c, one, value);
		if (n != 1)
			return complain(c,
					n ? "it has several of the forms of which it must have one" :
					    "none of the forms that it may have is its",
					"");
	}
	return not && fits(c, not, value) ? complain(c, "it has a form that it must not have", "") : 0;
}

/* "#/a/b": what is there in the schema; NULL when there is nothing. */
static const cJSON *find_reference(const struct check *c, const char *text)
{
	const cJSON *at = c->root;

	if (text[0] != '#')
		return NULL;
	for (text++; at && *text == '/';) {
		size_t len = strcspn(++text, "/");
		char name[PLUGIN_NAME_BYTES];

		if (len >= sizeof(name))
			return NULL;
		memcpy(name, text, len);
		name[len] = 0;
		at = key(at, name);
		text += len;
	}
	return at;
}

static int check_reference(struct check *c, const cJSON *reference, const cJSON *value)
{
	const cJSON *to = cJSON_IsString(reference) ? find_reference(c, reference->valuestring) : NULL;

	return to ? check_value(c, to, value) : 0;
}

static int check_value(struct check *c, const cJSON *schema, const cJSON *value)
{
	int r;

	if (cJSON_IsFalse(schema))
		return complain(c, "nothing may be here", "");
	if (!cJSON_IsObject(schema))
		return 0;
	if (++c->depth > PLUGIN_SCHEMA_DEPTH) /* references may be circles */
		c->steps = PLUGIN_SCHEMA_STEPS;
	if (++c->steps > PLUGIN_SCHEMA_STEPS) {
		c->depth--;
		return complain(c, "the plugin's schema is too deep", "");
	}
	r = check_reference(c, key(schema, "$ref"), value);
	if (r == 0)
		r = check_type(c, key(schema, "type"), value);
	if (r == 0)
		r = check_enum(c, key(schema, "enum"), value);
	if (r == 0)
		r = check_kind(c, schema, value);
	if (r == 0)
		r = check_limits(c, schema, value);
	if (r == 0)
		r = check_made_of(c, schema, value);
	if (r == 0 && cJSON_IsObject(value))
		r = check_object(c, schema, value);
	if (r == 0 && cJSON_IsArray(value))
		r = check_items(c, schema, value);
	c->depth--;
	return r;
}

int plugin_check_config(struct plugin *p, const char *schema, struct str text, struct error *err)
{
	size_t len = strnlen(schema, PLUGIN_TEXT_BYTES);
	cJSON *root = len < PLUGIN_TEXT_BYTES ? cJSON_ParseWithLength(schema, len) : NULL;
	cJSON *value = cJSON_ParseWithLength(text.ptr, text.len);
	struct check c = { .plugin = p, .root = root, .err = err };
	int r = 0;

	if (!value)
		r = error_set(err, -EINVAL, "plugin " STR_FMT ": its init_config must be JSON", STR_ARG(p->view.name));
	else if (!cJSON_IsObject(root))
		r = error_set(err, -EINVAL, "plugin " STR_FMT ": its schema of init_config is no JSON object",
			      STR_ARG(p->view.name));
	else
		r = check_value(&c, root, value);
	if (c.steps > PLUGIN_SCHEMA_STEPS) /* what fits or not was not found out */
		r = complain(&c, "the plugin's schema is too deep", "");
	strbuf_free(&c.path);
	cJSON_Delete(root);
	cJSON_Delete(value);
	return r;
}
