/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/loading.h"

#include <errno.h>

#include "base/limits.h"
#include "rule/engine.h"
#include "rule/ruleset.h"

#define RULE(name) "- rule: " name "\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n"
#define BODY	   "\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n"

static const struct {
	const char *text;
	const char *want;
} cases[] = {
	{ "", "" },
	{ "hello", "ERR_YAML_VALIDATE - 0:0" },
	{ "a: b", "ERR_YAML_VALIDATE - 0:0" },
	{ "- foo", "ERR_YAML_VALIDATE - 0:2" },
	{ "-\n- ~\n", "" },
	{ "- a: [b\n", "ERR_YAML_PARSE - 1:0" },
	{ "- foo: bar\n", "UNKNOWN_ITEM - 0:2" },
	{ RULE("r"), "" },
	{ "---\n" RULE("r") "---\n- rule: x\n", "ERR_YAML_VALIDATE x 7:2" },
	{ RULE("r") "garbage\n", "ERR_YAML_VALIDATE - 0:0" },
	/* shapes */
	{ "- rule:" BODY, "ERR_YAML_VALIDATE - 0:2" },
	{ "- rule: ''" BODY, "ERR_YAML_VALIDATE rule 0:8" },
	{ "- rule: [a]" BODY, "ERR_YAML_VALIDATE rule 0:8" },
	{ RULE("r") "  enabled: 5\n", "ERR_YAML_VALIDATE enabled 5:11" },
	{ RULE("r") "  source:\n", "ERR_YAML_VALIDATE r 0:2" },
	{ RULE("r") "  source: k8s_audit\n", "UNKNOWN_SOURCE r 0:2" },
	{ RULE("r") "  tags: x\n", "ERR_YAML_VALIDATE tags 5:8" },
	{ RULE("r") "  tags: [a, [b]]\n", "ERR_YAML_VALIDATE tags 5:12" },
	{ RULE("r") "  capture_duration: -1\n", "ERR_YAML_VALIDATE capture_duration 5:20" },
	{ RULE("r") "  capture: true\n  capture_duration: 1\n  capture_events: 2\n  capture_filesize: 3\n", "" },
	{ RULE("r") "  capture_events: x\n", "ERR_YAML_VALIDATE capture_events 5:18" },
	{ RULE("r") "  capture_filesize: -1\n", "ERR_YAML_VALIDATE capture_filesize 5:20" },
	{ RULE("r") "  condtion: x\n", "UNKNOWN_KEY r 0:2" },
	{ RULE("r") "  x-monitor:\n    a: b\n", "UNKNOWN_KEY r 0:2" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: WARN\n",
	  "ERR_YAML_VALIDATE r 4:12" },
	{ "- rule: r\n  desc: d\n", "ERR_YAML_VALIDATE r 0:2" },
	{ "- rule: r\n", "ERR_YAML_VALIDATE r 0:2" },
	/* versions */
	{ "- required_engine_version: 62\n", "" },
	{ "- required_engine_version: 63\n", "ERR_VALIDATE - 0:2" },
	{ "- required_engine_version: 0.62.0-rc1\n", "" },
	{ "- required_engine_version: 0.62.1\n", "ERR_VALIDATE - 0:2" },
	{ "- required_engine_version: 0.62\n", "ERR_YAML_VALIDATE - 0:2" },
	{ "- required_engine_version: v0.1.0\n", "ERR_YAML_VALIDATE - 0:2" },
	{ "- required_engine_version: 1\n  x: 1\n", "UNKNOWN_KEY - 0:2" },
	{ "- required_plugin_versions: {}\n", "ERR_YAML_VALIDATE - 0:28" },
	{ "- required_plugin_versions: [{name: p}]\n", "ERR_YAML_VALIDATE p 0:29" },
	{ "- required_plugin_versions: [{name: p, version: 0.1}]\n", "ERR_VALIDATE p 0:29" },
	{ "- required_plugin_versions: [{name: p, version: 0.1.0, alternatives: [{name: p, version: 0.1.0}]}]\n",
	  "ERR_VALIDATE p 0:29" },
	/* conditions and outputs */
	{ "- rule: r\n  desc: d\n  condition: evt.type=open and\n  output: o\n  priority: INFO\n",
	  "ERR_COMPILE_CONDITION r 3:31" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open and nosuch\n  output: o\n  priority: INFO\n",
	  "ERR_VALIDATE r 1:21" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open and no.such=1\n  output: o\n  priority: INFO\n",
	  "ERR_COMPILE_CONDITION r 3:32" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open and no.such=1\n  output: o\n  priority: INFO\n"
	  "  skip-if-unknown-filter: true\n",
	  "UNKNOWN_FILTER r 3:32" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open and fd.num=x\n  output: o\n  priority: INFO\n",
	  "ERR_COMPILE_CONDITION r 3:32" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: '%no.such'\n  priority: INFO\n",
	  "ERR_COMPILE_OUTPUT r 3:10" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: '%no.such'\n  priority: INFO\n"
	  "  skip-if-unknown-filter: true\n",
	  "UNKNOWN_FILTER r 3:10" },
	/* an output's end is no field that a newer version may have */
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: 100%\n  priority: INFO\n"
	  "  skip-if-unknown-filter: true\n",
	  "ERR_COMPILE_OUTPUT r 3:10" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: ' '\n  priority: INFO\n"
	  "  skip-if-unknown-filter: true\n",
	  "ERR_COMPILE_OUTPUT r 3:10" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: a %10\n  priority: INFO\n"
	  "  skip-if-unknown-filter: true\n",
	  "ERR_COMPILE_OUTPUT r 3:10" },
	/* exceptions are looked at before the output, and that before the condition */
	{ "- rule: r\n  desc: d\n  condition: no.such=1\n  output: '%no.such'\n  priority: INFO\n"
	  "  exceptions: [{name: e, fields: [fd.name], values: [1, x]}]\n",
	  "ERR_VALIDATE e 5:15" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: 'o %container.info'\n  priority: INFO\n",
	  "DEPRECATED_ITEM r 0:2" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: '%evt.dir'\n  priority: INFO\n",
	  "DEPRECATED_ITEM r 3:10" },
	{ "- rule: r\n  desc: d\n  condition: proc.name=a\n  output: o\n  priority: INFO\n", "NO_EVTTYPE r 0:2" },
	{ "- rule: r\n  desc: d\n  condition: proc.name=a\n  output: o\n  priority: INFO\n  warn_evttypes: false\n",
	  "" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open and jevt.value[/a]=<NA>\n  output: o\n  priority: INFO\n",
	  "UNSAFE_NA_CHECK r 2:13; ERR_COMPILE_CONDITION r 3:32" },
	/* <NA> beside what is made of the field, but not with a modifier */
	{ "- rule: r\n  desc: d\n  condition: evt.type=open and tolower(ka.verb) in (a, <NA>)\n  output: o\n  priority: INFO\n",
	  "UNSAFE_NA_CHECK r 2:13; ERR_COMPILE_CONDITION r 3:32" },
	{ "- rule: r\n  desc: d\n  condition: evt.type=open and ka.verb = allof (a, <NA>)\n  output: o\n  priority: INFO\n",
	  "ERR_COMPILE_CONDITION r 3:32" },
	/* names, and what nobody uses */
	{ "- list: a b\n  items: []\n", "INVALID_LIST_NAME a b 0:2; UNUSED_LIST a b 0:2" },
	{ "- macro: 1a\n  condition: fd.num=1\n", "INVALID_MACRO_NAME 1a 0:2; UNUSED_MACRO 1a 0:2" },
	{ "- list: l\n  items: [a, ~]\n", "ERR_YAML_VALIDATE items 1:13" },
	{ "- macro: m\n  condition: [a]\n", "ERR_YAML_VALIDATE condition 1:13" },
};

