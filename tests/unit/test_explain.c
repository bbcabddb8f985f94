/* SPDX-License-Identifier: Apache-2.0 */
#include "field_world.h"

#include <errno.h>

#include "base/cleanup.h"
#include "rule/explain.h"

/* Two rules that open() of /etc/motd by "sh" satisfies, the second behind a macro, and one that is disabled. */
#define RULE(name, condition, more) \
	"- rule: " name "\n  desc: d\n  condition: " condition "\n  output: o\n  priority: INFO\n" more
#define LONG_NAME "a rule whose name is that long that no two of them are compared letter by letter"
static const char text[] =
	"- macro: opens\n  condition: (evt.type = openat and fd.name startswith /etc)\n"
	RULE("first", "opens", "")
	RULE("second", "opens and not proc.name in (cat, dog) and fd.num >= 0", "")
	RULE("third", "evt.type = openat and proc.pname = nobody", "")
	RULE(LONG_NAME, "evt.type = openat and proc.pname = nobody", "")
	RULE("off", "evt.type = openat", "  enabled: false\n");

static struct ruleset *load(const struct engine_options *options, struct rule_loader **ret_loader)
{
	const struct load_result *result;
	struct ruleset *rules;
	struct error err = { 0 };

	assert_int_equal(rule_loader_new(options, ret_loader, &err), 0);
	assert_int_equal(rule_loader_add(*ret_loader, STR("t"), STR(text), &result, &err), 0);
	if (rule_loader_compile(*ret_loader, &rules, &err) < 0)
		fail_msg("%s", err.text);
	return rules;
}

static struct explanation explain(const struct ruleset *rules, const char *name, struct world *w)
{
	struct explanation x;
	uint32_t rule;

	assert_int_equal(explain_find(rules, str_of(name), &rule, NULL), 0);
	assert_true(explain_looks_at(rules, rule, &w->ev));
	assert_int_equal(explain_event(rules, rule, &w->ctx, &x), 0);
	return x;
}

static void test_tree(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	struct rule_loader *loader;
	auto_ruleset struct ruleset *rules = load(&options, &loader);
	auto_strbuf struct strbuf out = { 0 };
	struct world *w = *state;
	struct explanation x;

	rule_loader_free(loader); /* nothing may be left of it */
	world_openat(w, "/etc/motd", 3);
	x = explain(rules, "second", w);
	assert_int_equal(x.truth, TRUTH_YES);
	assert_true(x.shadowed && x.shadow == 0 && x.shadow_truth == TRUTH_YES);
	explain_print(&out, &x, &w->ctx, false);
	assert_true(str_eq(strbuf_str(&out), STR(
		"event 42, openat of thread 100: \"second\" matches\n"
		"  but \"first\", which is tried before it, matches, too: the first rule that matches is the only one\n"
		"  true    and\n"
		"  true      macro opens: and\n"
		"  true        evt.type = openat    [evt.type = openat]\n"
		"  true        fd.name startswith /etc    [fd.name = /etc/motd]\n"
		"  true      not\n"
		"  false       proc.name in (cat, dog)    [proc.name = sh]\n"
		"  true      fd.num >= 0    [fd.num = 3]\n")));
	strbuf_reset(&out);
	x = explain(rules, "third", w);
	assert_int_equal(x.truth, TRUTH_NO);
	assert_false(x.shadowed);
	explain_print_json(&out, &x, &w->ctx);
	assert_true(str_eq(
		strbuf_str(&out),
		STR("{\"rule\":\"third\",\"event\":42,\"type\":\"openat\",\"thread\":100,\"provisional\":false,\"outcome\":\"no\","
		    "\"condition\":{\"kind\":\"and\",\"value\":\"false\",\"parts\":["
		    "{\"kind\":\"check\",\"value\":\"true\",\"check\":\"evt.type = openat\",\"fields\":["
		    "{\"field\":\"evt.type\",\"value\":\"openat\",\"presence\":\"present\"}]},"
		    "{\"kind\":\"check\",\"value\":\"false\",\"check\":\"proc.pname = nobody\",\"fields\":["
		    "{\"field\":\"proc.pname\",\"value\":\"systemd\",\"presence\":\"present\"}]}]}}")));
}

