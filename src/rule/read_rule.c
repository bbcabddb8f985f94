/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "rule/decode.h"
#include "rule/exceptions.h"
#include "rule/read_item.h"

static const struct decode_overridable overridable[] = {
#define RULE_KEY(id, name, append, replace) [KEY_##id] = { name, append, replace },
#include "rule/rule_keys.def"
#undef RULE_KEY
};

static const char *const rule_keys[] = {
#define RULE_KEY(id, name, append, replace) [KEY_##id] = name,
#include "rule/rule_keys.def"
#undef RULE_KEY
};

#define BIT(key) (1u << (key))

/* A rule as it is being read. */
struct reader {
	struct items *items;
	struct decode_from from;
	struct str name, source;
};

static const struct load_context *key_at(struct reader *r, enum rule_key key, enum load_item item)
{
	return findings_context(r->from.findings, r->from.at, item, STR(""), yaml_get(r->from.item, rule_keys[key]));
}

static int read_text(struct reader *r, enum rule_key key, struct str *ret_text)
{
	return decode_text(&r->from, rule_keys[key], DECODE_REQUIRED, ret_text);
}

static int check_priority(struct reader *r, struct str text, enum priority *ret_priority)
{
	if (priority_parse(text, ret_priority) < 0)
		return findings_error(r->from.findings, LOAD_ERR_YAML_VALIDATE,
				      key_at(r, KEY_PRIORITY, ITEM_RULE_PRIORITY),
				      "'" STR_FMT "' is no priority: it is one of emergency, alert, critical, error, "
				      "warning, notice, informational, debug",
				      STR_ARG(text));
	return 0;
}

static int read_priority(struct reader *r, enum priority *ret_priority)
{
	struct str text;
	int n = read_text(r, KEY_PRIORITY, &text);

	return n < 0 ? n : check_priority(r, text, ret_priority);
}

/* The value of one key into v. */
static int read_key(struct reader *r, enum rule_key key, enum decode need, bool append, struct rule_item *v)
{
	struct findings *f = r->from.findings;
	const char *name = rule_keys[key];

	switch (key) {
	case KEY_CONDITION:
		return decode_text(&r->from, name, need, &v->condition);
	case KEY_EXCEPTIONS:
		return exceptions_read(f, r->from.item, r->from.at, append, &v->exceptions);
	case KEY_OUTPUT:
		return decode_text(&r->from, name, need, &v->output);
	case KEY_DESC:
		return decode_text(&r->from, name, need, &v->description);
	case KEY_TAGS:
		return decode_texts(&r->from, name, DECODE_OPTIONAL, true, &v->tags);
	case KEY_PRIORITY:
		return read_priority(r, &v->priority);
	case KEY_SOURCE:
		return decode_text(&r->from, name, need, &v->source);
	case KEY_CAPTURE:
		return decode_bool(&r->from, name, need, &v->capture);
	case KEY_CAPTURE_DURATION:
		return decode_u32(&r->from, name, need, &v->capture_duration);
	case KEY_CAPTURE_EVENTS:
		return decode_u32(&r->from, name, need, &v->capture_events);
	case KEY_CAPTURE_FILESIZE:
		return decode_u32(&r->from, name, need, &v->capture_filesize);
	case KEY_ENABLED:
		return decode_bool(&r->from, name, need, &v->enabled);
	case KEY_WARN_EVTTYPES:
		return decode_bool(&r->from, name, need, &v->warn_evttypes);
	case KEY_SKIP_IF_UNKNOWN_FILTER:
		return decode_bool(&r->from, name, need, &v->skip_if_unknown_filter);
	default:
		return 0;
	}
}

/* ---- override ------------------------------------------------------------------------------------------ */

/* The order in which overridden keys are read, which decides what is reported first. */
static const enum rule_key override_order[] = {
	KEY_CONDITION, KEY_EXCEPTIONS, KEY_OUTPUT,  KEY_DESC,	       KEY_TAGS,	       KEY_PRIORITY,
	KEY_CAPTURE,   KEY_CAPTURE_DURATION, KEY_ENABLED, KEY_WARN_EVTTYPES, KEY_SKIP_IF_UNKNOWN_FILTER,
	KEY_CAPTURE_EVENTS, KEY_CAPTURE_FILESIZE,
};

/* Reads the keys of one kind of override; each takes its key from *given. */
static int read_update(struct reader *r, uint32_t keys, bool append, uint32_t *given, struct rule_update *ret_update)
{
	struct rule_update u = { .at = r->from.at, .name = r->name, .keys = keys };

	for (size_t i = 0; i < ARRAY_SIZE(override_order); i++) {
		enum rule_key key = override_order[i];
		int n;

		if (!(keys & BIT(key)))
			continue;
		if (!(*given & BIT(key)))
			return findings_error(r->from.findings, LOAD_ERR_YAML_VALIDATE, r->from.at,
					      "override says to %s '%s', but the key is missing",
					      append ? "append to" : "replace", rule_keys[key]);
		*given &= ~BIT(key);
		n = read_key(r, key, DECODE_REQUIRED, append, &u.values);
		if (n < 0)
			return n;
		/* the source matters only next to a condition */
		if (key == KEY_CONDITION)
			u.source = r->source;
	}
	*ret_update = u;
	return 0;
}