/* Adds a file; its findings become the text of GOT. */
static const struct load_result *load(struct rule_loader *l, const char *text, struct strbuf *got)
{
	const struct load_result *result;
	struct error err = { 0 };

	assert_int_equal(rule_loader_add(l, STR("f"), str_of(text), &result, &err), 0);
	strbuf_reset(got);
	loading_print(got, result->findings, result->nfindings);
	return result;
}

static void test_findings(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf got auto_strbuf = { 0 };
		auto_rule_loader struct rule_loader *l = NULL;
		bool successful;

		assert_int_equal(rule_loader_new(&options, &l, NULL), 0);
		successful = load(l, cases[i].text, &got)->successful;
		if (strcmp(got.ptr ? got.ptr : "", cases[i].want) != 0)
			fail_msg("%s\n  gives %s\n  expected %s", cases[i].text, got.ptr, cases[i].want);
		assert_int_equal(successful, !strstr(cases[i].want, "ERR_"));
	}
}

/* Each file's findings are about all that was loaded so far. */
static void test_files(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	auto_rule_loader struct rule_loader *l = NULL;
	auto_ruleset struct ruleset *rules = NULL;
	struct strbuf got auto_strbuf = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	load(l, "- macro: m\n  condition: fd.num=1\n", &got);
	assert_string_equal(got.ptr, "UNUSED_MACRO m 0:2");
	load(l, "- rule: r\n  desc: d\n  condition: evt.type=open and m\n  output: o\n  priority: INFO\n", &got);
	assert_string_equal(got.ptr, "");
	assert_int_equal(rule_loader_compile(l, &rules, &err), 0);
	assert_int_equal(ruleset_count(rules), 1);
	assert_false(
		load(l, "- rule: x\n  desc: d\n  condition: evt.type=open and n\n  output: o\n  priority: INFO\n", &got)
			->successful);
	assert_string_equal(got.ptr, "ERR_VALIDATE x 1:21");
	assert_true(load(l, "- macro: n\n  condition: fd.num=1\n", &got)
			    ->successful); /* the rule was kept and is fine now */
}

