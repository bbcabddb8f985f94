/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/loading.h"

#define BASE "- rule: r\n  desc: d\n  condition: c\n  output: ' o '\n  priority: INFO\n  tags: [b, a]\n- rule: r\n"

/*
 * The rule after both items: condition|output|desc|priority|tags|enabled; or the findings when the second is
 * refused.
 */
static const struct {
	const char *second, *want;
} cases[] = {
	{ "  condition: and x\n  override: {condition: append}\n", "c and x|o|d|6|a,b,|1" },
	{ "  condition: x\n  override: {condition: replace}\n", "x|o|d|6|a,b,|1" },
	{ "  capture: true\n  capture_duration: 7\n  capture_events: 8\n  capture_filesize: 9\n"
	  "  override: {capture: replace, capture_duration: replace, capture_events: replace, capture_filesize: replace}\n",
	  "c|o|d|6|a,b,|1|capture 7 8 9" },
	{ "  output: p\n  desc: e\n  tags: [c, a]\n  override: {output: append, desc: append, tags: append}\n",
	  "c|o p|d e|6|a,b,c,|1" },
	{ "  output: p\n  tags: [c]\n  priority: alert\n  override: {output: replace, tags: replace, priority: replace}\n",
	  "c|p|d|1|c,|1" },
	{ "  enabled: false\n  override: {enabled: replace}\n", "c|o|d|6|a,b,|0" },
	{ "  condition: and x\n  output: p\n  override: {condition: append, output: replace}\n",
	  "c and x|p|d|6|a,b,|1" },
	{ "  tags: []\n  override: {tags: replace}\n", "c|o|d|6||1" },
	{ "  enabled: false\n", "c|o|d|6|a,b,|0" },
	{ "  append: true\n  condition: and x\n  output: ignored\n", "c and x|o|d|6|a,b,|1" },
	{ "  desc: e\n  condition: x\n  output: p\n  priority: debug\n", "x|p|e|7||1" },
	/* refused */
	{ "  condition: x\n  override: {condition: delete}\n", "ERR_YAML_VALIDATE condition 8:24" },
	{ "  condition: x\n  override: {condition: ~}\n", "ERR_YAML_VALIDATE condition 8:24" },
	{ "  condition: x\n  override: {condition: [append]}\n", "ERR_VALIDATE - 0:0" },
	{ "  condition: x\n  override: [condition]\n", "ERR_VALIDATE - 0:0" },
	{ "  condition: x\n  override: append\n", "ERR_YAML_VALIDATE r 6:2" },
	{ "  priority: debug\n  override: {priority: append}\n", "ERR_YAML_VALIDATE priority 8:13" },
	{ "  override: {condition: append}\n", "ERR_YAML_VALIDATE r 6:2" },
	{ "  condition: x\n  desc: d\n  override: {condition: append}\n", "ERR_YAML_VALIDATE desc 8:8" },
	{ "  nonsense: x\n  override: {nonsense: replace}\n", "ERR_YAML_VALIDATE nonsense 8:13" },
	{ "  condition: x\n  source: other\n  override: {condition: append}\n", "ERR_VALIDATE r 6:2" },
	{ "  condition: x\n  append: true\n  override: {condition: append}\n",
	  "DEPRECATED_ITEM r 6:2; ERR_YAML_VALIDATE r 6:2" },
	{ "  append: true\n  output: x\n", "DEPRECATED_ITEM r 6:2; ERR_VALIDATE r 6:2" },
	{ "  priority: x\n  override: {priority: replace}\n", "ERR_YAML_VALIDATE r 7:12" },
	{ "  condition: x\n", "ERR_YAML_VALIDATE r 6:2" },
	{ "  desc: e\n  condition: x\n  output: p\n  priority: debug\n  source: other\n", "ERR_VALIDATE r 6:2" },
};

static void print_rule(struct strbuf *out, const struct rule_item *rule)
{
	strbuf_addf(out, STR_FMT "|" STR_FMT "|" STR_FMT "|%d|", STR_ARG(rule->condition), STR_ARG(rule->output),
		    STR_ARG(rule->description), rule->priority);
	for (size_t i = 0; i < rule->tags.count; i++)
		strbuf_addf(out, STR_FMT ",", STR_ARG(rule->tags.list[i]));
	strbuf_addf(out, "|%d", rule->enabled);
	if (rule->capture)
		strbuf_addf(out, "|capture %u %u %u", rule->capture_duration, rule->capture_events,
			    rule->capture_filesize);
}

static void test_rules(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf text auto_strbuf = { 0 }, got auto_strbuf = { 0 };
		struct loading l;

		strbuf_addf(&text, "%s%s", BASE, cases[i].second);
		loading_start(&l);
		if (loading_read(&l, text.ptr) == 0)
			print_rule(&got, &l.items.rules[0]);
		else
			loading_print(&got, l.findings.list, l.findings.count);
		if (strcmp(got.ptr, cases[i].want) != 0)
			fail_msg("%s\n  gives %s\n  expected %s", cases[i].second, got.ptr, cases[i].want);
		loading_end(&l);
	}
}

/* Appending a thousand times keeps the text whole (it grows in place). */
static void test_many_appends(void **state)
{
	struct strbuf text auto_strbuf = { 0 };
	struct loading l;

	(void)state;
	strbuf_adds(&text, "- macro: m\n  condition: x\n");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&text, "- macro: m\n  condition: y%d\n  append: true\n", i);
	loading_start(&l);
	assert_int_equal(loading_read(&l, text.ptr), 0);
	assert_true(str_starts(l.items.macros[0].condition, STR("x y0 y1 y2 ")));
	assert_true(str_ends(l.items.macros[0].condition, STR(" y998 y999")));
	assert_int_equal(l.items.macros[0].condition.len, 1 + 10 * 3 + 90 * 4 + 900 * 5);
	loading_end(&l);
}

static void test_missing(void **state)
{
	static const char *const texts[] = {
		"- {rule: r, condition: x, override: {condition: append}}",
		"- {rule: r, condition: x, override: {condition: replace}}",
		"- {rule: r, enabled: true}",
		"- {list: l, items: [], append: true}",
		"- {macro: m, condition: x, override: {condition: append}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct loading l;

		loading_start(&l);
		assert_true(loading_read(&l, texts[i]) < 0);
		assert_int_equal(l.findings.list[l.findings.count - 1].code, LOAD_ERR_VALIDATE);
		loading_end(&l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_many_appends),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
