/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/*
 * The form of falco -V to the byte: places, lines, marks, order of keys. @M stands for our sentence of the
 * finding before, since only codes, labels and form are Falco's.
 */
struct row {
	const char *name, *text, *expected_text, *expected_json;
};

#define LOCATION(name, type, line, column, offset)                                                                    \
	"{\"item_name\":\"" name "\",\"item_type\":\"" type "\",\"position\":{\"column\":" #column ",\"line\":" #line \
	",\"name\":\"f.yaml\",\"offset\":" #offset "}}"

static const struct row rows[] = {
	{ "good",
	  "- macro: m\n  condition: fd.num = 1\n- rule: r\n  desc: d\n  condition: evt.type = open and m\n  output: o\n  priority: INFO\n",
	  "f.yaml: Ok",
	  "{\"errors\":[],\"name\":\"f.yaml\",\"schema_valid\":true,\"schema_warnings\":[],\"successful\":true,\"warnings\":[]}" },
	{ "a warning", "- list: unused\n  items: [a]\n",
	  "f.yaml: Ok, with warnings\n1 Warnings:\nIn rules content: (f.yaml:0:0)\n    list 'unused': (f.yaml:0:2)\n------\n"
	  "- list: unused\n  ^\n------\nLOAD_UNUSED_LIST (Unused list): @M\n",
	  "{\"errors\":[],\"name\":\"f.yaml\",\"schema_valid\":true,\"schema_warnings\":[],\"successful\":true,\"warnings\":[{"
	  "\"code\":\"LOAD_UNUSED_LIST\",\"codedesc\":\"@D\",\"context\":{\"locations\":[" LOCATION(
		  "", "rules content", 0, 0,
		  0) "," LOCATION("unused", "list", 0, 2,
				  2) "],\"snippet\":\"- list: unused\\n  ^\\n\"},\"message\":\"@M\"}]}" },
	{ "an error", "- rule: r\n  desc: d\n  output: o\n  priority: INFO\n",
	  "f.yaml: Invalid\n1 Errors:\nIn rules content: (f.yaml:0:0)\n    rule 'r': (f.yaml:0:2)\n------\n"
	  "- rule: r\n  ^\n------\nLOAD_ERR_YAML_VALIDATE (Error validating internal structure of YAML file): @M\n",
	  "{\"errors\":[{\"code\":\"LOAD_ERR_YAML_VALIDATE\",\"codedesc\":\"Error validating internal structure of YAML file\","
	  "\"context\":{\"locations\":[" LOCATION("", "rules content", 0, 0, 0) "," LOCATION(
		  "r", "rule", 0, 2,
		  2) "],\"snippet\":\"- rule: r\\n  ^\\n\"},\"message\":\"@M\"}],\"name\":\"f.yaml\",\"schema_valid\":true,"
		     "\"schema_warnings\":[],\"successful\":false,\"warnings\":[]}" },
	{ "not YAML", "a: [\n", NULL,
	  "{\"errors\":[{\"code\":\"LOAD_ERR_YAML_PARSE\",\"codedesc\":\"YAML parse error\",*" },
	/* the place in the condition is added to that in the file, so the mark is at the condition's end */
	{ "a condition",
	  "- rule: r\n  desc: d\n  condition: evt.type = open and fd.nane = x\n  output: o\n  priority: INFO\n",
	  "f.yaml: Invalid\n1 Errors:\nIn rules content: (f.yaml:0:0)\n    rule 'r': (f.yaml:0:2)\n    rule condition: (f.yaml:2:13)\n"
	  "    condition expression: (\"evt.type = open a...\":3:34)\n------\nevt.type = open and fd.nane = x\n"
	  "                              ^\n------\nLOAD_ERR_COMPILE_CONDITION (Error compiling condition): @M\n",
	  NULL },
	/* shown is what was written, of the rule where a macro is at fault; what cannot be read has its lists */
	{ "a macro that is not defined",
	  "- list: l\n  items: [a, b]\n- macro: m\n  condition: fd.name in (l) and nosuch\n",
	  "*condition expression: (\"fd.name in (l) an...\":3:27)\n------\n"
	  "fd.name in (l) and nosuch\n                        ^\n------\n*", NULL },
	{ "a fault in a macro",
	  "- list: l\n  items: [a, b]\n- macro: m\n  condition: fd.name in (l) and fd.num = x\n"
	  "- rule: r\n  desc: d\n  condition: fd.num = 1 and m\n  output: o\n  priority: INFO\n",
	  "*condition expression: (\"fd.num = 1 and m\":7:38)\n------\nfd.num = 1 and m\n               ^\n------\n*", NULL },
	{ "a condition that is no sentence",
	  "- list: l\n  items: [a, b]\n- macro: m\n  condition: fd.name in (l) and\n",
	  "*condition expression: (\"fd.name in ( a, b...\":*", NULL },
	{ "a deprecated field",
	  "- rule: r\n  desc: d\n  condition: evt.type = open and evt.dir = <\n  output: o\n  priority: INFO\n",
	  "f.yaml: Ok, with warnings\n1 Warnings:\nIn rules content: (f.yaml:0:0)\n    rule 'r': (f.yaml:0:2)\n"
	  "    rule condition: (f.yaml:2:13)\n    condition expression: (\"evt.type = open a...\":2:13)\n------\n"
	  "evt.type = open and evt.dir = <\n                              ^\n------\n"
	  "LOAD_DEPRECATED_ITEM (Used deprecated item: field 'evt.dir'): @M\n",
	  "*\"snippet\":\"evt.type = open and evt.dir = <\\n                              ^\\n\"},\"deprecated_field\":\"evt.dir\","
	  "\"message\":\"@M\"}]}" },
	{ "schema", "- macro: m\n  condition: fd.num = 1\n  colour: red\n",
	  "f.yaml: Ok, with warnings\n2 Schema warnings:\n------\nfailed for <root>[0]: Object contains a property that could not be "
	  "validated using 'properties' or 'additionalProperties' constraints: 'colour'.\n------\nfailed for <root>: Failed to "
	  "validate item #0 in array.\n------\n\n2 Warnings:\n*",
	  "*\"schema_valid\":false,\"schema_warnings\":[\"failed for <root>[0]: *" },
	/* an empty first line: the rest stands for it, its last three characters as dots */
	{ "an empty line", "\nabc: defgh\n", "f.yaml: Invalid\n1 Schema warnings:*------\nabc: def...\n*", NULL },
};