/* Ours: every error of the file, at its exact place, with what may have been meant. */
static void test_ours(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG, .ours = true };
	auto_rule_loader struct rule_loader *l = NULL;
	const struct load_result *result;
	struct strbuf got auto_strbuf = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	result = load(l,
		      "- rule: a\n  desc: d\n  condition: >\n    evt.type=open and\n    proc.nam=x\n"
		      "  output: o\n  priority: INFO\n  tgas: [x]\n"
		      "- list: l\n  items: [a, 'b c']\n"
		      "- rule: b\n  desc: d\n  condition: 'evt.type=open and fd.name in (l) and it''s'\n"
		      "  output: o\n  priority: INFO\n", &got);
	assert_string_equal(got.ptr, "ERR_COMPILE_CONDITION a 4:4; UNKNOWN_KEY a 7:2; ERR_COMPILE_CONDITION b 12:53");
	assert_true(str_contains(result->findings[1].hint, STR("'tags'")));
	assert_true(str_eq(result->findings[0].hint, STR("did you mean 'proc.name'?")));
	strbuf_reset(&got);
	load_result_print(&got, result, true, true);
	assert_non_null(strstr(got.ptr, "f:5:5: error: rule 'a': "));
	/* an item that cannot be read hides nothing that is wrong with the others */
	assert_int_equal(
		rule_loader_add(l, STR("g"), STR("- rule: c\n- macro: m\n  condition: fd.num=\n"), &result, &err), 0);
	strbuf_reset(&got);
	loading_print(&got, result->findings, result->nfindings);
	assert_string_equal(got.ptr, "ERR_YAML_VALIDATE c 0:2; ERR_COMPILE_CONDITION m 2:20");
}

