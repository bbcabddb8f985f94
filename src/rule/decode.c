/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/decode.h"

#include <errno.h>

static struct str nearest(struct str key, const char *const *known, size_t nknown)
{
	unsigned int least = 3; /* more changes than two are no typing error */
	struct str found = STR("");

	for (size_t i = 0; i < nknown; i++) {
		unsigned int distance = str_distance(key, str_of(known[i]));

		if (distance < least && distance < key.len) {
			least = distance;
			found = str_of(known[i]);
		}
	}
	return found;
}

/* A key that is not there; one that is there and nearly called so is probably it. */
static int missing(const struct decode_from *from, const char *key)
{
	const struct yaml_node *item = from->item;
	struct findings *f = from->findings;
	int r = findings_error(f, LOAD_ERR_YAML_VALIDATE, from->at, "the key '%s' is missing", key);

	for (uint32_t i = 0; item->kind == YAML_MAP && i < item->count; i++) {
		const struct yaml_node *other = item->pairs[i].key;

		if (other->kind != YAML_SCALAR || !nearest(other->text, &key, 1).len)
			continue;
		findings_hint(f, findings_printf(f, "there is '" STR_FMT "'", STR_ARG(other->text)));
		break;
	}
	return r;
}

/* The scalar of a key: *ret_node is NULL where the value is to keep its default. */
static int scalar(const struct decode_from *from, const char *key, enum decode need, const struct yaml_node **ret_node,
		  const struct load_context **ret_at)
{
	const struct yaml_node *node = yaml_get(from->item, key);
	struct findings *f = from->findings;
	bool empty;

	*ret_node = NULL;
	if (!node && need != DECODE_REQUIRED)
		return 0;
	if (!node)
		return missing(from, key);
	empty = node->kind == YAML_NULL || (node->kind == YAML_SCALAR && node->text.len == 0);
	if (empty && need == DECODE_MAY_BE_EMPTY)
		return 0;
	if (node->kind == YAML_NULL)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, from->at, "the key '%s' has no value", key);
	*ret_at = findings_context(f, from->at, ITEM_VALUE, str_of(key), node);
	if (node->kind != YAML_SCALAR)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, *ret_at,
				      "the value must be a text or number, not a %s",
				      node->kind == YAML_MAP ? "map" : "list");
	if (empty)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, *ret_at, "the value is empty");
	*ret_node = node;
	return 0;
}

int decode_text(const struct decode_from *from, const char *key, enum decode need, struct str *value)
{
	const struct yaml_node *node;
	const struct load_context *value_at;
	int r = scalar(from, key, need, &node, &value_at);

	if (r == 0 && node)
		*value = node->text;
	return r;
}

int decode_bool(const struct decode_from *from, const char *key, enum decode need, bool *value)
{
	const struct yaml_node *node;
	const struct load_context *value_at;
	int r = scalar(from, key, need, &node, &value_at);

	if (r == 0 && node && yaml_bool(node, value) < 0)
		return findings_error(from->findings, LOAD_ERR_YAML_VALIDATE, value_at,
				      "the value must be true or false");
	return r;
}

int decode_u32(const struct decode_from *from, const char *key, enum decode need, uint32_t *value)
{
	const struct yaml_node *node;
	const struct load_context *value_at;
	int r = scalar(from, key, need, &node, &value_at);

	if (r == 0 && node && yaml_u32(node, value) < 0)
		return findings_error(from->findings, LOAD_ERR_YAML_VALIDATE, value_at,
				      "the value must be a whole number from 0 to 4294967295");
	return r;
}

int decode_texts(const struct decode_from *from, const char *key, enum decode need, bool sorted, struct texts *texts)
{
	const struct yaml_node *node = yaml_get(from->item, key);
	struct findings *f = from->findings;
	const struct load_context *list_at;

	if (!node && need != DECODE_REQUIRED)
		return 0;
	if (!node)
		return missing(from, key);
	list_at = findings_context(f, from->at, ITEM_VALUE, str_of(key), node);
	if (node->kind != YAML_SEQUENCE)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, list_at, "the value must be a list");
	for (uint32_t i = 0; i < node->count; i++) {
		const struct yaml_node *entry = node->items[i];
		int r;

		if (entry->kind != YAML_SCALAR)
			return findings_error(f, LOAD_ERR_YAML_VALIDATE,
					      findings_context(f, list_at, ITEM_LIST_ITEM, STR(""), entry),
					      "the entries of the list must be texts or numbers");
		r = sorted ? texts_add_sorted(f->arena, texts, entry->text) : texts_add(f->arena, texts, entry->text);
		if (r == -E2BIG)
			return findings_error(f, LOAD_ERR_YAML_VALIDATE, list_at, "the list is too long");
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

static const struct load_context *whole_file(const struct load_context *at)
{
	while (at && at->parent)
		at = at->parent;
	return at;
}

/* A key or operation as text; null is the text "null". -EINVAL for what is a list or map. */
static int plain_text(struct findings *f, const struct yaml_node *node, const struct load_context *at,
		      struct str *ret_text)
{
	if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAP)
		return findings_error(f, LOAD_ERR_VALIDATE, whole_file(at), "line %u: a text is expected, not a %s",
				      node->at.line + 1, node->kind == YAML_MAP ? "map" : "list");
	*ret_text = node->kind == YAML_NULL ? STR("null") : node->text;
	return 0;
}