/* Compares up to a '*' at the end or from one at the start; @M and @D stand for any text without quotes. */
static bool matches(const char *text, const char *expected)
{
	for (; *expected; text++, expected++) {
		if (*expected == '*') {
			if (!expected[1])
				return true;
			while (*text && !matches(text, expected + 1))
				text++;
			return *text;
		}
		if (expected[0] == '@' && (expected[1] == 'M' || expected[1] == 'D')) {
			text += strcspn(text, "\"\n");
			expected += 2;
		}
		if (*text != *expected)
			return false;
	}
	return !*text;
}

static void test_form(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct strbuf text auto_strbuf = { 0 }, json auto_strbuf = { 0 };
		auto_rule_loader struct rule_loader *l = NULL;
		const struct load_result *result;
		struct error err = { 0 };

		assert_int_equal(rule_loader_new(&options, &l, &err), 0);
		assert_int_equal(rule_loader_add(l, STR("f.yaml"), str_of(rows[i].text), &result, &err), 0);
		load_result_print(&text, result, true, false);
		load_result_print_json(&json, result, false);
		if (rows[i].expected_text && !matches(text.ptr, rows[i].expected_text))
			fail_msg("%s:\n%s\nis not\n%s", rows[i].name, text.ptr, rows[i].expected_text);
		if (rows[i].expected_json && !matches(json.ptr, rows[i].expected_json))
			fail_msg("%s:\n%s\nis not\n%s", rows[i].name, json.ptr, rows[i].expected_json);
	}
}

/*
 * Lines that are longer than what is shown of them: 80 characters before the place, 80 and the place itself
 * behind it.
 */
static void test_long_lines(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	struct strbuf text auto_strbuf = { 0 };
	auto_rule_loader struct rule_loader *l = NULL;
	const struct load_result *result;
	struct error err = { 0 };
	const char *line, *mark;
	struct str snippet;

	(void)state;
	strbuf_adds(&text, "- {list: x, items: [");
	for (int i = 0; i < 200; i++)
		strbuf_addf(&text, "%s%03d", i ? "," : "", i);
	strbuf_adds(&text, "], append: perhaps}\n");
	assert_int_equal(rule_loader_new(&options, &l, &err), 0);
	assert_int_equal(rule_loader_add(l, STR("f"), strbuf_str(&text), &result, &err), 0);
	assert_true(result->nfindings > 0);
	snippet = result->findings[0].snippet;
	line = memchr(snippet.ptr, '\n', snippet.len);
	assert_non_null(line);
	mark = memchr(line, '^', snippet.len - (size_t)(line - snippet.ptr));
	assert_non_null(mark);
	assert_true(str_starts(snippet, STR("...")) || str_starts(snippet, STR("- {")));
	assert_true((size_t)(line - snippet.ptr) <= 161);
	assert_true(str_starts(snippet, STR("- {")) ? memcmp(line - 3, "...", 3) == 0 :
						      (size_t)(mark - line - 1) == 80);
}

/* Neither form gives a terminal what it acts on: the name, the text around the place, the file's name. */
static void test_controls(void **state)
{
	const struct engine_options options = { .min_priority = PRIORITY_DEBUG };
	static const char *const texts[] = { "- list: \"\\e[2J\\x9b\"\n  items: [a]\n", "- list: \xff\x9b\n  items: [a]\n",
					     "- list: a\xc2\x9b\n  items: 5\n" };

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(texts) / sizeof(texts[0]); i++) {
		struct strbuf text auto_strbuf = { 0 };
		auto_rule_loader struct rule_loader *l = NULL;
		const struct load_result *result;
		struct error err = { 0 };

		assert_int_equal(rule_loader_new(&options, &l, &err), 0);
		assert_int_equal(rule_loader_add(l, STR("f\x9b"), str_of(texts[i / 2]), &result, &err), 0);
		load_result_print(&text, result, true, i % 2);
		assert_non_null(strstr(text.ptr, "f?:"));
		if (strpbrk(text.ptr, "\033\x9b\xff"))
			fail_msg("%zu: %s", i, text.ptr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_form), cmocka_unit_test(test_long_lines),
					    cmocka_unit_test(test_controls) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
