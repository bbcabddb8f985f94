/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/read_item.h"

#include <errno.h>

#include "base/limits.h"
#include "rule/decode.h"

/* Letters, digits and underscores after a letter: what the condition grammar calls an identifier. */
static bool is_identifier(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_')))
			return false;
	}
	return s.len > 0;
}

/* What the condition grammar calls a bare string. */
static bool is_bare_string(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr("()\"'=, \t\n\r\v\f", s.ptr[i])) /* NUL, too */
			return false;
	return s.len > 0;
}

/* ---- lists and macros ---------------------------------------------------------------------------------- */

/* Whether a list or macro (which have one key with a value) is to be appended to an earlier one. */
static int read_append(const struct decode_from *from, const char *key, bool *ret_append)
{
	const struct decode_overridable allowed = { key, true, true };
	struct decode_form form;
	int r = decode_form(from, &allowed, 1, &form);

	if (r == 0)
		*ret_append = form.append || form.appended;
	return r;
}

static int read_list(struct items *items, struct findings *f, const struct yaml_node *node,
		     const struct load_context *file)
{
	static const char *const keys[] = { "list", "items", "append", "override" };
	struct decode_from from = { f, node, findings_context(f, file, ITEM_LIST, STR(""), node) };
	struct list_item list = { 0 };
	bool append = false;
	int r;

	r = decode_text(&from, "list", DECODE_REQUIRED, &list.name);
	if (r < 0)
		return r;
	from.at = list.at = findings_context(f, file, ITEM_LIST, list.name, node);
	if (!is_bare_string(list.name))
		findings_add(f, LOAD_INVALID_LIST_NAME, list.at,
			     "a list's name may have no blanks, quotes, parentheses, commas and equal signs");
	r = decode_texts(&from, "items", DECODE_REQUIRED, false, &list.items);
	if (r == 0)
		r = read_append(&from, "items", &append);
	if (r < 0)
		return r;
	r = append ? items_append_list(items, f, &list) : items_define_list(items, f, &list);
	return r < 0 ? r : decode_warn_unknown(&from, keys, ARRAY_SIZE(keys));
}

static int read_macro(struct items *items, struct findings *f, const struct yaml_node *node,
		      const struct load_context *file)
{
	static const char *const keys[] = { "macro", "condition", "append", "override" };
	struct decode_from from = { f, node, findings_context(f, file, ITEM_MACRO, STR(""), node) };
	struct macro_item macro = { 0 };
	bool append = false;
	int r;

	r = decode_text(&from, "macro", DECODE_REQUIRED, &macro.name);
	if (r < 0)
		return r;
	from.at = macro.at = findings_context(f, file, ITEM_MACRO, macro.name, node);
	if (!is_identifier(macro.name))
		findings_add(f, LOAD_INVALID_MACRO_NAME, macro.at,
			     "a macro's name must be a letter and then letters, digits and underscores");
	r = decode_text(&from, "condition", DECODE_REQUIRED, &macro.condition);
	if (r < 0)
		return r;
	macro.condition_at = findings_context(f, macro.at, ITEM_MACRO_CONDITION, STR(""), yaml_get(node, "condition"));
	r = read_append(&from, "condition", &append);
	if (r < 0)
		return r;
	r = append ? items_append_macro(items, f, &macro) : items_define_macro(items, f, &macro);
	return r < 0 ? r : decode_warn_unknown(&from, keys, ARRAY_SIZE(keys));
}

/* ---- required versions --------------------------------------------------------------------------------- */

static int read_engine_version(struct items *items, struct findings *f, const struct yaml_node *node,
			       const struct load_context *file)
{
	static const char *const keys[] = { "required_engine_version" };
	const struct decode_from from = { f, node, findings_context(f, file, ITEM_ENGINE_VERSION, STR(""), node) };
	const struct yaml_node *value = yaml_get(node, keys[0]);
	struct version wanted = { 0 }, engine = { 0 };
	struct str text;
	int r;

	if (yaml_u32(value, &wanted.minor) < 0) { /* a single number N is 0.N.0 */
		r = decode_text(&from, keys[0], DECODE_REQUIRED, &text);
		if (r < 0)
			return r;
		if (version_parse(text, &wanted) < 0)
			return findings_error(
				f, LOAD_ERR_YAML_VALIDATE, from.at,
				"'" STR_FMT
				"' is no version: it must be three numbers with dots between, or one number",
				STR_ARG(text));
	}
	version_parse(STR(ENGINE_VERSION), &engine);
	if (!version_serves(&engine, &wanted))
		return findings_error(f, LOAD_ERR_VALIDATE, from.at,
				      "the rules need engine version %u.%u.%u, this is %u.%u.%u", wanted.major,
				      wanted.minor, wanted.patch, engine.major, engine.minor, engine.patch);
	if (version_serves(&wanted, &items->engine))
		items->engine = wanted;
	return decode_warn_unknown(&from, keys, ARRAY_SIZE(keys));
}