static int read_overrides(struct reader *r, uint32_t appended, uint32_t replaced)
{
	struct rule_update u;
	uint32_t given = 0;
	int n = 0;

	for (unsigned int key = 0; key < KEY_COUNT; key++)
		if ((overridable[key].append || overridable[key].replace) && yaml_get(r->from.item, rule_keys[key]))
			given |= BIT(key);
	if (appended) {
		n = read_update(r, appended, true, &given, &u);
		if (n == 0)
			n = items_append_rule(r->items, r->from.findings, &u);
	}
	if (n == 0 && replaced) {
		n = read_update(r, replaced, false, &given, &u);
		if (n == 0)
			n = items_replace_rule(r->items, r->from.findings, &u);
	}
	if (n == 0 && given) {
		const char *key = rule_keys[__builtin_ctz(given)];

		n = findings_error(r->from.findings, LOAD_ERR_YAML_VALIDATE,
				   findings_context(r->from.findings, r->from.at, ITEM_OVERRIDE, str_of(key),
						    yaml_get(r->from.item, key)),
				   "the key '%s' is not named in 'override'", key);
	}
	return n;
}

/* ---- the other forms of a rule ------------------------------------------------------------------------- */

/* "append: true": only condition and exceptions count. */
static int read_append(struct reader *r)
{
	struct rule_update u = { .at = r->from.at, .name = r->name, .source = r->source };
	static const enum rule_key keys[] = { KEY_CONDITION, KEY_EXCEPTIONS };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		int n;

		if (!yaml_get(r->from.item, rule_keys[keys[i]]))
			continue;
		u.keys |= BIT(keys[i]);
		n = read_key(r, keys[i], DECODE_REQUIRED, true, &u.values);
		if (n < 0)
			return n;
	}
	return items_append_rule(r->items, r->from.findings, &u);
}

/* Only a name and "enabled": switches an earlier rule. */
static int read_enabled(struct reader *r)
{
	struct rule_item rule = { .at = r->from.at, .name = r->name };
	int n = read_key(r, KEY_ENABLED, DECODE_REQUIRED, false, &rule);

	if (n < 0)
		return n;
	findings_add(r->from.findings, LOAD_DEPRECATED_ITEM, r->from.at,
		     "a rule with 'enabled' alone is deprecated: add 'override' with 'enabled: replace'");
	return items_enable_rule(r->items, r->from.findings, &rule);
}

static int read_definition(struct reader *r)
{
	static const enum rule_key optional[] = {
		KEY_SOURCE,         KEY_ENABLED,
		KEY_CAPTURE,        KEY_CAPTURE_DURATION,
		KEY_WARN_EVTTYPES,  KEY_SKIP_IF_UNKNOWN_FILTER,
		KEY_TAGS,           KEY_EXCEPTIONS,
		KEY_CAPTURE_EVENTS, KEY_CAPTURE_FILESIZE,
	};
	struct rule_item rule = { .at = r->from.at,
				  .name = r->name,
				  .source = STR("syscall"),
				  .enabled = true,
				  .warn_evttypes = true };
	struct str priority;
	int n;

	n = read_text(r, KEY_CONDITION, &rule.condition);
	if (n == 0)
		n = read_text(r, KEY_OUTPUT, &rule.output);
	if (n == 0)
		n = read_text(r, KEY_DESC, &rule.description);
	if (n == 0)
		n = read_text(r, KEY_PRIORITY, &priority);
	if (n == 0)
		n = check_priority(r, priority, &rule.priority);
	for (size_t i = 0; i < ARRAY_SIZE(optional) && n == 0; i++)
		n = read_key(r, optional[i], DECODE_OPTIONAL, false, &rule);
	if (n < 0)
		return n;
	rule.condition_at = key_at(r, KEY_CONDITION, ITEM_RULE_CONDITION);
	rule.output_at = key_at(r, KEY_OUTPUT, ITEM_RULE_OUTPUT);
	rule.output = str_trim(rule.output, STR(" \t\n\r\v\f"));
	return items_define_rule(r->items, r->from.findings, &rule);
}

static bool defines(const struct yaml_node *node)
{
	return yaml_get(node, "condition") || yaml_get(node, "output") || yaml_get(node, "desc") ||
	       yaml_get(node, "priority");
}

static int read_form(struct reader *r)
{
	struct decode_form form;
	int n;

	n = decode_text(&r->from, "source", DECODE_MAY_BE_EMPTY, &r->source);
	if (n == 0)
		n = decode_form(&r->from, overridable, KEY_COUNT, &form);
	if (n < 0)
		return n;
	if (form.appended || form.replaced)
		return read_overrides(r, form.appended, form.replaced);
	if (form.append)
		return read_append(r);
	return defines(r->from.item) ? read_definition(r) : read_enabled(r);
}

int read_rule(struct items *items, struct findings *f, const struct yaml_node *node, const struct load_context *file)
{
	struct reader r = {
		.items = items,
		.from = { f, node, findings_context(f, file, ITEM_RULE, STR(""), node) },
		.source = STR(""),
	};
	int n;

	n = decode_text(&r.from, "rule", DECODE_REQUIRED, &r.name);
	if (n < 0)
		return n;
	r.from.at = findings_context(f, file, ITEM_RULE, r.name, node);
	n = read_form(&r);
	if (n == 0)
		n = decode_warn_unknown(&r.from, rule_keys, KEY_COUNT);
	return n < 0 ? n : decode_extensions(&r.from);
}
