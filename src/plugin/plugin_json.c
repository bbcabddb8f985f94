/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <errno.h>

#include "base/limits.h"
#include "plugin/internal.h"

static void json_autofree(cJSON **j)
{
	cJSON_Delete(*j);
}
#define auto_json __attribute__((cleanup(json_autofree)))

static const struct {
	const char *name;
	enum param_type type;
	enum print_format format;
} types[] = {
	{ "string", PT_CHARBUF, PF_NA },   { "uint64", PT_UINT64, PF_DEC },   { "bool", PT_BOOL, PF_NA },
	{ "reltime", PT_RELTIME, PF_DEC }, { "abstime", PT_ABSTIME, PF_DEC }, { "ipaddr", PT_IPADDR, PF_NA },
	{ "ipnet", PT_IPNET, PF_NA },
};

static const char *text_of(struct plugin *p, const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	return cJSON_IsString(item) ? arena_str(p->arena, str_of(item->valuestring)).ptr : "";
}

static int refuse_field(const struct plugin *p, const struct foreign_field *f, const char *key, const char *what,
			struct error *err)
{
	return error_set(err, -EINVAL, "plugin " STR_FMT ": the field %s: %s %s", STR_ARG(p->view.name), f->name, key,
			 what);
}

/* Adds flag where the key is true. */
static int take_flag(const struct plugin *p, struct foreign_field *f, const cJSON *object, const char *key,
		     unsigned int flag, struct error *err)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	if (item && !cJSON_IsNull(item) && !cJSON_IsBool(item))
		return refuse_field(p, f, key, "is neither true nor false", err);
	if (cJSON_IsTrue(item))
		f->flags |= flag;
	return 0;
}

/* A name as conditions can spell it. */
static bool is_name(const char *name)
{
	const char *at;

	for (at = name; *at; at++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *at))
			return false;
	return at != name && at - name < PLUGIN_NAME_BYTES;
}

static int read_argument(const struct plugin *p, struct foreign_field *f, const cJSON *arg, struct error *err)
{
	int r;

	if (!arg || cJSON_IsNull(arg))
		return 0;
	if (!cJSON_IsObject(arg))
		return refuse_field(p, f, "arg", "is no object", err);
	r = take_flag(p, f, arg, "isRequired", FIELD_ARG_REQUIRED, err);
	if (r == 0)
		r = take_flag(p, f, arg, "isIndex", FIELD_ARG_INDEX | FIELD_ARG_ALLOWED, err);
	if (r == 0)
		r = take_flag(p, f, arg, "isKey", FIELD_ARG_KEY | FIELD_ARG_ALLOWED, err);
	if (r == 0 && (f->flags & FIELD_ARG_REQUIRED) && !(f->flags & FIELD_ARG_ALLOWED))
		return refuse_field(p, f, "its argument", "is neither an index nor a key", err);
	return r;
}

/* Words for programs that show fields: "hidden" is the one that lists here know. */
static int read_properties(const struct plugin *p, struct foreign_field *f, const cJSON *list, struct error *err)
{
	const cJSON *item;

	if (list && !cJSON_IsNull(list) && !cJSON_IsArray(list))
		return refuse_field(p, f, "properties", "is no list of texts", err);
	cJSON_ArrayForEach(item, list) {
		if (!cJSON_IsString(item))
			return refuse_field(p, f, "properties", "is no list of texts", err);
		if (strcmp(item->valuestring, "hidden") == 0)
			f->flags |= FIELD_TABLE_ONLY;
	}
	return 0;
}