static const struct decode_overridable *find_overridable(const struct decode_overridable *allowed, size_t nallowed,
							 struct str key)
{
	for (size_t i = 0; i < nallowed; i++)
		if (str_eq(str_of(allowed[i].key), key))
			return &allowed[i];
	return NULL;
}

static int read_override(const struct decode_from *from, const struct yaml_pair *pair,
			 const struct decode_overridable *allowed, size_t nallowed, struct decode_form *form)
{
	const struct decode_overridable *found;
	struct findings *f = from->findings;
	struct str key, operation;
	bool append, replace;
	int r;

	r = plain_text(f, pair->key, from->at, &key);
	if (r == 0)
		r = plain_text(f, pair->value, from->at, &operation);
	if (r < 0)
		return r;
	append = str_eq(operation, STR("append"));
	replace = str_eq(operation, STR("replace"));
	if (!append && !replace)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE,
				      findings_context(f, from->at, ITEM_VALUE, key, pair->value),
				      "'" STR_FMT "' is no override: it is append or replace", STR_ARG(operation));
	found = find_overridable(allowed, nallowed, key);
	if (!found || (append && !found->append) || (replace && !found->replace))
		return findings_error(
			f, LOAD_ERR_YAML_VALIDATE, findings_context(f, from->at, ITEM_OVERRIDE, key, pair->key),
			"the key '" STR_FMT "' cannot be %s", STR_ARG(key), append ? "appended to" : "replaced");
	*(append ? &form->appended : &form->replaced) |= 1u << (found - allowed);
	return 0;
}

/* What is no map is no override, except a list, which is an error as Falco has it: about the file as a whole. */
static int read_overrides(const struct decode_from *from, const struct decode_overridable *allowed, size_t nallowed,
			  struct decode_form *form)
{
	const struct yaml_node *node = yaml_get(from->item, "override");
	struct decode_from override = *from;
	int r = 0;

	if (!node)
		return 0;
	override.at = findings_context(from->findings, from->at, ITEM_OVERRIDE, STR(""), from->item);
	if (node->kind == YAML_SEQUENCE && node->count)
		return findings_error(from->findings, LOAD_ERR_VALIDATE, whole_file(from->at),
				      "line %u: override must be a map", node->at.line + 1);
	for (uint32_t i = 0; node->kind == YAML_MAP && i < node->count && r == 0; i++)
		r = read_override(&override, &node->pairs[i], allowed, nallowed, form);
	return r;
}

int decode_form(const struct decode_from *from, const struct decode_overridable *allowed, size_t nallowed,
		struct decode_form *ret_form)
{
	struct decode_form form = { 0 };
	int r = decode_bool(from, "append", DECODE_OPTIONAL, &form.append);

	if (r < 0)
		return r;
	if (form.append)
		findings_add(from->findings, LOAD_DEPRECATED_ITEM, from->at,
			     "'append: true' is deprecated: use 'override' with the keys that are to be appended to");
	r = read_overrides(from, allowed, nallowed, &form);
	if (r < 0)
		return r;
	if (form.append && (form.appended || form.replaced))
		return findings_error(
			from->findings, LOAD_ERR_YAML_VALIDATE, from->at,
			"'append: true' and 'override' exclude each other: name the key in 'override' only");
	*ret_form = form;
	return 0;
}

int decode_warn_unknown(const struct decode_from *from, const char *const *known, size_t nknown)
{
	const struct load_context *at = from->at;
	const struct yaml_node *item = from->item;
	struct findings *f = from->findings;

	for (uint32_t i = 0; i < item->count; i++) {
		const struct yaml_node *node = item->pairs[i].key;
		bool found = false;
		struct str key;
		int r;

		r = plain_text(f, node, at, &key);
		if (r < 0)
			return r;
		for (size_t k = 0; k < nknown && !found; k++)
			found = str_eq(key, str_of(known[k]));
		if (found || (f->ours && str_eq(key, DECODE_EXTENSIONS)))
			continue;
		findings_add(f, LOAD_UNKNOWN_KEY, f->ours ? findings_context(f, at, at->item, at->name, node) : at,
			     "the key '" STR_FMT "' is not known and ignored", STR_ARG(key));
		findings_nearest(f, nearest(key, known, nknown));
	}
	return 0;
}

int decode_extensions(const struct decode_from *from)
{
	const struct load_context *at = from->at;
	struct findings *f = from->findings;
	const struct yaml_node *map = f->ours ? yaml_get(from->item, DECODE_EXTENSIONS.ptr) : NULL;

	if (!map)
		return 0;
	if (map->kind != YAML_MAP) {
		findings_add(f, LOAD_UNKNOWN_KEY, findings_context(f, at, at->item, at->name, map),
			     "'" STR_FMT "' takes a map; it is ignored", STR_ARG(DECODE_EXTENSIONS));
		return 0;
	}
	for (uint32_t i = 0; i < map->count; i++) {
		const struct yaml_node *node = map->pairs[i].key;
		struct str key = node->kind == YAML_SCALAR ? node->text : STR("?");

		findings_add(f, LOAD_UNKNOWN_KEY, findings_context(f, at, at->item, at->name, node),
			     "the key '" STR_FMT "' of '" STR_FMT "' is not known to this version and ignored",
			     STR_ARG(key), STR_ARG(DECODE_EXTENSIONS));
	}
	return 0;
}
