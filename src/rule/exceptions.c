/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/exceptions.h"

#include <errno.h>

#include "base/limits.h"
#include "rule/condition.h"
#include "rule/decode.h"
#include "rule/lists.h"

static const struct operator_word {
	struct str word;
	bool list, modifiable;
} operators[] = {
#define OPERATOR(id, text, right) { { text, sizeof(text) - 1 }, right == LIST, right == VALUE },
	/* the kinds of the right side, as numbers */
#define NONE	0
#define VALUE	1
#define LIST	2
#define NUMBER	3
#include "rule/operators.def"
#undef OPERATOR
#undef NONE
#undef VALUE
#undef LIST
#undef NUMBER
};

/* ---- reading ------------------------------------------------------------------------------------------- */

/* A scalar or a list of entries; what is neither leaves an empty text. Recursion is bounded by YAML_DEPTH. */
static int read_entry(struct findings *f, const struct yaml_node *node, struct str key, const struct load_context *at,
		      struct exception_entry *entry)
{
	const struct load_context *value_at = findings_context(f, at, ITEM_VALUE, key, node);
	int r;

	*entry = (struct exception_entry){ .text = STR("") };
	if (node->kind == YAML_SCALAR) {
		if (node->text.len == 0)
			return findings_error(f, LOAD_ERR_YAML_VALIDATE, value_at, "the value is empty");
		entry->text = findings_str(f, node->text);
	}
	if (node->kind != YAML_SEQUENCE)
		return 0;
	entry->is_list = true;
	entry->items = arena_array_of(f->arena, struct exception_entry, node->count);
	if (!entry->items)
		return -ENOMEM;
	entry->cap = node->count;
	for (uint32_t i = 0; i < node->count; i++) {
		const struct yaml_node *item = node->items[i];

		r = read_entry(f, item, STR(""), findings_context(f, value_at, ITEM_EXCEPTION, STR(""), item),
			       &entry->items[entry->count]);
		if (r < 0)
			return r;
		entry->count++;
	}
	return 0;
}

static int read_key(struct findings *f, const struct yaml_node *ex, const char *key, const struct load_context *at,
		    bool optional, struct exception_entry *entry)
{
	const struct yaml_node *node = yaml_get(ex, key);

	if (!node && optional)
		return 0;
	if (!node)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, at, "the key '%s' is missing", key);
	return read_entry(f, node, str_of(key), at, entry);
}

static int read_values(struct findings *f, const struct yaml_node *ex, bool append, struct exception_item *item)
{
	const struct yaml_node *values = yaml_get(ex, "values");
	const struct load_context *at;
	int r;

	item->values.is_list = true;
	if (!values) {
		if (append)
			findings_add(f, LOAD_APPEND_NO_VALUES, item->at, "the exception has no values");
		return 0;
	}
	at = findings_context(f, item->at, ITEM_EXCEPTION_VALUES, STR(""), values);
	if (values->kind != YAML_SEQUENCE)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, at, "the values of an exception must be a list");
	item->values.items = arena_array_of(f->arena, struct exception_entry, values->count);
	if (!item->values.items)
		return -ENOMEM;
	item->values.cap = values->count;
	for (uint32_t i = 0; i < values->count; i++) {
		const struct yaml_node *value = values->items[i];

		r = read_entry(f, value, STR(""), findings_context(f, at, ITEM_EXCEPTION_VALUE, STR(""), value),
			       &item->values.items[item->values.count]);
		if (r < 0)
			return r;
		item->values.count++;
	}
	return 0;
}