/* What differs from an earlier event in values alone is a line; what matches is told in full. */
static void test_brief(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	auto_rule_loader struct rule_loader *loader = NULL;
	auto_ruleset struct ruleset *rules = load(&options, &loader);
	auto_strbuf struct strbuf out = { 0 }, full = { 0 };
	struct explain_memory memory = { 0 };
	struct world *w = *state;
	struct explanation x;
	static const struct {
		const char *path, *line; /* NULL: in full */
	} rows[] = {
		{ "/var/one", NULL },
		{ "/var/two",
		  "event 42, openat of thread 100: \"second\" does not match, as event 42, but [fd.name = /var/two]\n" },
		{ "/var/one", "event 42, openat of thread 100: \"second\" does not match, as event 42\n" },
		{ "/etc/motd", NULL },
		{ "/etc/motd", NULL },
		{ "/var/one", "event 42, openat of thread 100: \"second\" does not match, as event 42\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		world_openat(w, rows[i].path, 3);
		x = explain(rules, "second", w);
		strbuf_reset(&out);
		explain_print_brief(&out, &x, &w->ctx, false, &memory);
		strbuf_reset(&full);
		explain_print(&full, &x, &w->ctx, false);
		assert_true(str_eq(strbuf_str(&out), rows[i].line ? str_of(rows[i].line) : strbuf_str(&full)));
	}
	explain_memory_free(&memory);
}

static void test_all_matching_shadows_nothing(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG, .all_matching = true };
	auto_rule_loader struct rule_loader *loader = NULL;
	auto_ruleset struct ruleset *rules = load(&options, &loader);

	world_openat(*state, "/etc/motd", 3);
	assert_false(explain(rules, "second", *state).shadowed);
}

/* Looking changes nothing: no needs, no counter; and what is unknown at the entry is told so. */
static void test_unknown(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	auto_rule_loader struct rule_loader *loader = NULL;
	auto_ruleset struct ruleset *rules = load(&options, &loader);
	auto_strbuf struct strbuf out = { 0 };
	struct world *w = *state;
	struct explanation x;

	world_openat(w, "/etc/motd", 3);
	w->ev.provisional = true;
	w->ev.unknown_params = 1;
	w->ctx.subject.thread = NULL;
	w->ctx.subject.thread_unknown = true;
	x = explain(rules, "second", w);
	assert_int_equal(x.truth, TRUTH_MAYBE);
	assert_int_equal(w->needs.count, 0);
	explain_print(&out, &x, &w->ctx, true);
	assert_true(str_contains(strbuf_str(&out), STR("at its entry: \"second\" \033[33mmay match\033[0m")));
	assert_true(str_contains(strbuf_str(&out), STR("[proc.name is not known yet]")));
	w->ctx.needs = NULL;
	strbuf_reset(&out);
	x = explain(rules, "second", w);
	explain_print(&out, &x, &w->ctx, false);
	assert_true(str_contains(strbuf_str(&out), STR("[proc.name is absent]")));
}

/* The two evaluators agree. */
static void test_agrees(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG, .all_matching = true };
	auto_rule_loader struct rule_loader *loader = NULL;
	auto_ruleset struct ruleset *rules = load(&options, &loader);
	static const char *const paths[] = { "/etc/motd", "/tmp/x" };
	auto_engine struct engine *engine = NULL;
	struct world *w = *state;

	assert_int_equal(engine_new(rules, w->state, &engine, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct hits hits;
		uint32_t n = 0;

		world_openat(w, paths[i], 3);
		engine_evaluate(engine, &w->ctx, &hits);
		for (uint32_t rule = 0; rule < 3; rule++) {
			struct explanation x;

			assert_int_equal(explain_event(rules, rule, &w->ctx, &x), 0);
			assert_int_equal(x.truth == TRUTH_YES, n < hits.count && hits.rules[n] == rule);
			n += x.truth == TRUTH_YES;
		}
		assert_int_equal(n, i == 0 ? 2 : 0);
	}
}

static void test_find(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	auto_rule_loader struct rule_loader *loader = NULL;
	auto_ruleset struct ruleset *rules = load(&options, &loader);
	struct error err = { 0 };
	uint32_t rule = 9;

	(void)state;
	assert_int_equal(explain_find(rules, STR("scond"), &rule, &err), -ENOENT);
	assert_true(str_contains(str_of(err.text), STR("\"second\"")));
	assert_int_equal(explain_find(rules, STR("nothing like it"), &rule, &err), -ENOENT);
	assert_false(str_contains(str_of(err.text), STR("nearest")));
	assert_int_equal(explain_find(rules, STR("off"), &rule, &err), -EINVAL);
	assert_int_equal(rule, 9);
	assert_int_equal(explain_find(rules, STR(LONG_NAME), &rule, &err), 0);
	assert_int_equal(rule, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_tree, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_brief, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_all_matching_shadows_nothing, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_unknown, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_agrees, world_setup, world_teardown),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