static int read_field(struct plugin *p, const cJSON *item, struct foreign_field *f, struct error *err)
{
	const char *type = text_of(p, item, "type");
	size_t i;
	int r;

	f->name = text_of(p, item, "name");
	f->help = text_of(p, item, "desc");
	if (!type || !f->name || !f->help)
		return error_set(err, -ENOMEM, "out of memory");
	if (!is_name(f->name))
		return error_set(err, -EINVAL, "plugin " STR_FMT ": a field has no name that a condition could use",
				 STR_ARG(p->view.name));
	for (i = 0; i < ARRAY_SIZE(types) && strcmp(types[i].name, type) != 0; i++)
		;
	if (i == ARRAY_SIZE(types))
		return error_set(err, -EINVAL, "plugin " STR_FMT ": the field %s has an unknown type \"%s\"",
				 STR_ARG(p->view.name), f->name, type);
	if (!*f->help)
		return error_set(err, -EINVAL, "plugin " STR_FMT ": the field %s has no desc", STR_ARG(p->view.name),
				 f->name);
	f->class = p->view.name.ptr;
	f->type = types[i].type;
	f->format = types[i].format;
	f->context = p;
	f->extract = plugin_extract;
	r = take_flag(p, f, item, "isList", FIELD_LIST, err);
	if (r == 0)
		r = take_flag(p, f, item, "addOutput", FIELD_SUGGESTED, err);
	if (r == 0)
		r = read_argument(p, f, cJSON_GetObjectItemCaseSensitive(item, "arg"), err);
	return r == 0 ? read_properties(p, f, cJSON_GetObjectItemCaseSensitive(item, "properties"), err) : r;
}

int plugin_read_fields(struct plugin *p, const char *text, struct error *err)
{
	auto_json cJSON *root = cJSON_Parse(text);
	const cJSON *item;
	int r;

	if (!cJSON_IsArray(root) || cJSON_GetArraySize(root) > PLUGIN_FIELDS)
		return error_set(err, -EINVAL, "plugin " STR_FMT ": its fields are no JSON list, or more than %d",
				 STR_ARG(p->view.name), PLUGIN_FIELDS);
	if (!cJSON_GetArraySize(root))
		return error_set(err, -EINVAL, "plugin " STR_FMT ": it names no fields", STR_ARG(p->view.name));
	p->fields = arena_array_of(p->arena, struct foreign_field, (size_t)cJSON_GetArraySize(root));
	if (!p->fields)
		return error_set(err, -ENOMEM, "out of memory");
	cJSON_ArrayForEach(item, root) {
		r = read_field(p, item, &p->fields[p->nfields], err);
		if (r < 0)
			return r;
		p->fields[p->nfields].id = (uint32_t)p->nfields;
		p->nfields++;
	}
	if (foreign_catalogue_new(p->fields, p->nfields, &p->catalogue) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	p->view.fields = p->catalogue;
	return 0;
}

int plugin_read_names(struct plugin *p, const char *text, const char *what, struct names *ret_names, struct error *err)
{
	auto_json cJSON *root = text ? cJSON_Parse(text) : NULL;
	const cJSON *item;
	struct str *names;
	size_t n = 0;

	if (!text || !*text)
		return 0;
	if (!cJSON_IsArray(root) || cJSON_GetArraySize(root) > PLUGIN_FIELDS)
		return error_set(err, -EINVAL, "plugin " STR_FMT ": its %s are no JSON list", STR_ARG(p->view.name),
				 what);
	names = arena_array_of(p->arena, struct str, (size_t)cJSON_GetArraySize(root));
	cJSON_ArrayForEach(item, root) {
		if (!cJSON_IsString(item))
			return error_set(err, -EINVAL, "plugin " STR_FMT ": one of its %s is no text",
					 STR_ARG(p->view.name), what);
		if (names)
			names[n] = arena_str(p->arena, str_of(item->valuestring));
		if (!names || !names[n++].ptr)
			return error_set(err, -ENOMEM, "out of memory");
	}
	*ret_names = (struct names){ names, n };
	return 0;
}

int plugin_read_open_params(struct plugin *p, const char *text,
			    void (*each)(void *context, struct str value, struct str description), void *context,
			    struct error *err)
{
	auto_json cJSON *root = text && *text ? cJSON_Parse(text) : NULL;
	const cJSON *item;

	if (!text || !*text)
		return 0;
	if (!cJSON_IsArray(root))
		return error_set(err, -EINVAL, "plugin " STR_FMT ": what it can be opened with is no JSON list",
				 STR_ARG(p->view.name));
	cJSON_ArrayForEach(item, root) {
		const cJSON *value = cJSON_GetObjectItemCaseSensitive(item, "value"),
			    *words = cJSON_GetObjectItemCaseSensitive(item, "desc");

		if (!cJSON_IsString(value) || !*value->valuestring)
			return error_set(err, -EINVAL,
					 "plugin " STR_FMT ": one of what it can be opened with has no value",
					 STR_ARG(p->view.name));
		each(context, str_of(value->valuestring), str_of(cJSON_IsString(words) ? words->valuestring : ""));
	}
	return 0;
}
