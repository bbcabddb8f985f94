/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_ITEMS_H
#define MONITOR_RULE_ITEMS_H

#include "field/field.h"
#include "output/alert.h"
#include "rule/engine.h"
#include "rule/findings.h"
#include "rule/names.h"
#include "rule/texts.h"
#include "base/version.h"

/*
 * What the files say, before anything is compiled: lists, macros and rules with their redefinitions, appends and
 * overrides applied in the order in which they were read. Texts live in the loader's arena. An item keeps the place of
 * its first definition; what may see what is decided by two numbers: index (when it was first defined) and visibility
 * (when it was last touched): an item sees those whose index is below its own visibility.
 */
enum rule_key {
#define RULE_KEY(id, ...) KEY_##id,
#include "rule/rule_keys.def"
#undef RULE_KEY
	KEY_COUNT
};

struct list_item {
	const struct load_context *at;
	struct str name;
	struct texts items;
	uint32_t index, visibility;
};

struct macro_item {
	const struct load_context *at, *condition_at;
	struct str name, condition;
	size_t condition_cap; /* as below */
	uint32_t index, visibility;
};

/* One of an exception's fields, comps or values: a text or a list of such. Null and maps end as an empty text. */
struct exception_entry {
	bool is_list;
	struct str text;
	struct exception_entry *items;
	size_t count, cap;
};

struct exception_item {
	const struct load_context *at;
	struct str name;
	struct exception_entry fields, comps;
	struct exception_entry values; /* always a list; empty when there are none */
};

struct exceptions {
	struct exception_item *list;
	size_t count, cap;
};

struct rule_item {
	const struct load_context *at, *condition_at, *output_at;
	struct str name, condition, source, description, output;
	size_t condition_cap, output_cap, description_cap; /* what an append made room for; 0 = nothing was appended */
	struct texts tags; /* sorted, each once */
	struct exceptions exceptions;
	enum priority priority;
	uint32_t capture_duration; /* ms */
	uint32_t capture_events, capture_filesize; /* KiB; these two are not of Falco */
	bool capture, enabled, warn_evttypes, skip_if_unknown_filter;
	bool unknown_source;
	uint32_t index, visibility;
};

/* An append or a replacement; only the keys in the set count. */
struct rule_update {
	const struct load_context *at;
	struct str name;
	struct str source; /* empty = not said */
	uint32_t keys; /* 1 << enum rule_key */
	struct rule_item values;
};

/* The plugins of one entry of required_plugin_versions: any of them will do. */
struct plugin_requirement {
	struct plugin_version {
		struct str name;
		struct str version;
	} *alternatives;
	size_t count, cap;
};

struct items {
	struct arena *arena;
	const struct engine_options *options;
	struct list_item *lists;
	struct macro_item *macros;
	struct rule_item *rules;
	size_t nlists, lists_cap, nmacros, macros_cap, nrules, rules_cap;
	struct names list_names, macro_names, rule_names;
	struct plugin_requirement *plugins;
	size_t nplugins, plugins_cap;
	struct version engine; /* the highest that is required; zeros when none is */
	uint32_t clock; /* the next index or visibility */
};

void items_free(struct items *s);

/* 0, -EINVAL when a finding says why it was refused, or -ENOMEM. The item is copied. */
int items_define_list(struct items *s, struct findings *f, const struct list_item *list);
int items_append_list(struct items *s, struct findings *f, const struct list_item *list);
int items_define_macro(struct items *s, struct findings *f, const struct macro_item *macro);
int items_append_macro(struct items *s, struct findings *f, const struct macro_item *macro);
int items_define_rule(struct items *s, struct findings *f, const struct rule_item *rule);
int items_append_rule(struct items *s, struct findings *f, const struct rule_update *update);
int items_replace_rule(struct items *s, struct findings *f, const struct rule_update *update);
int items_enable_rule(struct items *s, struct findings *f, const struct rule_item *rule);
int items_require_plugin(struct items *s, const struct plugin_requirement *plugin);

#endif
