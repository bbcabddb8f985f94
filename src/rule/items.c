/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/items.h"

#include <errno.h>

#include "rule/exceptions.h"

void items_free(struct items *s)
{
	names_free(&s->list_names);
	names_free(&s->macro_names);
	names_free(&s->rule_names);
}

const struct field_options *engine_source_fields(const struct engine_options *options, struct str source)
{
	if (str_eq(source, STR("syscall")))
		return &options->fields;
	for (size_t i = 0; i < options->nsources; i++)
		if (str_eq(source, options->sources[i].name))
			return &options->sources[i].fields;
	return NULL;
}

/* "a b", growing a in place: a rule that is appended to a thousand times is not copied a thousand times. */
static int join(struct arena *arena, struct str *a, size_t *cap, struct str b)
{
	size_t len = a->len + 1 + b.len;

	if (len > *cap) {
		size_t wanted = *cap ? *cap * 2 : 256;
		char *grown;

		while (wanted < len)
			wanted *= 2;
		grown = arena_bytes(arena, wanted);
		if (!grown)
			return -ENOMEM;
		memcpy(grown, a->ptr, a->len);
		a->ptr = grown;
		*cap = wanted;
	}
	((char *)a->ptr)[a->len] = ' '; /* ours since cap is not 0 */
	memcpy((char *)a->ptr + a->len + 1, b.ptr, b.len);
	a->len = len;
	return 0;
}

/* ---- lists --------------------------------------------------------------------------------------------- */

int items_define_list(struct items *s, struct findings *f, const struct list_item *list)
{
	uint32_t i = names_find(&s->list_names, list->name);
	uint32_t index = i == NAMES_NONE ? s->clock : s->lists[i].index;
	int r;

	(void)f;
	if (i == NAMES_NONE) {
		i = (uint32_t)s->nlists;
		r = arena_room(s->arena, (void **)&s->lists, s->nlists, &s->lists_cap, sizeof(*s->lists));
		if (r == 0)
			r = names_add(&s->list_names, list->name, i);
		if (r < 0)
			return r;
		s->nlists++;
	}
	s->lists[i] = *list;
	s->lists[i].index = index;
	s->lists[i].visibility = s->clock++;
	return 0;
}

int items_append_list(struct items *s, struct findings *f, const struct list_item *list)
{
	uint32_t i = names_find(&s->list_names, list->name);
	int r;

	if (i == NAMES_NONE)
		return findings_error(f, LOAD_ERR_VALIDATE, list->at,
				      "there is no earlier list of this name to append to");
	for (size_t k = 0; k < list->items.count; k++) {
		r = texts_add(s->arena, &s->lists[i].items, list->items.list[k]);
		if (r < 0)
			return r;
	}
	s->lists[i].visibility = s->clock++;
	return 0;
}

/* ---- macros -------------------------------------------------------------------------------------------- */

int items_define_macro(struct items *s, struct findings *f, const struct macro_item *macro)
{
	uint32_t i = names_find(&s->macro_names, macro->name);
	uint32_t index = i == NAMES_NONE ? s->clock : s->macros[i].index;
	int r;

	(void)f;
	if (i == NAMES_NONE) {
		i = (uint32_t)s->nmacros;
		r = arena_room(s->arena, (void **)&s->macros, s->nmacros, &s->macros_cap, sizeof(*s->macros));
		if (r == 0)
			r = names_add(&s->macro_names, macro->name, i);
		if (r < 0)
			return r;
		s->nmacros++;
	}
	s->macros[i] = *macro;
	s->macros[i].index = index;
	s->macros[i].visibility = s->clock++;
	return 0;
}

int items_append_macro(struct items *s, struct findings *f, const struct macro_item *macro)
{
	uint32_t i = names_find(&s->macro_names, macro->name);
	int r;

	if (i == NAMES_NONE)
		return findings_error(f, LOAD_ERR_VALIDATE, macro->at,
				      "there is no earlier macro of this name to append to");
	r = join(s->arena, &s->macros[i].condition, &s->macros[i].condition_cap, macro->condition);
	if (r == 0)
		s->macros[i].visibility = s->clock++;
	return r;
}

/* ---- rules --------------------------------------------------------------------------------------------- */

/* The earlier rule of this name; *ret_rule is NULL when there is none. Its source cannot be changed. */
static int find_rule(struct items *s, struct findings *f, struct str name, struct str source,
		     const struct load_context *at, struct rule_item **ret_rule)
{
	uint32_t i = names_find(&s->rule_names, name);
	struct rule_item *rule = i == NAMES_NONE ? NULL : &s->rules[i];

	if (rule && rule->source.len && source.len && !str_eq(rule->source, source))
		return findings_error(f, LOAD_ERR_VALIDATE, at, "the rule was defined before with another source");
	*ret_rule = rule;
	return 0;
}

int items_define_rule(struct items *s, struct findings *f, const struct rule_item *rule)
{
	const struct field_options *fields = engine_source_fields(s->options, rule->source);
	struct rule_item *earlier;
	uint32_t index = s->clock;
	int r;

	r = find_rule(s, f, rule->name, rule->source, rule->at, &earlier);
	if (r < 0)
		return r;
	if (!fields)
		findings_add(f, LOAD_UNKNOWN_SOURCE, rule->at, "nothing here delivers events of the source '" STR_FMT
			     "': the rule is skipped", STR_ARG(rule->source));
	for (size_t i = 0; i < rule->exceptions.count; i++) {
		r = exceptions_check(s->arena, f, &rule->exceptions.list[i], fields);
		if (r < 0)
			return r;
	}
	if (earlier) {
		index = earlier->index;
	} else {
		r = arena_room(s->arena, (void **)&s->rules, s->nrules, &s->rules_cap, sizeof(*s->rules));
		if (r == 0)
			r = names_add(&s->rule_names, rule->name, (uint32_t)s->nrules);
		if (r < 0)
			return r;
		earlier = &s->rules[s->nrules++];
	}
	*earlier = *rule;
	earlier->unknown_source = !fields;
	earlier->index = index;
	earlier->visibility = s->clock++;
	return 0;
}