static int add_alternative(struct findings *f, const struct yaml_node *node, const struct load_context *parent,
			   enum load_item kind, struct plugin_requirement *plugin, const struct load_context **ret_at)
{
	struct decode_from from = { f, node, findings_context(f, parent, kind, STR(""), node) };
	struct plugin_version v = { 0 };
	int r;

	if (node->kind != YAML_MAP)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, from.at, "a plugin's requirement must be a map");
	r = decode_text(&from, "name", DECODE_REQUIRED, &v.name);
	if (r < 0)
		return r;
	from.at = findings_context(f, parent, kind, v.name, node);
	r = decode_text(&from, "version", DECODE_REQUIRED, &v.version);
	if (r == 0)
		r = arena_room(f->arena, (void **)&plugin->alternatives, plugin->count, &plugin->cap,
			       sizeof(*plugin->alternatives));
	if (r < 0)
		return r;
	plugin->alternatives[plugin->count++] = v;
	*ret_at = from.at;
	return 0;
}

static int check_alternatives(struct findings *f, const struct plugin_requirement *plugin,
			      const struct load_context *at)
{
	struct version version;

	if (plugin->count > PLUGIN_ALTERNATIVES)
		return findings_error(f, LOAD_ERR_VALIDATE, at, "there are too many alternatives");
	for (size_t i = 0; i < plugin->count; i++) {
		const struct plugin_version *v = &plugin->alternatives[i];

		if (version_parse(v->version, &version) < 0)
			return findings_error(f, LOAD_ERR_VALIDATE, at,
					      "'" STR_FMT "' is no version of the plugin '" STR_FMT
					      "': it must be three numbers with dots between",
					      STR_ARG(v->version), STR_ARG(v->name));
		for (size_t k = 0; k < i; k++)
			if (str_eq(plugin->alternatives[k].name, v->name))
				return findings_error(f, LOAD_ERR_VALIDATE, at, "the plugin '" STR_FMT
						      "' is its own alternative", STR_ARG(v->name));
	}
	return 0;
}

static int read_plugin(struct items *items, struct findings *f, const struct yaml_node *node,
		       const struct load_context *list_at)
{
	const struct load_context *at, *alternative_at;
	struct plugin_requirement plugin = { 0 };
	const struct yaml_node *alternatives;
	int r;

	r = add_alternative(f, node, list_at, ITEM_PLUGIN_ENTRY, &plugin, &at);
	if (r < 0)
		return r;
	alternatives = yaml_get(node, "alternatives");
	if (alternatives && alternatives->kind != YAML_SEQUENCE)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, at, "the alternatives of a plugin must be a list");
	for (uint32_t i = 0; alternatives && i < alternatives->count && r == 0; i++)
		r = add_alternative(f, alternatives->items[i], at, ITEM_PLUGIN_ALTERNATIVE, &plugin, &alternative_at);
	if (r == 0)
		r = check_alternatives(f, &plugin, at);
	return r < 0 ? r : items_require_plugin(items, &plugin);
}

static int read_plugin_versions(struct items *items, struct findings *f, const struct yaml_node *node,
				const struct load_context *file)
{
	static const char *const keys[] = { "required_plugin_versions" };
	const struct yaml_node *list = yaml_get(node, keys[0]);
	const struct load_context *at = findings_context(f, file, ITEM_PLUGIN_VERSIONS, STR(""), list);
	struct decode_from from = { f, node, NULL };
	int r = 0;

	if (list->kind != YAML_SEQUENCE)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, at, "required_plugin_versions must be a list");
	for (uint32_t i = 0; i < list->count && r == 0; i++)
		r = read_plugin(items, f, list->items[i], at);
	if (r < 0)
		return r;
	from.at = findings_context(f, file, ITEM_PLUGIN_VERSIONS, STR(""), node);
	return decode_warn_unknown(&from, keys, ARRAY_SIZE(keys));
}

int read_item(struct items *items, struct findings *f, const struct yaml_node *node, const struct load_context *file)
{
	const struct load_context *at = findings_context(f, file, ITEM_CONTENT_ITEM, STR(""), node);

	if (node->kind != YAML_MAP)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, at,
				      "each item must be a map, such as \"- rule: NAME …\"");
	if (yaml_get(node, "required_engine_version"))
		return read_engine_version(items, f, node, file);
	if (yaml_get(node, "required_plugin_versions"))
		return read_plugin_versions(items, f, node, file);
	if (yaml_get(node, "list"))
		return read_list(items, f, node, file);
	if (yaml_get(node, "macro"))
		return read_macro(items, f, node, file);
	if (yaml_get(node, "rule"))
		return read_rule(items, f, node, file);
	findings_add(f, LOAD_UNKNOWN_ITEM, at, "the item is no rule, macro, list or required version, and is ignored");
	return 0;
}