/* One problem hides no other of the same condition, and is told once however many rules use the macro that has it. */
static void test_ours_conditions(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG, .ours = true };
	auto_rule_loader struct rule_loader *l = NULL;
	struct strbuf got auto_strbuf = { 0 };

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, NULL), 0);
	load(l,
	     "- macro: bad\n  condition: fd.nmae=1\n"
	     "- rule: d\n  desc: d\n  condition: evt.type=open and bad and proc.nam=x\n  output: o\n  priority: INFO\n"
	     "- rule: e\n  desc: d\n  condition: evt.type=open and bad and fd.num=x\n  output: o\n  priority: INFO\n",
	     &got);
	assert_string_equal(
		got.ptr, "ERR_COMPILE_CONDITION bad 1:13; ERR_COMPILE_CONDITION d 4:39; ERR_COMPILE_CONDITION e 9:46");
}

/* The same in an output; and a key that is missing under its name. */
static void test_ours_output(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG, .ours = true };
	auto_rule_loader struct rule_loader *l = NULL, *other = NULL;
	const struct load_result *result;
	struct strbuf got auto_strbuf = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	result = load(l,
		      "- rule: d\n  desc: d\n  condition: evt.type=open\n  output: >\n    a %evt.num\n    of %fd.nmae\n"
		      "  priority: INFO\n"
		      "- rule: e\n  desc: d\n  conditon: evt.type=open\n  output: o\n  priority: INFO\n", &got);
	assert_string_equal(got.ptr, "ERR_COMPILE_OUTPUT d 5:8; ERR_YAML_VALIDATE e 7:2");
	assert_true(str_contains(result->findings[1].hint, STR("'conditon'")));
	assert_int_equal(rule_loader_new(&options, &other, &err), 0);
	result = load(other,
		      "- rule: d\n  desc: d\n  condition: evt.type=open\n"
		      "  output: '%fd.nmae %evt.num %toupper(fd.num) x%no.such %'\n  priority: INFO\n", &got);
	assert_string_equal(
		got.ptr,
		"ERR_COMPILE_OUTPUT d 3:12; ERR_COMPILE_OUTPUT d 3:30; ERR_COMPILE_OUTPUT d 3:48; ERR_COMPILE_OUTPUT d 3:57");
}

/* The key that is ours: no warning of itself, one of each thing in it that we do not know. */
static void test_extensions(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG, .ours = true };
	auto_rule_loader struct rule_loader *l = NULL;
	const struct load_result *result;
	struct strbuf got auto_strbuf = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	result = load(l,
		      "- rule: a\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n"
		      "  x-monitor: {}\n"
		      "- rule: b\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n"
		      "  x-monitor:\n    later: 1\n    [x]: 2\n"
		      "- rule: c\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: INFO\n"
		      "  x-monitor: on\n", &got);
	assert_true(result->successful);
	assert_string_equal(got.ptr, "UNKNOWN_KEY b 12:4; UNKNOWN_KEY b 13:4; UNKNOWN_KEY c 19:13");
	assert_true(str_contains(result->findings[0].message, STR("'later' of 'x-monitor'")));
}