int items_enable_rule(struct items *s, struct findings *f, const struct rule_item *rule)
{
	uint32_t i = names_find(&s->rule_names, rule->name);

	if (i == NAMES_NONE)
		return findings_error(f, LOAD_ERR_VALIDATE, rule->at,
				      "there is no earlier rule of this name to enable or disable");
	s->rules[i].enabled = rule->enabled;
	return 0;
}

static bool has(const struct rule_update *u, enum rule_key key)
{
	return u->keys & 1u << key;
}

static int append_exceptions(struct items *s, struct findings *f, struct rule_item *rule, const struct exceptions *more)
{
	const struct field_options *fields =
		rule->unknown_source ? NULL : engine_source_fields(s->options, rule->source);
	int r = 0;

	for (size_t i = 0; i < more->count && r == 0; i++)
		r = exceptions_append(s->arena, f, &rule->exceptions, &more->list[i], fields);
	return r;
}

static int append_texts(struct items *s, struct findings *f, struct rule_item *rule, const struct rule_update *u)
{
	int r = 0;

	if (has(u, KEY_CONDITION) && u->values.condition.len)
		r = join(s->arena, &rule->condition, &rule->condition_cap, u->values.condition);
	if (r == 0 && has(u, KEY_OUTPUT) && u->values.output.len)
		r = join(s->arena, &rule->output, &rule->output_cap, u->values.output);
	if (r == 0 && has(u, KEY_DESC) && u->values.description.len)
		r = join(s->arena, &rule->description, &rule->description_cap, u->values.description);
	for (size_t i = 0; r == 0 && has(u, KEY_TAGS) && i < u->values.tags.count; i++)
		r = texts_add_sorted(s->arena, &rule->tags, u->values.tags.list[i]);
	return r == -E2BIG ? findings_error(f, LOAD_ERR_VALIDATE, u->at, "the rule has too many tags") : r;
}

int items_append_rule(struct items *s, struct findings *f, const struct rule_update *u)
{
	struct rule_item *rule;
	int r = find_rule(s, f, u->name, u->source, u->at, &rule);

	if (r < 0)
		return r;
	if (!rule)
		return findings_error(f, LOAD_ERR_VALIDATE, u->at,
				      "there is no earlier rule of this name to append to");
	if (!u->keys)
		return findings_error(f, LOAD_ERR_VALIDATE, u->at,
				      "there is nothing to append: give a condition or exceptions");
	r = append_texts(s, f, rule, u);
	if (r == 0 && has(u, KEY_EXCEPTIONS))
		r = append_exceptions(s, f, rule, &u->values.exceptions);
	if (r == 0)
		rule->visibility = s->clock++;
	return r;
}

static void replace_values(struct rule_item *rule, const struct rule_update *u)
{
	if (has(u, KEY_CONDITION)) {
		rule->condition = u->values.condition;
		rule->condition_cap = 0;
	}
	if (has(u, KEY_OUTPUT)) {
		rule->output = u->values.output;
		rule->output_cap = 0;
	}
	if (has(u, KEY_DESC)) {
		rule->description = u->values.description;
		rule->description_cap = 0;
	}
	if (has(u, KEY_TAGS))
		rule->tags = u->values.tags;
	if (has(u, KEY_EXCEPTIONS))
		rule->exceptions = u->values.exceptions;
	if (has(u, KEY_PRIORITY))
		rule->priority = u->values.priority;
	if (has(u, KEY_CAPTURE))
		rule->capture = u->values.capture;
	if (has(u, KEY_CAPTURE_DURATION))
		rule->capture_duration = u->values.capture_duration;
	if (has(u, KEY_CAPTURE_EVENTS))
		rule->capture_events = u->values.capture_events;
	if (has(u, KEY_CAPTURE_FILESIZE))
		rule->capture_filesize = u->values.capture_filesize;
	if (has(u, KEY_ENABLED))
		rule->enabled = u->values.enabled;
	if (has(u, KEY_WARN_EVTTYPES))
		rule->warn_evttypes = u->values.warn_evttypes;
	if (has(u, KEY_SKIP_IF_UNKNOWN_FILTER))
		rule->skip_if_unknown_filter = u->values.skip_if_unknown_filter;
}

int items_replace_rule(struct items *s, struct findings *f, const struct rule_update *u)
{
	struct rule_item *rule;
	int r = find_rule(s, f, u->name, u->source, u->at, &rule);

	if (r < 0)
		return r;
	if (!rule)
		return findings_error(f, LOAD_ERR_VALIDATE, u->at, "there is no earlier rule of this name to override");
	for (size_t i = 0; has(u, KEY_EXCEPTIONS) && i < u->values.exceptions.count; i++) {
		r = exceptions_complete(s->arena, &u->values.exceptions.list[i]);
		if (r < 0)
			return r;
	}
	replace_values(rule, u);
	rule->visibility = s->clock++;
	return 0;
}

/* ---- required plugins ---------------------------------------------------------------------------------- */

int items_require_plugin(struct items *s, const struct plugin_requirement *plugin)
{
	int r = arena_room(s->arena, (void **)&s->plugins, s->nplugins, &s->plugins_cap, sizeof(*s->plugins));

	if (r == 0)
		s->plugins[s->nplugins++] = *plugin;
	return r;
}
