/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Suites of Falco's event-generator. There they are carried out on a machine; here each resource is a
 * descriptor or process that is there, each step an event. What cannot be expressed so is noted at its step.
 */
#include <errno.h>

#include "app/test_read.h"
#include "app/test_suite_parts.h"
#include "base/limits.h"

#define FIRST_FD 3 /* behind the standard streams */

/* ---- templates: %{ item.KEY } ---- */

struct item {
	struct str key;
	const struct yaml_node *value;
};

static int fill_text(struct suite *s, const struct item *items, size_t n, const struct yaml_node *node, struct str *ret,
		     struct error *err)
{
	auto_strbuf struct strbuf out = { 0 };
	struct str rest = node->text;

	while (rest.len) {
		const char *close = NULL;
		struct str name;
		size_t i = n;

		if (rest.len > 2 && rest.ptr[0] == '%' && rest.ptr[1] == '{')
			close = memchr(rest.ptr, '}', rest.len);
		if (close) {
			name = str_trim((struct str){ rest.ptr + 2, (size_t)(close - rest.ptr) - 2 }, STR(" "));
			if (str_starts(name, STR("item.")))
				for (i = 0; i < n && !str_eq(items[i].key, (struct str){ name.ptr + 5, name.len - 5 });
				     i++)
					;
			if (i == n)
				return test_fault(s->file, node, err, "no case gives a value for \"" STR_FMT "\"",
						  STR_ARG(name));
			if (items[i].value->kind == YAML_SCALAR)
				strbuf_addstr(&out, items[i].value->text);
			rest.len -= (size_t)(close + 1 - rest.ptr);
			rest.ptr = close + 1;
			continue;
		}
		strbuf_addc(&out, *rest.ptr++);
		rest.len--;
	}
	*ret = arena_str(s->file->arena, strbuf_str(&out));
	return out.failed || !ret->ptr ? test_out_of_memory(err) : 0;
}

static int fill(struct suite *s, const struct item *items, size_t n, const struct yaml_node *node,
		struct yaml_node **ret, struct error *err)
{
	struct arena *arena = s->file->arena;
	struct yaml_node *copy = arena_new_of(arena, struct yaml_node);
	int r = 0;

	if (!copy)
		return test_out_of_memory(err);
	*copy = *node;
	*ret = copy;
	if (node->kind == YAML_SCALAR)
		return fill_text(s, items, n, node, &copy->text, err);
	if (node->kind == YAML_SEQUENCE) {
		copy->items = arena_array_of(arena, struct yaml_node *, node->count);
		for (uint32_t i = 0; copy->items && r == 0 && i < node->count; i++)
			r = fill(s, items, n, node->items[i], &copy->items[i], err);
		return copy->items ? r : test_out_of_memory(err);
	}
	if (node->kind == YAML_MAP) {
		copy->pairs = arena_array_of(arena, struct yaml_pair, node->count);
		for (uint32_t i = 0; copy->pairs && r == 0 && i < node->count; i++) {
			copy->pairs[i].key = node->pairs[i].key;
			/* the cases are no part of what they fill in */
			copy->pairs[i].value = node->pairs[i].value;
			if (!str_eq(node->pairs[i].key->text, STR("cases")))
				r = fill(s, items, n, node->pairs[i].value, &copy->pairs[i].value, err);
		}
		return copy->pairs ? r : test_out_of_memory(err);
	}
	return 0;
}

/* ---- the process chain ---- */

static int read_container(struct suite *s, const struct yaml_node *node, struct error *err)
{
	struct yaml_pair pairs[2];
	struct yaml_node known = { .kind = YAML_MAP, .pairs = pairs, .at = node->at };
	int r = test_kind(s->file, node, YAML_MAP, err);

	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		struct str key = node->pairs[i].key->text;

		if (known.count < 2 && (str_eq(key, STR("image")) || str_eq(key, STR("name"))))
			pairs[known.count++] = node->pairs[i];
	}
	return r == 0 ? test_process_container(s->file, s->leaf, STR("3ad7b26ded6d"), &known, err) : r;
}