static int read_one(struct findings *f, const struct yaml_node *ex, const struct load_context *rule,
		    const struct load_context *list_at, bool append, struct exceptions *exceptions)
{
	const struct decode_from from = { f, ex, findings_context(f, list_at, ITEM_EXCEPTION, STR(""), ex) };
	struct exception_item item = { 0 };
	int r;

	if (ex->kind != YAML_MAP)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, from.at, "an exception must be a map");
	r = decode_text(&from, "name", DECODE_REQUIRED, &item.name);
	if (r < 0)
		return r;
	item.at = findings_context(f, rule, ITEM_EXCEPTION, item.name, ex);
	for (size_t i = 0; i < exceptions->count; i++)
		if (str_eq(exceptions->list[i].name, item.name))
			findings_add(f, LOAD_EXCEPTION_NAME_NOT_UNIQUE, item.at,
				     "the rule has several exceptions of the name '" STR_FMT "'", STR_ARG(item.name));
	r = read_key(f, ex, "fields", item.at, append, &item.fields);
	if (r == 0)
		r = read_key(f, ex, "comps", item.at, true, &item.comps);
	if (r == 0)
		r = read_values(f, ex, append, &item);
	if (r == 0)
		r = arena_room(f->arena, (void **)&exceptions->list, exceptions->count, &exceptions->cap,
			       sizeof(*exceptions->list));
	if (r == 0)
		exceptions->list[exceptions->count++] = item;
	return r;
}

int exceptions_read(struct findings *f, const struct yaml_node *item, const struct load_context *rule, bool append,
		    struct exceptions *exceptions)
{
	const struct yaml_node *list = yaml_get(item, "exceptions");
	const struct load_context *at;
	int r = 0;

	*exceptions = (struct exceptions){ 0 };
	if (!list || list->kind == YAML_NULL)
		return 0;
	at = findings_context(f, rule, ITEM_EXCEPTIONS, STR(""), list);
	if (list->kind != YAML_SEQUENCE)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, at, "the exceptions of a rule must be a list");
	if (list->count > RULES_EXCEPTIONS)
		return findings_error(f, LOAD_ERR_YAML_VALIDATE, at, "the rule has too many exceptions");
	for (uint32_t i = 0; i < list->count && r == 0; i++)
		r = read_one(f, list->items[i], rule, at, append, exceptions);
	return r;
}

/* ---- checking ------------------------------------------------------------------------------------------ */

static bool is_given(const struct exception_entry *e)
{
	return e->is_list ? e->count > 0 : e->text.len > 0;
}

static struct str trim(struct str s)
{
	return str_trim(s, STR(" \t\r\n"));
}

static const struct operator_word *find_operator(struct str word)
{
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (str_eq(operators[i].word, word))
			return &operators[i];
	return NULL;
}

/* "startswith oneof": an operator on single values, blanks, a modifier */
static bool has_modifier(struct str comp)
{
	static const struct str modifiers[] = { { "oneof", 5 }, { "anyof", 5 }, { "allof", 5 } };

	for (size_t i = 0; i < ARRAY_SIZE(modifiers); i++) {
		struct str head = { comp.ptr, comp.len - modifiers[i].len };
		const struct operator_word *op;

		if (!str_ends(comp, modifiers[i]) || head.len == 0 || !strchr(" \t\r\n", head.ptr[head.len - 1]))
			continue;
		op = find_operator(trim(head));
		return op && op->modifiable;
	}
	return false;
}

static bool takes_list(struct str comp)
{
	const struct operator_word *op = find_operator(comp);

	return op ? op->list : has_modifier(comp);
}

/* Text that is no plain field may be a call of transformers: it is one if it can stand before "exists". */
static bool is_field(struct arena *arena, struct str text, const struct field_options *fields)
{
	struct condition_warning *warnings = NULL;
	struct condition_error problem;
	struct field_ref ref;
	struct str check;
	struct ast *tree;
	size_t used;

	if (!text.len || !memchr(text.ptr, '(', text.len))
		return text.len && field_lookup(text, fields, &ref, &used, NULL) == 0 && used == text.len;
	check = arena_printf(arena, STR_FMT " exists", STR_ARG(text));
	return check.ptr && condition_parse(arena, check, &tree, &problem) == 0 &&
	       condition_check(arena, tree, fields, &problem, &warnings) == 0;
}

