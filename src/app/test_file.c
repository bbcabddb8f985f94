/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of a file of rule tests: its keys, and the cases with what they expect. */
#include "app/test_file.h"

#include <errno.h>

#include "app/test_read.h"
#include "base/file.h"
#include "base/limits.h"

/* ---- what is expected ---- */

static int read_fields(struct test_file *f, struct test_expected *e, const struct yaml_node *node, struct error *err)
{
	struct test_field **end = &e->fields;
	int r = test_kind(f, node, YAML_MAP, err);

	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		struct test_field *field = arena_new_of(f->arena, struct test_field);

		if (!field)
			return test_out_of_memory(err);
		r = test_text(f, node->pairs[i].key, &field->name, err);
		if (r == 0 && node->pairs[i].value->kind == YAML_NULL)
			field->value = STR("null");
		else if (r == 0)
			r = test_text(f, node->pairs[i].value, &field->value, err);
		*end = field;
		end = &field->next;
	}
	return r;
}

static int read_expected_key(struct test_file *f, struct test_expected *e, const struct yaml_pair *p, struct error *err)
{
	struct str key = p->key->text, text;
	enum priority priority;
	int r;

	if (str_eq(key, STR("rule")))
		return test_text(f, p->value, &e->rule, err);
	if (str_eq(key, STR("output")))
		return test_text(f, p->value, &e->output, err);
	if (str_eq(key, STR("count")))
		return test_u32(f, p->value, &e->count, err);
	if (str_eq(key, STR("fields")))
		return read_fields(f, e, p->value, err);
	if (!str_eq(key, STR("priority")))
		return test_fault(f, p->key, err, "\"" STR_FMT "\" is none of rule, priority, output, fields, count",
				  STR_ARG(key));
	r = test_text(f, p->value, &text, err);
	if (r == 0 && priority_parse(text, &priority) < 0)
		return test_fault(f, p->value, err, "\"" STR_FMT "\" is no priority", STR_ARG(text));
	if (r == 0)
		e->priority = (int)priority;
	return r;
}

static int read_expected(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct error *err)
{
	struct test_expected **end = &c->expected;
	int r;

	if (node->kind == YAML_NULL || (node->kind == YAML_SCALAR && str_eq(node->text, STR("none"))))
		return 0;
	r = test_kind(f, node, YAML_SEQUENCE, err);
	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		const struct yaml_node *item = node->items[i];
		struct test_expected *e = arena_new_of(f->arena, struct test_expected);

		if (!e)
			return test_out_of_memory(err);
		e->priority = -1;
		e->count = 1;
		e->at = item->at;
		if (item->kind == YAML_SCALAR)
			e->rule = item->text;
		else
			r = test_kind(f, item, YAML_MAP, err);
		for (uint32_t k = 0; r == 0 && item->kind == YAML_MAP && k < item->count; k++)
			r = read_expected_key(f, e, &item->pairs[k], err);
		if (r == 0 && !e->rule.len)
			return test_fault(f, item, err, "an expected alert needs its rule");
		*end = e;
		end = &e->next;
	}
	return r;
}

/* ---- users ---- */

static int read_users(struct test_file *f, struct test_case *c, const struct yaml_node *node, struct error *err)
{
	int r = test_kind(f, node, YAML_SEQUENCE, err);

	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		struct test_user *u = arena_new_of(f->arena, struct test_user);
		const struct yaml_node *map = node->items[i];

		if (!u)
			return test_out_of_memory(err);
		r = test_kind(f, map, YAML_MAP, err);
		for (uint32_t k = 0; r == 0 && k < map->count; k++) {
			struct str key = map->pairs[k].key->text;
			const struct yaml_node *value = map->pairs[k].value;

			if (str_eq(key, STR("uid")))
				r = test_u32(f, value, &u->uid, err);
			else if (str_eq(key, STR("gid")))
				r = test_u32(f, value, &u->gid, err);
			else if (str_eq(key, STR("name")))
				r = test_text(f, value, &u->name, err);
			else if (str_eq(key, STR("home")))
				r = test_text(f, value, &u->home, err);
			else if (str_eq(key, STR("shell")))
				r = test_text(f, value, &u->shell, err);
			else
				r = test_fault(f, map->pairs[k].key, err,
					       "\"" STR_FMT "\" is none of uid, gid, name, home, shell", STR_ARG(key));
		}
		u->next = c->users;
		c->users = u;
	}
	return r;
}