static int read_context(struct suite *s, const struct yaml_node *test, struct error *err)
{
	const struct yaml_node *context = yaml_get(test, "context"), *chain = yaml_get(context, "processes");
	const struct yaml_node *container = yaml_get(context, "container");
	struct yaml_node nothing = { .kind = YAML_MAP, .at = test->at };
	int r = 0;

	if (chain)
		r = test_kind(s->file, chain, YAML_SEQUENCE, err);
	for (uint32_t i = 0; r == 0 && i < (chain ? chain->count : 1); i++) {
		const struct yaml_node *map = chain ? chain->items[i] : &nothing, *caps;
		bool first = !s->leaf;

		r = test_kind(s->file, map, YAML_MAP, err);
		if (r == 0)
			r = suite_process(s, map, "name", &s->leaf, err);
		if (r == 0 && first && container)
			r = read_container(s, container, err);
		caps = yaml_get(map, "capabilities");
		if (r == 0 && caps && test_add_note(s->file, s->c, caps, "capabilities of a process") < 0)
			r = test_out_of_memory(err);
	}
	return r;
}

/* ---- what is expected ---- */

static int read_outcome(struct suite *s, const struct yaml_node *test, struct error *err)
{
	const struct yaml_node *outcome = yaml_get(test, "expectedOutcome"),
			       *fields = yaml_get(outcome, "outputFields");
	const struct yaml_node *priority = yaml_get(outcome, "priority");
	struct test_expected *e = arena_new_of(s->file->arena, struct test_expected);
	enum priority p;
	int r = 0;

	if (!e)
		return test_out_of_memory(err);
	*e = (struct test_expected){ .priority = -1, .count = 1, .at = test->at };
	r = test_text_or(s->file, test, "rule", STR(""), &e->rule, err);
	if (r < 0)
		return r;
	if (!e->rule.len) {
		s->c->skip = STR("it names no rule, so nothing is expected");
		return 0;
	}
	if (priority) {
		r = test_kind(s->file, priority, YAML_SCALAR, err);
		if (r == 0 && priority_parse(priority->text, &p) < 0)
			r = test_fault(s->file, priority, err, "\"" STR_FMT "\" is no priority",
				       STR_ARG(priority->text));
		if (r < 0)
			return r;
		e->priority = (int)p;
	}
	for (uint32_t i = 0; r == 0 && fields && fields->kind == YAML_MAP && i < fields->count; i++) {
		struct test_field *f = arena_new_of(s->file->arena, struct test_field);

		if (!f)
			return test_out_of_memory(err);
		f->name = fields->pairs[i].key->text;
		r = test_text(s->file, fields->pairs[i].value, &f->value, err);
		f->next = e->fields;
		e->fields = f;
	}
	s->c->expected = e;
	s->c->only = e->rule;
	s->c->at_least = true;
	return r;
}

/* ---- tests ---- */

static int read_body(struct suite *s, const struct yaml_node *test, struct error *err)
{
	static const char *const scripts[] = { "before", "after" };
	auto_strbuf struct strbuf line = { 0 };
	int r;

	s->leaf = NULL;
	s->names = NULL;
	s->next_fd = FIRST_FD;
	r = read_context(s, test, err);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(scripts); i++) {
		const struct yaml_node *script = yaml_get(test, scripts[i]);

		if (r == 0 && script &&
		    test_add_note(s->file, s->c, script, "%s: a script cannot be expressed", scripts[i]) < 0)
			r = test_out_of_memory(err);
	}
	if (r == 0)
		r = test_add_containers(s->file, s->c, test, err);
	if (r < 0)
		return r;
	strbuf_addi(&line, s->leaf->record.tid);
	strbuf_adds(&line, " execve res=0");
	test_add_program(&line, s->leaf, NULL);
	if (r == 0)
		r = line.failed ? test_out_of_memory(err) :
				  test_add_event(s->file, s->c, strbuf_str(&line), STR(""), test, err);
	if (r == 0)
		r = suite_resources(s, yaml_get(test, "resources"), err);
	test_processes_start(s->c);
	if (r == 0)
		r = suite_steps(s, yaml_get(test, "steps"), err);
	return r == 0 ? read_outcome(s, test, err) : r;
}

static int add_test(struct suite *s, const struct yaml_node *test, const struct item *items, size_t n, int64_t number,
		    struct error *err)
{
	struct test_case *c = arena_new_of(s->file->arena, struct test_case);
	struct yaml_node *filled;
	int r;