static int check_field(struct arena *arena, struct findings *f, const struct exception_item *ex, struct str field,
		       const struct field_options *fields)
{
	if (!fields || is_field(arena, field, fields))
		return 0;
	findings_error(f, LOAD_ERR_VALIDATE, ex->at, "'" STR_FMT "' is not a field that a condition can use",
		       STR_ARG(field));
	findings_nearest(f, field_nearest(field));
	return -EINVAL;
}

int exceptions_complete(struct arena *arena, struct exception_item *ex)
{
	if (!ex->fields.is_list || is_given(&ex->comps))
		return 0;
	ex->comps = (struct exception_entry){ .is_list = true, .count = ex->fields.count, .text = STR("") };
	ex->comps.items = arena_array_of(arena, struct exception_entry, ex->fields.count);
	if (!ex->comps.items)
		return -ENOMEM;
	for (size_t i = 0; i < ex->fields.count; i++)
		ex->comps.items[i].text = STR("=");
	return 0;
}

static int refuse_comps(struct findings *f, const struct exception_item *ex)
{
	return findings_error(f, LOAD_ERR_VALIDATE, ex->at, "there must be as many comparisons as fields");
}

static int check_list(struct arena *arena, struct findings *f, struct exception_item *ex,
		      const struct field_options *fields)
{
	int r = exceptions_complete(arena, ex);

	if (r == 0 && ex->fields.count != ex->comps.count)
		r = refuse_comps(f, ex);
	for (size_t i = 0; i < ex->comps.count && r == 0; i++) {
		struct exception_entry *comp = &ex->comps.items[i];

		comp->text = trim(comp->text);
		if (!find_operator(comp->text) && !has_modifier(comp->text))
			r = findings_error(f, LOAD_ERR_VALIDATE, ex->at, "'" STR_FMT "' is not a comparison",
					   STR_ARG(comp->text));
	}
	for (size_t i = 0; i < ex->fields.count && r == 0; i++)
		r = check_field(arena, f, ex, ex->fields.items[i].text, fields);
	return r;
}

int exceptions_check(struct arena *arena, struct findings *f, struct exception_item *ex,
		     const struct field_options *fields)
{
	if (!is_given(&ex->fields))
		return findings_error(f, LOAD_ERR_VALIDATE, ex->at, "the exception must name its fields");
	if (ex->fields.is_list)
		return check_list(arena, f, ex, fields);
	if (!is_given(&ex->comps))
		ex->comps = (struct exception_entry){ .text = STR("in") };
	if (ex->comps.is_list)
		return findings_error(f, LOAD_ERR_VALIDATE, ex->at,
				      "fields and comps must both be a text or both a list");
	ex->comps.text = trim(ex->comps.text);
	if (!takes_list(ex->comps.text))
		return findings_error(
			f, LOAD_ERR_VALIDATE, ex->at,
			"with a single field the comparison must be one with "
			"a list: in, pmatch, intersects, or one with a modifier such as startswith oneof");
	return check_field(arena, f, ex, ex->fields.text, fields);
}

static int add_values(struct arena *arena, struct exception_entry *values, const struct exception_entry *more)
{
	for (size_t i = 0; i < more->count; i++) {
		int r = arena_room(arena, (void **)&values->items, values->count, &values->cap, sizeof(*values->items));

		if (r < 0)
			return r;
		values->items[values->count++] = more->items[i];
	}
	return 0;
}

