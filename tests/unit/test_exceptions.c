/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/loading.h"

#include "rule/exceptions.h"

#define RULE "- rule: r\n  desc: d\n  condition: c\n  output: o\n  priority: INFO\n  exceptions: "
#define LATER "\n- rule: r\n  append: true\n  exceptions: "
#define REPLACED "\n- rule: r\n  override: {exceptions: replace}\n  exceptions: "

/* The condition as it is compiled, or the findings when it is refused. */
static const struct {
	const char *text, *want;
} cases[] = {
	{ RULE "[]", "(c)" },
	{ RULE "~", "(c)" },
	{ RULE "[{name: e, fields: [proc.name], values: []}]", "(c)" },
	{ RULE "[{name: e, fields: [proc.name, fd.name], values: [[a, b], [c d, e]]}]",
	  "(c) and not (( proc.name = a and  fd.name = b) or ( proc.name = \"c d\" and  fd.name = e))" },
	{ RULE "[{name: e, fields: [proc.name], comps: [in], values: [[[a, b]], [c]]}]",
	  "(c) and not (( proc.name in (a, b)) or ( proc.name in (c)))" },
	{ RULE "[{name: e, fields: [proc.name], comps: [in], values: [['(c)']]}]",
	  "(c) and not (( proc.name in (c)))" },
	{ RULE "[{name: e, fields: proc.name, values: [a, b c]}]", "(c) and not (proc.name in (a, \"b c\"))" },
	{ RULE "[{name: e, fields: proc.name, comps: pmatch, values: [a]}]", "(c) and not (proc.name pmatch (a))" },
	{ RULE "[{name: e, fields: proc.name, comps: ' startswith  oneof ', values: [a]}]",
	  "(c) and not (proc.name startswith  oneof (a))" },
	{ RULE "[{name: e, fields: proc.name, values: [a]}, {name: f, fields: [proc.name], values: [[b]]}]",
	  "(c) and not (proc.name in (a)) and not (( proc.name = b))" },
	{ RULE "[{name: e, fields: [toupper(proc.name)], values: [[A]]}]", "(c) and not (( toupper(proc.name) = A))" },
	{ RULE "[{name: e, fields: [proc.name], values: [['a\"b']]}]", "(c) and not (( proc.name = a\"b))" },
	/* later */
	{ RULE "[{name: e, fields: proc.name, values: [a]}]" LATER "[{name: e, values: [b]}]",
	  "(c) and not (proc.name in (a, b))" },
	{ RULE "[]" LATER "[{name: e, fields: proc.name, values: [b]}]", "(c) and not (proc.name in (b))" },
	{ RULE "[{name: e, fields: proc.name, values: [a]}]" REPLACED "[]", "(c)" },
	{ RULE "[]" REPLACED "[{name: e, fields: [proc.name], values: [[a]]}]", "(c) and not (( proc.name = a))" },
	{ RULE "[]" REPLACED "[{name: e, fields: [proc.name], comps: [=, in], values: [[a]]}]",
	  "(c) and not (( proc.name = a))" },
	{ RULE "[]" REPLACED "[{name: e, fields: [proc.name, fd.name], comps: [=], values: []}]", "(c)" },
	/* refused */
	{ RULE "x", "ERR_YAML_VALIDATE r 5:14" },
	{ RULE "[x]", "ERR_YAML_VALIDATE r 5:15" },
	{ RULE "[{fields: [proc.name]}]", "ERR_YAML_VALIDATE r 5:15" },
	{ RULE "[{name: e, values: []}]", "ERR_YAML_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: {}, values: []}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: [no.such], values: []}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: [proc.name], comps: [~], values: []}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: [proc.name], comps: [=, =], values: []}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: [proc.name], comps: [like], values: []}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: [proc.name], comps: [< oneof], values: []}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: proc.name, comps: =, values: []}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: proc.name, comps: [in], values: []}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: [proc.name], values: x}]", "ERR_YAML_VALIDATE e 5:54" },
	{ RULE "[{name: e, fields: [proc.name], values: ~}]", "ERR_YAML_VALIDATE e 5:54" },
	{ RULE "[{name: e, fields: [proc.name], values: ['']}]", "ERR_YAML_VALIDATE e 5:55" },
	{ RULE "[{name: e, fields: [proc.name], values: [a]}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: [proc.name], values: [[a, b]]}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[{name: e, fields: proc.name, values: [[a]]}]", "ERR_VALIDATE e 5:15" },
	{ RULE "[]" LATER "[{name: e, values: [b]}]", "DEPRECATED_ITEM r 6:2; ERR_VALIDATE e 8:15" },
	{ RULE "[{name: e, fields: proc.name, values: [a]}]" LATER "[{name: e, fields: proc.name, values: [b]}]",
	  "DEPRECATED_ITEM r 6:2; ERR_VALIDATE e 8:15" },
	{ RULE "[]" LATER "[{name: e, fields: proc.name}]",
	  "DEPRECATED_ITEM r 6:2; APPEND_NO_VALUES e 8:15; ERR_VALIDATE e 8:15" },
	{ RULE "[]" REPLACED "[{name: e, fields: [proc.name, fd.name], comps: [=], values: [[a, b]]}]",
	  "ERR_VALIDATE e 8:15" },
};

static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct strbuf got auto_strbuf = { 0 };
		struct loading l;
		int r;

		loading_start(&l);
		r = loading_read(&l, cases[i].text);
		if (r == 0)
			r = exceptions_print(&l.findings, &got, l.items.rules[0].condition,
					     &l.items.rules[0].exceptions);
		if (r < 0) {
			strbuf_reset(&got);
			loading_print(&got, l.findings.list, l.findings.count);
		}
		if (strcmp(got.ptr ? got.ptr : "", cases[i].want) != 0)
			fail_msg("%s\n  gives %s\n  expected %s", cases[i].text, got.ptr, cases[i].want);
		loading_end(&l);
	}
}

static void test_same_name(void **state)
{
	struct strbuf got auto_strbuf = { 0 };
	struct loading l;

	(void)state;
	loading_start(&l);
	assert_int_equal(loading_read(&l, RULE "[{name: e, fields: [proc.name]}, {name: e, fields: [fd.name]}]"), 0);
	loading_print(&got, l.findings.list, l.findings.count);
	assert_string_equal(got.ptr, "EXCEPTION_NAME_NOT_UNIQUE e 5:47");
	loading_end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_conditions), cmocka_unit_test(test_same_name) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