	if (!c)
		return test_out_of_memory(err);
	if (s->file->ncases == TEST_SUITE_CASES)
		return test_fault(s->file, test, err, "more than %d tests come from this file", TEST_SUITE_CASES);
	r = fill(s, items, n, test, &filled, err);
	if (r < 0)
		return r;
	*s->end = c;
	s->end = &c->next;
	s->c = c;
	s->file->ncases++;
	c->at = test->at;
	r = test_text_or(s->file, filled, "name", STR(""), &c->name, err);
	if (r == 0 && !c->name.len)
		return test_fault(s->file, test, err, "a test needs a name");
	if (r == 0 && number >= 0) {
		c->name = arena_printf(s->file->arena, STR_FMT "_testCase#%lld", STR_ARG(c->name), (long long)number);
		if (!c->name.ptr)
			return test_out_of_memory(err);
	}
	return r == 0 ? read_body(s, filled, err) : r;
}

/* All combinations of the lists: the last list turns fastest. */
static int add_matrix(struct suite *s, const struct yaml_node *test, const struct yaml_node *values, int64_t *number,
		      struct error *err)
{
	struct item items[TEST_SUITE_KEYS];
	uint64_t total = 1;
	int r = 0;

	for (uint32_t i = 0; i < values->count; i++) {
		r = test_kind(s->file, values->pairs[i].value, YAML_SEQUENCE, err);
		if (r < 0)
			return r;
		total *= values->pairs[i].value->count;
		if (total > TEST_SUITE_CASES)
			return test_fault(s->file, values, err, "more than %d combinations", TEST_SUITE_CASES);
	}
	for (uint64_t n = 0; r == 0 && n < total; n++) {
		uint64_t rest = n;

		for (uint32_t i = values->count; i-- > 0;) {
			const struct yaml_node *list = values->pairs[i].value;

			items[i] = (struct item){ values->pairs[i].key->text, list->items[rest % list->count] };
			rest /= list->count;
		}
		r = add_test(s, test, items, values->count, (*number)++, err);
	}
	return r;
}

static int add_vector(struct suite *s, const struct yaml_node *test, const struct yaml_node *values, int64_t *number,
		      struct error *err)
{
	struct item items[TEST_SUITE_KEYS];

	for (uint32_t i = 0; i < values->count; i++)
		items[i] = (struct item){ values->pairs[i].key->text, values->pairs[i].value };
	return add_test(s, test, items, values->count, (*number)++, err);
}

static int add_template(struct suite *s, const struct yaml_node *test, const struct yaml_node *cases, struct error *err)
{
	int64_t number = 0;
	int r = test_kind(s->file, cases, YAML_SEQUENCE, err);

	for (uint32_t i = 0; r == 0 && i < cases->count; i++) {
		const struct yaml_node *values = yaml_get(cases->items[i], "values");
		struct str strategy;

		r = test_text_or(s->file, cases->items[i], "strategy", STR(""), &strategy, err);
		if (r < 0)
			return r;
		if (!values || values->kind != YAML_MAP || values->count > TEST_SUITE_KEYS)
			return test_fault(s->file, cases->items[i], err,
					  "a case needs values, a map of at most %d keys", TEST_SUITE_KEYS);
		if (str_eq(strategy, STR("matrix")))
			r = add_matrix(s, test, values, &number, err);
		else if (str_eq(strategy, STR("vector")))
			r = add_vector(s, test, values, &number, err);
		else
			r = test_fault(s->file, cases->items[i], err, "the strategy of a case is vector or matrix");
	}
	return r;
}

int test_read_suite(struct test_file *f, const struct yaml_node *tests, struct error *err)
{
	struct suite s = { .file = f, .end = &f->cases };
	int r = test_kind(f, tests, YAML_SEQUENCE, err);

	for (uint32_t i = 0; r == 0 && i < tests->count; i++) {
		const struct yaml_node *test = tests->items[i], *cases;

		r = test_kind(f, test, YAML_MAP, err);
		if (r < 0)
			return r;
		cases = yaml_get(test, "cases");
		r = cases ? add_template(&s, test, cases, err) : add_test(&s, test, NULL, 0, -1, err);
	}
	return r;
}