/* ---- tests ---- */

static int case_key(struct test_file *f, struct test_case *c, const struct yaml_pair *p, bool *ret_expects,
		    struct error *err)
{
	struct str key = p->key->text;

	if (str_eq(key, STR("name")))
		return test_text(f, p->value, &c->name, err);
	if (str_eq(key, STR("processes")))
		return test_read_processes(f, c, p->value, err);
	if (str_eq(key, STR("users")))
		return read_users(f, c, p->value, err);
	if (str_eq(key, STR("events")))
		return 0; /* last: they name processes */
	if (str_eq(key, STR("only")))
		return test_text(f, p->value, &c->only, err);
	if (str_eq(key, STR("capture"))) {
		int r = test_text(f, p->value, &c->capture, err);

		if (r == 0) {
			c->capture = test_path(f, c->capture);
			r = c->capture.ptr ? 0 : test_out_of_memory(err);
		}
		return r;
	}
	if (str_eq(key, STR("expect"))) {
		*ret_expects = true;
		return read_expected(f, c, p->value, err);
	}
	return test_fault(f, p->key, err,
			  "\"" STR_FMT "\" is none of name, processes, users, events, capture, only, expect",
			  STR_ARG(key));
}

/* What is common to all tests of the file is read again for each: a test may change its processes. */
static int read_common(struct test_file *f, struct test_case *c, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *processes = yaml_get(root, "processes"), *users = yaml_get(root, "users");
	int r = users ? read_users(f, c, users, err) : 0;

	return r == 0 && processes ? test_read_processes(f, c, processes, err) : r;
}

/*
 * Whether the map's key i stands before i, too: what a value fills was made for one. Keys are few: an unknown
 * one ends it.
 */
static int given_once(const struct test_file *f, const struct yaml_node *map, uint32_t i, struct error *err)
{
	const struct yaml_node *key = map->pairs[i].key;

	for (uint32_t j = 0; j < i; j++)
		if (str_eq(map->pairs[j].key->text, key->text))
			return test_fault(f, key, err, "\"" STR_FMT "\" is given twice", STR_ARG(key->text));
	return 0;
}

static int read_case(struct test_file *f, struct test_case *c, const struct yaml_node *root,
		     const struct yaml_node *node, struct error *err)
{
	const struct yaml_node *events;
	bool expects = false;
	int r;

	c->at = node->at;
	r = test_kind(f, node, YAML_MAP, err);
	if (r == 0)
		r = read_common(f, c, root, err);
	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		r = given_once(f, node, i, err);
		if (r == 0)
			r = case_key(f, c, &node->pairs[i], &expects, err);
	}
	if (r < 0)
		return r;
	events = yaml_get(node, "events");
	if (!c->name.len)
		return test_fault(f, node, err, "a test needs a name");
	if (!expects)
		return test_fault(f, node, err,
				  "the test does not say what it expects (\"expect: none\" for no alert)");
	if (!events == !c->capture.len)
		return test_fault(f, node, err, "a test has either events or a capture");
	if (events && events->kind == YAML_SEQUENCE && !events->count)
		return test_fault(f, events, err, "nothing happens in this test: it would always pass or always fail");
	return events ? test_read_events(f, c, events, err) : 0;
}

static int read_cases(struct test_file *f, const struct yaml_node *root, const struct yaml_node *tests,
		      struct error *err)
{
	struct test_case **end = &f->cases;
	int r = test_kind(f, tests, YAML_SEQUENCE, err);

	for (uint32_t i = 0; r == 0 && i < tests->count; i++) {
		struct test_case *c = arena_new_of(f->arena, struct test_case);

		if (!c)
			return test_out_of_memory(err);
		r = read_case(f, c, root, tests->items[i], err);
		*end = c;
		end = &c->next;
		f->ncases++;
	}
	return r;
}

/* ---- the file ---- */

