/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/describe.h"

#include <errno.h>
#include <stdlib.h>

#include "base/json.h"
#include "field/format.h"
#include "rule/condition.h"
#include "rule/exceptions.h"
#include "rule/plugin_use.h"
#include "rule/resolve.h"

#define ARENA_BYTES (64 << 10)

/* One description under way. Whatever runs out of memory sets failed. */
struct description {
	struct arena *arena;
	const struct items *items;
	const struct engine_options *options;
	struct resolver resolver;
	struct findings findings; /* nothing new can be found: the items were assembled before */
	struct strbuf *out;
	bool failed;
};

/* What a condition names. */
struct details {
	struct texts fields, operators, macros, lists, events; /* events: names that evt.type is compared with */
};

static void note(struct description *d, struct texts *set, struct str text)
{
	if (texts_add(d->arena, set, text) < 0)
		d->failed = true;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void add_list(struct strbuf *out, const struct texts *list)
{
	strbuf_addc(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		strbuf_adds(out, i ? "," : "");
		json_add_string(out, list->list[i]);
	}
	strbuf_addc(out, ']');
}

/* Sorted, each once. */
static void add_set(struct strbuf *out, const char *key, struct texts *set)
{
	size_t n = 0;

	if (set->count)
		qsort(set->list, set->count, sizeof(*set->list), compare);
	for (size_t i = 0; i < set->count; i++)
		if (!n || !str_eq(set->list[n - 1], set->list[i]))
			set->list[n++] = set->list[i];
	set->count = n;
	strbuf_addf(out, "\"%s\":", key);
	add_list(out, set);
}

static void add_text(struct strbuf *out, const char *key, struct str text)
{
	strbuf_addf(out, "\"%s\":", key);
	json_add_string(out, text);
}

/* ---- conditions ---------------------------------------------------------------------------------------- */

static void note_field(struct description *d, struct details *details, const struct ast *a)
{
	struct str name = a->text;

	if (a->has_arg && a->arg.len)
		name = arena_printf(d->arena, STR_FMT "[" STR_FMT "]", STR_ARG(a->text), STR_ARG(a->arg));
	if (name.ptr)
		note(d, &details->fields, name);
	d->failed |= !name.ptr;
}

static void note_event_names(struct description *d, struct details *details, const struct ast *check)
{
	const struct ast *left = check->left, *right = check->right;

	if (!right || left->kind != AST_FIELD ||
	    !(str_eq(left->text, STR("evt.type")) || str_eq(left->text, STR("evt.asynctype"))))
		return;
	if (right->kind == AST_VALUE)
		note(d, &details->events, right->text);
	for (size_t i = 0; right->kind == AST_LIST && i < right->nchildren; i++)
		if (right->children[i]->kind == AST_VALUE)
			note(d, &details->events, right->children[i]->text);
}

static void walk(struct description *d, struct details *details, const struct ast *a)
{
	struct strbuf word auto_strbuf = { 0 };
	struct str copy;

	if (a->kind == AST_FIELD) {
		note_field(d, details, a);
	} else if (a->kind == AST_MACRO && names_find(&d->items->macro_names, a->text) != NAMES_NONE) {
		note(d, &details->macros, a->text);
	} else if (a->kind == AST_CHECK) {
		strbuf_addf(&word, "%s%s%s", operator_word(a->op), a->modifier ? " " : "", modifier_word(a->modifier));
		copy = arena_str(d->arena, strbuf_str(&word));
		if (copy.ptr)
			note(d, &details->operators, copy);
		d->failed |= !copy.ptr;
		note_event_names(d, details, a);
		walk(d, details, a->left);
		if (a->right)
			walk(d, details, a->right);
	}
	for (size_t i = 0; i < a->nchildren; i++) {
		const struct ast *child = a->children[i];

		if (a->kind == AST_LIST && child->kind == AST_VALUE &&
		    names_find(&d->items->list_names, child->text) != NAMES_NONE)
			note(d, &details->lists, child->text);
		walk(d, details, child);
	}
}

/* As it was written: macros and lists by name. One that does not parse before lists are pasted has none to show. */
static void walk_written(struct description *d, struct details *details, struct str condition)
{
	struct condition_error problem;
	struct ast *tree;
	int r = condition_parse(d->arena, condition, &tree, &problem);

	d->failed |= r == -ENOMEM;
	if (r == 0)
		walk(d, details, tree);
}

/*
 * Those of another source than system calls are of two types, whatever the condition says. An empty source:
 * of a macro.
 */
static void add_events(struct description *d, struct str source, const struct ast *tree)
{
	struct condition_error problem;
	struct texts names = { 0 };
	bool types[EV_COUNT] = { 0 }, codes[SYSCALL_CODES] = { 0 };
	bool calls = !source.len || str_eq(source, STR("syscall"));
	int r = calls ? condition_event_types(tree, types, codes, &problem) : 0;

	types[EV_PLUGINEVENT_E] |= !calls;

	d->failed |= r == -ENOMEM;
	if (r == 0)
		types[EV_ASYNCEVENT_E] = true;
	for (size_t i = EV_GENERIC_X + 1; r == 0 && i < EV_COUNT; i++)
		if (types[i] && event_table[i].name)
			note(d, &names, str_of(event_table[i].name));
	for (size_t i = 1; r == 0 && i < SYSCALL_CODES; i++)
		if (codes[i] && syscall_code_is_generic((unsigned int)i))
			note(d, &names, str_of(syscall_code_name((unsigned int)i)));
	add_set(d->out, "events", &names);
}

/* ---- rules --------------------------------------------------------------------------------------------- */

static void add_plugins(struct description *d, struct str source, const struct details *details)
{
	struct texts names = { 0 };

	if (plugin_use_names(d->options, source, &details->fields, &details->events, d->arena, &names) < 0)
		d->failed = true;
	add_set(d->out, "plugins", &names);
}

/* A formatted extra field's format, as the configuration has it. */
static struct str format_of(const struct description *d, struct str name)
{
	struct str format = STR("");

	for (size_t i = 0; i < d->options->nappends; i++)
		for (size_t k = 0; k < d->options->appends[i].nextra_fields; k++)
			if (str_eq(d->options->appends[i].extra_fields[k].name, name))
				format = d->options->appends[i].extra_fields[k].format;
	return format;
}

struct output_names {
	struct description *d;
	struct texts *names;
};

static int note_output(void *data, struct str name)
{
	struct output_names *to = data;

	note(to->d, to->names, name);
	return 0;
}

/* As the format that makes its value. */
static void note_extra(struct description *d, struct texts *fields, const struct rule_extra_field *extra)
{
	struct strbuf format auto_strbuf = { 0 };

	if (!extra->typed) {
		note(d, fields, format_of(d, extra->name));
		return;
	}
	strbuf_addc(&format, '%');
	strbuf_addstr(&format, extra->name);
	d->failed |= format.failed;
	note(d, fields, arena_str(d->arena, strbuf_str(&format)));
}

static void add_outputs(struct description *d, const struct rule *rule, struct texts *fields)
{
	struct output_names to = { d, fields };
	bool first = true;

	for (size_t i = 0; i < rule->nextra; i++) {
		const struct rule_extra_field *extra = &rule->extra[i];

		note_extra(d, fields, extra);
		if (extra->typed)
			continue;
		strbuf_adds(d->out, first ? "\"extra_output_formatted_fields\":{" : ",");
		first = false;
		json_add_string(d->out, extra->name);
		strbuf_addc(d->out, ':');
		json_add_string(d->out, format_of(d, extra->name));
	}
	strbuf_adds(d->out, first ? "" : "},");
	if (rule->format && format_names(rule->format, d->arena, note_output, &to) < 0)
		d->failed = true;
}

static void note_entries(struct description *d, struct texts *set, const struct exception_entry *e)
{
	if (!e->is_list)
		note(d, set, e->text);
	for (size_t i = 0; e->is_list && i < e->count; i++)
		note_entries(d, set, &e->items[i]);
}

static void add_exceptions(struct description *d, const struct rule_item *item)
{
	struct texts fields = { 0 }, names = { 0 }, operators = { 0 };

	for (size_t i = 0; i < item->exceptions.count; i++) {
		const struct exception_item *e = &item->exceptions.list[i];

		note(d, &names, e->name);
		if (e->values.count) /* only then it is part of the condition */
			note_entries(d, &fields, &e->fields);
		note_entries(d, &operators, &e->comps);
	}
	add_set(d->out, "exception_fields", &fields);
	strbuf_addc(d->out, ',');
	add_set(d->out, "exception_names", &names);
	strbuf_addc(d->out, ',');
	add_set(d->out, "exception_operators", &operators);
	strbuf_addc(d->out, ',');
}

static void add_rule_info(struct strbuf *out, const struct rule_item *item)
{
	strbuf_addf(out, "\"info\":{\"capture\":%s,\"capture_duration\":%u,", item->capture ? "true" : "false",
		    item->capture_duration);
	add_text(out, "condition", item->condition);
	strbuf_addc(out, ',');
	add_text(out, "description", item->description);
	strbuf_addf(out, ",\"enabled\":%s,", item->enabled ? "true" : "false");
	add_text(out, "name", item->name);
	strbuf_addc(out, ',');
	add_text(out, "output", item->output);
	strbuf_addf(out, ",\"priority\":\"%s\",", priority_name(item->priority));
	add_text(out, "source", item->source);
	strbuf_adds(out, ",\"tags\":");
	add_list(out, &item->tags);
	strbuf_addc(out, '}');
}

/* What rules and macros tell of a condition; ret_written and ret_compiled are empty before. */
static void begin_details(struct description *d, struct str text, struct str source, const struct ast *tree,
			  struct details *ret_written, struct details *ret_compiled)
{
	struct strbuf condition auto_strbuf = { 0 };

	walk_written(d, ret_written, text);
	walk(d, ret_compiled, tree);
	ast_print_falco(&condition, tree);
	strbuf_adds(d->out, "{\"details\":{");
	add_text(d->out, "condition_compiled", strbuf_str(&condition));
	strbuf_addc(d->out, ',');
	add_set(d->out, "condition_fields", &ret_compiled->fields);
	strbuf_addc(d->out, ',');
	add_set(d->out, "condition_operators", &ret_compiled->operators);
	strbuf_addc(d->out, ',');
	add_events(d, source, tree);
	strbuf_addc(d->out, ',');
	d->failed |= condition.failed;
}

static void add_rule(struct description *d, const struct rule_item *item, const struct rule *rule)
{
	struct details written = { 0 }, compiled = { 0 };
	struct texts outputs = { 0 };

	begin_details(d, item->condition, item->source, rule->tree, &written, &compiled);
	add_exceptions(d, item);
	add_outputs(d, rule, &outputs);
	add_set(d->out, "lists", &written.lists);
	strbuf_addc(d->out, ',');
	add_set(d->out, "macros", &written.macros);
	strbuf_addc(d->out, ',');
	add_text(d->out, "output_compiled", rule->output);
	strbuf_addc(d->out, ',');
	strbuf_adds(d->out, "\"output_fields\":"); /* in their order, each as often as it is there */
	add_list(d->out, &outputs);
	strbuf_addc(d->out, ',');
	for (size_t i = 0; i < outputs.count; i++)
		note(d, &compiled.fields, outputs.list[i]);
	add_plugins(d, item->source, &compiled);
	strbuf_adds(d->out, "},");
	add_rule_info(d->out, item);
	strbuf_addc(d->out, '}');
}

static const struct rule_item *find_item(const struct items *items, struct str name)
{
	for (size_t i = 0; i < items->nrules; i++)
		if (str_eq(items->rules[i].name, name))
			return &items->rules[i];
	return NULL;
}

/* Returns how many there were. */
static size_t add_rules(struct description *d, const struct ruleset *rules, const char *only)
{
	size_t n = 0;

	strbuf_adds(d->out, "\"rules\":[");
	for (size_t i = 0; i < rules->nrules; i++) {
		const struct rule *rule = &rules->rules[i];
		const struct rule_item *item = find_item(d->items, rule->name);

		if (!item || !rule->tree || (only && !str_eq(rule->name, str_of(only))))
			continue;
		strbuf_adds(d->out, n++ ? "," : "");
		add_rule(d, item, rule);
	}
	strbuf_addc(d->out, ']');
	return n;
}

/* ---- macros, lists, versions --------------------------------------------------------------------------- */

static void add_macro(struct description *d, const struct macro_item *item, const struct resolved_macro *macro)
{
	struct details written = { 0 }, compiled = { 0 };

	begin_details(d, item->condition, STR(""), macro->tree, &written, &compiled);
	add_set(d->out, "lists", &written.lists);
	strbuf_addc(d->out, ',');
	add_set(d->out, "macros", &written.macros);
	strbuf_addf(d->out, ",\"plugins\":[],\"used\":%s},\"info\":{", macro->used ? "true" : "false");
	add_text(d->out, "condition", item->condition);
	strbuf_addc(d->out, ',');
	add_text(d->out, "name", item->name);
	strbuf_adds(d->out, "}}");
}

/* Names of lists that were defined before stand for their items. */
static void add_one_list(struct description *d, const struct list_item *list, bool used)
{
	struct texts items = { 0 }, lists = { 0 }, all = { 0 };

	for (size_t i = 0; i < list->items.count; i++) {
		uint32_t at = names_find(&d->items->list_names, list->items.list[i]);
		const struct list_item *other = at == NAMES_NONE ? NULL : &d->items->lists[at];

		if (!other || other->index >= list->visibility) {
			note(d, &items, list->items.list[i]);
			note(d, &all, list->items.list[i]);
			continue;
		}
		note(d, &lists, other->name);
		for (size_t k = 0; k < other->items.count; k++)
			note(d, &all, other->items.list[k]);
	}
	strbuf_adds(d->out, "{\"details\":{\"items_compiled\":");
	add_list(d->out, &all);
	strbuf_addc(d->out, ',');
	add_set(d->out, "lists", &lists);
	strbuf_addf(d->out, ",\"plugins\":[],\"used\":%s},\"info\":{\"items\":", used ? "true" : "false");
	add_list(d->out, &items);
	strbuf_addc(d->out, ',');
	add_text(d->out, "name", list->name);
	strbuf_adds(d->out, "}}");
}

static void add_lists(struct description *d)
{
	strbuf_adds(d->out, "\"lists\":[");
	for (size_t i = 0; i < d->items->nlists; i++) {
		strbuf_adds(d->out, i ? "," : "");
		add_one_list(d, &d->items->lists[i], d->resolver.lists.list[i].used);
	}
	strbuf_adds(d->out, "],\"macros\":[");
	for (size_t i = 0; i < d->items->nmacros; i++) {
		strbuf_adds(d->out, i ? "," : "");
		add_macro(d, &d->items->macros[i], &d->resolver.macros[i]);
	}
	strbuf_addc(d->out, ']');
}

static void add_versions(struct description *d)
{
	const struct version *v = &d->items->engine;

	strbuf_addf(d->out, "\"required_engine_version\":\"%u.%u.%u\",\"required_plugin_versions\":[", v->major,
		    v->minor, v->patch);
	for (size_t i = 0; i < d->items->nplugins; i++) {
		const struct plugin_requirement *p = &d->items->plugins[i];

		strbuf_adds(d->out, i ? ",{\"alternatives\":[" : "{\"alternatives\":[");
		for (size_t k = 1; k < p->count; k++) {
			strbuf_adds(d->out, k > 1 ? ",{" : "{");
			add_text(d->out, "name", p->alternatives[k].name);
			strbuf_addc(d->out, ',');
			add_text(d->out, "version", p->alternatives[k].version);
			strbuf_addc(d->out, '}');
		}
		strbuf_adds(d->out, "],");
		add_text(d->out, "name", p->alternatives[0].name);
		strbuf_addc(d->out, ',');
		add_text(d->out, "version", p->alternatives[0].version);
		strbuf_addc(d->out, '}');
	}
	strbuf_adds(d->out, "],");
}

/* ---- all together -------------------------------------------------------------------------------------- */

/* Which macros and lists are used is known once every rule was resolved again. */
static int resolve_all(struct description *d)
{
	struct ast *tree;
	int r = resolve_start(&d->resolver, &d->findings, d->items);

	for (size_t i = 0; r == 0 && i < d->items->nrules; i++) {
		const struct rule_item *item = &d->items->rules[i];
		struct strbuf text auto_strbuf = { 0 };
		struct str condition = item->condition;

		if (item->unknown_source)
			continue;
		if (item->exceptions.count) {
			r = exceptions_print(&d->findings, &text, item->condition, &item->exceptions);
			condition = arena_str(d->arena, strbuf_str(&text));
		}
		if (r == 0)
			r = condition.ptr ? resolve_condition(&d->resolver, &d->findings, condition, item->condition_at,
							      item->at, &tree) :
					    -ENOMEM;
	}
	return r;
}

int describe(struct strbuf *out, const struct items *items, const struct ruleset *rules,
	     const struct engine_options *options, const char *rule, struct error *err)
{
	struct description d = { .arena = arena_new(ARENA_BYTES), .items = items, .options = options, .out = out };
	size_t n = 0;
	int r;

	if (!d.arena)
		return error_set(err, -ENOMEM, "out of memory");
	d.resolver.arena = d.findings.arena = d.arena;
	r = resolve_all(&d);
	if (r == 0) {
		strbuf_addc(out, '{');
		if (!rule) {
			add_lists(&d);
			strbuf_addc(out, ',');
			add_versions(&d);
		}
		n = add_rules(&d, rules, rule);
		strbuf_addc(out, '}');
	}
	arena_free(d.arena);
	if (r < 0 || d.failed || d.findings.failed || out->failed)
		return error_set(err, r < 0 ? r : -ENOMEM, "the rules cannot be described");
	return rule && !n ? error_set(err, -ENOENT, "Rule \"%s\" is not loaded", rule) : 0;
}