static void test_options(void **state)
{
	const struct str tag = STR("t");
	const struct extra_field extra = { STR("who"), STR("%proc.name") };
	const struct append_output appends[] = {
		{ .extra_output = STR("more"), .match_tags = &tag, .nmatch_tags = 1 },
		{ .match_rule = STR("b"), .extra_fields = &extra, .nextra_fields = 1 },
		{ .match_source = STR("other"), .extra_output = STR("never") },
	};
	const struct engine_options options = { .min_priority = PRIORITY_INFORMATIONAL, .appends = appends,
						.nappends = ARRAY_SIZE(appends) };
	auto_rule_loader struct rule_loader *l = NULL;
	auto_ruleset struct ruleset *rules = NULL;
	struct strbuf got auto_strbuf = { 0 };
	struct rule_view view;
	struct error err;

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	load(l,
	     RULE("a") "  tags: [u, t, u]\n" RULE("b") "- rule: c\n  desc: d\n  condition: evt.type=open\n  output: o\n"
						       "  priority: debug\n",
	     &got);
	assert_int_equal(rule_loader_compile(l, &rules, &err), 0);
	assert_int_equal(ruleset_count(rules), 3);
	ruleset_get(rules, 0, &view);
	assert_int_equal(view.ntags, 2);
	assert_true(str_eq(view.output, STR("o more")));
	ruleset_get(rules, 1, &view);
	assert_true(str_eq(view.output, STR("o")));
	assert_int_equal(rules->rules[1].nextra, 1);
	ruleset_get(rules, 2, &view);
	assert_false(view.enabled); /* below the least priority */
	assert_int_equal(rules->norder, 2);
}

static void test_plugins(void **state)
{
	struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	static const struct {
		const char *text;
		bool without, with; /* the container plugin: fine? */
	} requirements[] = {
		{ "{name: container, version: 0.4.0}", false, true },
		{ "{name: container, version: 0.7.2}", false, false },
		{ "{name: container, version: 1.0.0}", false, false },
		{ "{name: other, version: 1.0.0}", false, false },
		{ "{name: other, version: 1.0.0, alternatives: [{name: container, version: 0.1.0}]}", false, true },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(requirements); i++) {
		struct strbuf text auto_strbuf = { 0 }, got auto_strbuf = { 0 };
		auto_rule_loader struct rule_loader *l = NULL;
		struct error err = { 0 };

		strbuf_addf(&text, "- required_plugin_versions: [%s]\n", requirements[i / 2].text);
		options.fields.container_plugin = i % 2;
		assert_int_equal(rule_loader_new(&options, &l, &err), 0);
		assert_true(load(l, text.ptr, &got)->successful);
		assert_int_equal(rule_loader_check_plugins(l, &err) == 0,
				 i % 2 ? requirements[i / 2].with : requirements[i / 2].without);
	}
}

static void test_json(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	auto_rule_loader struct rule_loader *l = NULL;
	struct strbuf out auto_strbuf = { 0 };
	const struct load_result *result;
	struct error err;

	(void)state;
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	assert_int_equal(rule_loader_add(l, STR("f"), STR("- macro: m\n  condition: fd.num=1\n"), &result, &err), 0);
	load_result_print_json(&out, result, true);
	assert_string_equal(
		out.ptr,
		"{\"errors\":[],\"name\":\"f\",\"schema_valid\":true,\"schema_warnings\":[],\"successful\":true,"
		"\"warnings\":[{\"code\":\"LOAD_UNUSED_MACRO\",\"codedesc\":\"no rule uses this macro\",\"context\":{"
		"\"locations\":[{\"item_name\":\"\",\"item_type\":\"rules content\",\"position\":{\"column\":0,"
		"\"line\":0,\"name\":\"f\",\"offset\":0}},{\"item_name\":\"m\",\"item_type\":\"macro\",\"position\":{"
		"\"column\":2,\"line\":0,\"name\":\"f\",\"offset\":2}}],\"snippet\":\"- macro: m\\n  ^\\n\"},"
		"\"message\":\"no rule or macro uses this macro\"}]}");
	strbuf_reset(&out);
	load_result_print(&out, result, false, false);
	assert_string_equal(out.ptr, "f: Ok, with warnings\n 1 warnings: [LOAD_UNUSED_MACRO (Unused macro)]");
}