static int read_rules(struct test_file *f, const struct yaml_node *node, struct error *err)
{
	int r = test_kind(f, node, YAML_SEQUENCE, err);

	if (r < 0)
		return r;
	f->rules = arena_array_of(f->arena, struct str, node->count);
	if (!f->rules)
		return test_out_of_memory(err);
	for (uint32_t i = 0; r == 0 && i < node->count; i++) {
		struct str path;

		r = test_text(f, node->items[i], &path, err);
		if (r < 0)
			return r;
		f->rules[f->nrules] = test_path(f, path);
		if (!f->rules[f->nrules++].ptr)
			return test_out_of_memory(err);
	}
	return r;
}

static int file_key(struct test_file *f, const struct yaml_pair *p, struct error *err)
{
	struct str key = p->key->text, text;
	int r;

	if (str_eq(key, STR("tests")) || str_eq(key, STR("processes")) || str_eq(key, STR("users")))
		return 0;
	if (str_eq(key, STR("rules")))
		return read_rules(f, p->value, err);
	if (str_eq(key, STR("inline")))
		return test_text(f, p->value, &f->rules_text, err);
	if (!str_eq(key, STR("matching")))
		return test_fault(f, p->key, err,
				  "\"" STR_FMT "\" is none of rules, inline, matching, processes, users, tests",
				  STR_ARG(key));
	r = test_text(f, p->value, &text, err);
	if (r == 0 && !str_eq(text, STR("all")) && !str_eq(text, STR("first")))
		return test_fault(f, p->value, err, "matching is first or all");
	f->all_matching = r == 0 && str_eq(text, STR("all"));
	return r;
}

/* A suite has nothing but tests, each with a runner. */
static bool is_suite(const struct yaml_node *tests)
{
	return tests->kind == YAML_SEQUENCE && tests->count && yaml_get(tests->items[0], "runner");
}

static int read_root(struct test_file *f, const struct yaml_node *root, struct error *err)
{
	const struct yaml_node *tests;
	int r = test_kind(f, root, YAML_MAP, err);

	if (r < 0)
		return r;
	tests = yaml_get(root, "tests");
	if (!tests)
		return test_fault(f, root, err, "the file has no \"tests\"");
	f->suite = is_suite(tests);
	if (f->suite)
		return test_read_suite(f, tests, err);
	for (uint32_t i = 0; r == 0 && i < root->count; i++) {
		r = given_once(f, root, i, err);
		if (r == 0)
			r = file_key(f, &root->pairs[i], err);
	}
	return r == 0 ? read_cases(f, root, tests, err) : r;
}

int test_file_parse(const char *path, struct str text, struct test_file **ret_file, struct error *err)
{
	struct arena *arena = arena_new(65536);
	struct test_file *f = arena ? arena_new_of(arena, struct test_file) : NULL;
	struct yaml_documents documents;
	struct yaml_position where;
	struct error reason;
	int r;

	if (!f) {
		arena_free(arena);
		return test_out_of_memory(err);
	}
	f->arena = arena;
	f->path = arena_str(arena, str_of(path));
	text = arena_str(arena, text);
	r = f->path.ptr && text.ptr ? yaml_load(arena, text, 0, &documents, &where, &reason) :
				      test_out_of_memory(&reason);
	if (r == -EINVAL || r == -E2BIG)
		error_set(err, r, "%s:%u:%u: %s", path, where.line + 1, where.column + 1, reason.text);
	else if (r < 0)
		error_set(err, r, "%s: %s", path, reason.text);
	else if (documents.count != 1)
		r = error_set(err, -EINVAL, "%s:1:1: one document was expected, there are %zu", path, documents.count);
	else
		r = read_root(f, documents.list[0], err);
	if (r < 0) {
		test_file_free(f);
		return r;
	}
	*ret_file = f;
	return 0;
}

int test_file_load(const char *path, struct test_file **ret_file, struct error *err)
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read_all(path, RULES_MAX_BYTES, &text, &len, err);

	return r < 0 ? r : test_file_parse(path, (struct str){ text, len }, ret_file, err);
}

void test_file_free(struct test_file *f)
{
	if (f)
		arena_free(f->arena); /* f itself is in it */
}