int exceptions_append(struct arena *arena, struct findings *f, struct exceptions *exceptions,
		      const struct exception_item *more, const struct field_options *fields)
{
	struct exception_item ex = *more;
	int r;

	for (size_t i = 0; i < exceptions->count; i++) {
		if (!str_eq(exceptions->list[i].name, ex.name))
			continue;
		if (is_given(&ex.fields) || is_given(&ex.comps))
			return findings_error(f, LOAD_ERR_VALIDATE, ex.at,
					      "only values can be appended to an exception, not %s",
					      is_given(&ex.fields) ? "fields" : "comps");
		return add_values(arena, &exceptions->list[i].values, &ex.values);
	}
	if (!is_given(&ex.fields))
		return findings_error(f, LOAD_ERR_VALIDATE, ex.at, "the exception must name its fields");
	if (!ex.values.count)
		return findings_error(f, LOAD_ERR_VALIDATE, ex.at, "a new exception must have values");
	if (exceptions->count == RULES_EXCEPTIONS)
		return findings_error(f, LOAD_ERR_VALIDATE, ex.at, "the rule has too many exceptions");
	r = exceptions_check(arena, f, &ex, fields);
	if (r == 0)
		r = arena_room(arena, (void **)&exceptions->list, exceptions->count, &exceptions->cap,
			       sizeof(*exceptions->list));
	if (r == 0)
		exceptions->list[exceptions->count++] = ex;
	return r;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static void print_list(struct strbuf *out, const struct exception_entry *values)
{
	size_t start;

	strbuf_addc(out, '(');
	start = out->len;
	for (size_t i = 0; i < values->count; i++) {
		if (out->len > start) /* values that are no text leave nothing, and no comma either */
			strbuf_adds(out, ", ");
		lists_print_value(out, values->items[i].text);
	}
	strbuf_addc(out, ')');
}

static void print_value(struct strbuf *out, const struct exception_entry *value, struct str comp)
{
	if (value->is_list) {
		print_list(out, value);
	} else if (takes_list(comp)) {
		bool parenthesis = !value->text.len || value->text.ptr[0] != '(';

		strbuf_add(out, "(", parenthesis);
		strbuf_addstr(out, value->text);
		strbuf_add(out, ")", parenthesis);
	} else {
		lists_print_value(out, value->text);
	}
}

/* "(field comp (value, value))" */
static int print_single(struct findings *f, struct strbuf *out, const struct exception_item *ex)
{
	for (size_t i = 0; i < ex->values.count; i++) {
		if (ex->values.items[i].is_list)
			return findings_error(f, LOAD_ERR_VALIDATE, ex->at,
					      "the values must be texts, as there is a single field");
		if (i == 0)
			strbuf_addf(out, " and not (" STR_FMT " " STR_FMT " (", STR_ARG(ex->fields.text),
				    STR_ARG(ex->comps.text));
		else
			strbuf_adds(out, ", ");
		lists_print_value(out, ex->values.items[i].text);
	}
	strbuf_adds(out, ex->values.count ? "))" : "");
	return 0;
}

/* "((field comp value and field comp value) or (…))" */
static int print_tuples(struct findings *f, struct strbuf *out, const struct exception_item *ex)
{
	for (size_t i = 0; i < ex->values.count; i++) {
		const struct exception_entry *tuple = &ex->values.items[i];

		/* those that replaced others were not checked; what is too many does not matter */
		if (ex->comps.count < ex->fields.count)
			return refuse_comps(f, ex);
		if (tuple->count != ex->fields.count)
			return findings_error(f, LOAD_ERR_VALIDATE, ex->at,
					      "each value must be a list as long as the list of fields");
		strbuf_adds(out, i ? " or (" : " and not ((");
		for (size_t k = 0; k < tuple->count; k++) {
			strbuf_addf(out, "%s " STR_FMT " " STR_FMT " ", k ? " and " : "",
				    STR_ARG(ex->fields.items[k].text), STR_ARG(ex->comps.items[k].text));
			print_value(out, &tuple->items[k], ex->comps.items[k].text);
		}
		strbuf_addc(out, ')');
	}
	strbuf_adds(out, ex->values.count ? ")" : "");
	return 0;
}

int exceptions_print(struct findings *f, struct strbuf *out, struct str condition, const struct exceptions *exceptions)
{
	int r = 0;

	strbuf_addf(out, "(" STR_FMT ")", STR_ARG(condition));
	for (size_t i = 0; i < exceptions->count && r == 0; i++) {
		const struct exception_item *ex = &exceptions->list[i];

		r = ex->fields.is_list ? print_tuples(f, out, ex) : print_single(f, out, ex);
	}
	return r;
}