/* Deviations from the schema are told, and fatal only where reading the item is. */
static void test_schema(void **state)
{
	static const struct {
		const char *text, *first; /* first deviation; NULL = none */
		size_t count;
	} rows[] = {
		{ "- list: l\n  items: [a, 1]\n", NULL, 0 },
		{ "- macro: m\n  condition: fd.num=1\n  colour: red\n",
		  "failed for <root>[0]: Object contains a property that could not be validated using 'properties' or "
		  "'additionalProperties' constraints: 'colour'.",
		  2 },
		{ "- list: ~\n", "failed for <root>[0][list]: Value type not permitted by 'type' constraint.", 3 },
		{ "- rule: {a: b}\n", "failed for <root>[0][rule]: Value type not permitted by 'type' constraint.", 3 },
		{ "- required_engine_version: [1]\n",
		  "failed for <root>[0][required_engine_version]: Value type not permitted by 'type' constraint.", 3 },
		{ "- required_engine_version: 1\n", NULL, 0 },
		/* each of the alternatives is told */
		{ "- list: l\n  items: [a, 1.5, [a]]\n",
		  "failed for <root>[0][items][2]: Value type not permitted by 'type' constraint.", 8 },
		{ "- rule: r\n  tags: [a, ~]\n",
		  "failed for <root>[0][tags][1]: Value type not permitted by 'type' constraint.", 4 },
		{ "- rule: r\n  priority: [DEBUG]\n",
		  "failed for <root>[0][priority]: Value type not permitted by 'type' constraint.", 4 },
		{ "- rule: r\n  capture_duration: 010\n", NULL, 0 },
		{ "- rule: r\n  capture_duration: 0x10\n",
		  "failed for <root>[0][capture_duration]: Value type not permitted by 'type' constraint.", 3 },
		{ "- rule: r\n  enabled: ~\n",
		  "failed for <root>[0][enabled]: Value type not permitted by 'type' constraint.", 3 },
		{ "- list: l\n  items: a\n",
		  "failed for <root>[0][items]: Value type not permitted by 'type' constraint.", 3 },
		{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: Debug\n",
		  "failed for <root>[0][priority]: Failed to match against any enum values.", 3 },
		{ "- rule: r\n  desc: d\n  condition: evt.type=open\n  output: o\n  priority: DEBUG\n  exceptions:\n  - fields: a\n",
		  "failed for <root>[0][exceptions][0]: Missing required property 'name'.", 4 },
		{ "- {list: l, items: [a], [k]: v}\n",
		  "failed for <root>[0]: Object contains a property that could not be validated using 'properties' or "
		  "'additionalProperties' constraints: ''.",
		  2 },
		{ "- list: l\n  items: []\n---\n- macro: m\n  colour: red\n  condition: fd.num=1\n", NULL, 0 },
	};
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_rule_loader struct rule_loader *l = NULL;
		const struct load_result *result;
		struct error err;

		assert_int_equal(rule_loader_new(&options, &l, &err), 0);
		assert_int_equal(rule_loader_add(l, STR("f"), str_of(rows[i].text), &result, &err), 0);
		assert_int_equal(result->nschema_warnings, rows[i].count);
		if (rows[i].first)
			assert_true(str_eq(result->schema_warnings[0], str_of(rows[i].first)));
	}
}

static void test_many_findings(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	struct strbuf text auto_strbuf = { 0 };
	auto_rule_loader struct rule_loader *l = NULL;
	const struct load_result *result;
	struct error err;

	(void)state;
	for (int i = 0; i < RULES_FINDINGS + 10; i++)
		strbuf_addf(&text, "- macro: m%d\n  condition: fd.num=1\n", i);
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	assert_int_equal(rule_loader_add(l, STR("f"), strbuf_str(&text), &result, &err), 0);
	assert_true(result->successful);
	assert_int_equal(result->nfindings, RULES_FINDINGS);
	assert_int_equal(result->omitted, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_many_findings),
		cmocka_unit_test(test_findings), cmocka_unit_test(test_files), cmocka_unit_test(test_ours),
		cmocka_unit_test(test_ours_conditions), cmocka_unit_test(test_ours_output),
		cmocka_unit_test(test_extensions),
		cmocka_unit_test(test_options),	 cmocka_unit_test(test_plugins), cmocka_unit_test(test_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
