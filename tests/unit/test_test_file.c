/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/test_run.h"

/* ---- faults have a place ---- */

static void test_faults(void **state)
{
	static const struct {
		const char *text, *fault;
	} cases[] = {
		{ "- a", "f.yaml:1:1: a map was expected" },
		{ "rules: []", "f.yaml:1:1: the file has no \"tests\"" },
		{ "tests:\n  - name: x\n    expect: none", "f.yaml:2:5: a test has either events or a capture" },
		{ "tests:\n  - name: x\n    events: []", "f.yaml:2:5: the test does not say what it expects" },
		{ "tests:\n  - expect: none\n    events: []", "f.yaml:2:5: a test needs a name" },
		{ "tests:\n  - name: x\n    expects: none", "f.yaml:3:5: \"expects\" is none of" },
		{ "tests:\n  - name: x\n    expect: none\n    events:\n      - {event: open}",
		  "f.yaml:5:9: the event has no process" },
		{ "processes: [{name: a}]\ntests:\n  - name: x\n    expect: none\n    events:\n      - {event: opn}",
		  "f.yaml:6:17: there is no event \"opn\"" },
		{ "processes: [{name: a}]\ntests:\n  - name: x\n    expect: none\n    events:\n      - {event: open, nam: b}",
		  "f.yaml:6:23: open has no parameter \"nam\"" },
		{ "processes: [{name: a}]\ntests:\n  - name: x\n    expect: none\n    events:\n      - {event: open, flags: O_NO}",
		  "f.yaml:6:9: flags=O_NO is no number" },
		{ "processes: [{name: a, uid: -1}]\ntests: [{name: x, expect: none, events: []}]",
		  "f.yaml:1:28: \"-1\" is no number from 0" },
		{ "tests: [{name: x, expect: [{rule: a, priority: loud}], events: []}]",
		  "f.yaml:1:48: \"loud\" is no priority" },
		{ "tests: [{name: x, runner: HostRunner, steps: [{type: syscall}]}]",
		  "f.yaml:1:47: a step needs a name" },
		{ "rules: []\nrules: [a, b]\ntests: []", "f.yaml:2:1: \"rules\" is given twice" },
		{ "tests: [{name: x, expect: none, expect: none}]", "f.yaml:1:33: \"expect\" is given twice" },
		{ "tests: [", "f.yaml:1:" },
		{ "processes: [{name: a}]\ntests: [{name: x, expect: none, events: [{event: kill, sig: SIGNO}]}]",
		  "f.yaml:2:42: sig=SIGNO is no number" },
		{ "tests: [{name: x, expect: none, events: []}]", "f.yaml:1:41: nothing happens in this test" },
		{ "tests: [{name: x, expect: none, events: [{open: {name: a}}]}]",
		  "f.yaml:1:42: the name is a value: {event: open, ...}" },
		{ "tests: [{name: x, expect: none, events: [{name: a}]}]", "f.yaml:1:42: an event needs its name" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct test_file *f = NULL;
		struct error err = { 0 };

		assert_int_equal(test_file_parse("f.yaml", str_of(cases[i].text), &f, &err), -EINVAL);
		if (!str_starts(str_of(err.text), str_of(cases[i].fault)))
			fail_msg("case %zu: %s", i, err.text);
	}
}

/* Nothing is known of a process whose members are all empty; that is no fault. */
static void test_empty_names(void **state)
{
	static const char text[] = "processes: [{name: '', exe: '', exepath: '', container: {image: ''}}]\n"
				   "tests: [{name: x, expect: none, events: [{event: close}]}]";
	auto_test_file struct test_file *f = NULL;
	struct error err = { 0 };

	(void)state;
	if (test_file_parse("", STR(text), &f, &err) < 0)
		fail_msg("%s", err.text);
}

/* ---- outcomes ---- */

#define RULES \
	"inline: |\n" \
	"  - rule: A\n    desc: d\n    condition: evt.type = openat and fd.name startswith /a\n" \
	"    output: a %fd.name %proc.pname\n    priority: NOTICE\n" \
	"  - rule: B\n    desc: d\n    condition: evt.type = execve and proc.args contains b and container.id = 3ad7b26ded6d\n" \
	"    output: b %proc.cmdline %container.name\n    priority: NOTICE\n" \
	"processes:\n  - {name: sh, container: {name: web}}\n  - {name: cat, parent: sh}\n" \
	"tests:\n  - name: x\n    events:\n"

static int load_rules(const struct test_file *f, struct test_rules *ret_rules, struct error *err)
{
	static struct setup setup;

	setup.engine = setup_engine_options(NULL);
	return test_rules_load(f, &setup, NULL, 0, true, ret_rules, err);
}

#define KILLS                                                                                                        \
	"inline: |\n  - rule: K\n    desc: d\n    condition: evt.type = kill\n    output: '%evt.arg.sig %evt.res'\n" \
	"    priority: INFO\nprocesses: [{name: a}]\ntests: [{name: x, events: "

static void test_outcomes(void **state)
{
	static const struct {
		const char *text;
		enum test_outcome outcome;
	} cases[] = {
		{ RULES "      - {event: openat, name: /a}\n    expect: [A]", TEST_PASSED },
		{ RULES "      - {event: openat, name: /b}\n    expect: [A]", TEST_FAILED },
		{ RULES "      - {event: openat, name: /b}\n    expect: none", TEST_PASSED },
		{ RULES "      - {event: openat, name: /a}\n    expect: none", TEST_FAILED },
		{ RULES "      - {event: openat, name: /a}\n      - {event: openat, name: /a}\n    expect: [A]",
		  TEST_FAILED },
		{ RULES
		  "      - {event: openat, name: /a}\n      - {event: openat, name: /a}\n    expect: [{rule: A, count: 2}]",
		  TEST_PASSED },
		{ RULES "      - {event: openat, name: /a}\n    expect: [{rule: A, fields: {proc.pname: sh}}]",
		  TEST_PASSED },
		{ RULES "      - {event: openat, name: /a}\n    expect: [{rule: A, fields: {proc.pname: zsh}}]",
		  TEST_FAILED },
		{ RULES "      - {event: openat, name: /a}\n    expect: [{rule: A, output: a /a sh}]", TEST_PASSED },
		{ RULES "      - {event: openat, name: /a}\n    expect: [{rule: A, priority: error}]", TEST_FAILED },
		{ RULES "      - {event: openat, name: /c, real_path: /a}\n    expect: [A]", TEST_PASSED },
		{ RULES
		  "      - spawn: {name: ls, parent: cat, args: a b}\n    expect: [{rule: B, output: b ls a b web}]",
		  TEST_PASSED },
		{ RULES
		  "      - {event: execve, filename: /bin/x, args: [b]}\n    expect: [{rule: B, output: b x b web}]",
		  TEST_PASSED },
		{ RULES "      - {event: openat, name: /a}\n    only: B\n    expect: none", TEST_PASSED },
		{ KILLS
		  "[{event: kill, pid: 7, sig: SIGKILL, res: EPERM}], expect: [{rule: K, output: SIGKILL EPERM}]}]",
		  TEST_PASSED },
		{ KILLS
		  "[{event: kill, pid: 7, sig: SIGTERM, res: -ESRCH}], expect: [{rule: K, output: SIGTERM ESRCH}]}]",
		  TEST_PASSED },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		auto_test_file struct test_file *f = NULL;
		struct strbuf detail auto_strbuf = { 0 };
		struct test_rules rules = { 0 };
		enum test_outcome outcome;
		struct error err = { 0 };

		if (test_file_parse("f.yaml", str_of(cases[i].text), &f, &err) < 0)
			fail_msg("case %zu: %s", i, err.text);
		assert_int_equal(load_rules(f, &rules, &err), 0);
		assert_int_equal(test_run(&rules, f->cases, &detail, &outcome, &err), 0);
		if (outcome != cases[i].outcome)
			fail_msg("case %zu: outcome %d: %s", i, outcome, detail.ptr ? detail.ptr : "");
		test_rules_free(&rules);
	}
}

/* ---- suites ---- */

static void test_suite(void **state)
{
	static const char text[] =
		"tests:\n"
		"  - name: t\n    rule: R\n    runner: HostRunner\n"
		"    resources: [{type: fd, name: f, subtype: file, filePath: '/etc/%{ item.file }'}]\n"
		"    steps:\n      - {type: syscall, name: d, syscall: dup2, args: {oldFd: '${ f.fd }', newFd: 7}}\n"
		"      - {type: syscall, name: w, syscall: write, args: {fd: '${d.ret}', buffer: hello}}\n"
		"      - {type: syscall, name: k, syscall: reboot}\n"
		"    expectedOutcome: {priority: WARNING}\n"
		"    cases: [{strategy: matrix, values: {file: [a, b], x: [1, 2]}}, {strategy: vector, values: {file: c, x: 1}}]\n";
	auto_test_file struct test_file *f = NULL;
	struct error err = { 0 };
	const struct test_case *c;

	(void)state;
	if (test_file_parse("f.yaml", STR(text), &f, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(f->suite);
	assert_int_equal(f->ncases, 5);
	c = f->cases;
	assert_true(str_eq(c->name, STR("t_testCase#0")));
	assert_true(str_eq(c->expected->rule, STR("R")));
	assert_int_equal(c->expected->priority, PRIORITY_WARNING);
	/* the program starts, the file is opened, then the steps; one of them cannot be expressed */
	assert_int_equal(c->nevents, 4);
	assert_non_null(strstr(c->events[1].line.ptr, "name=\"/etc/a\""));
	assert_non_null(strstr(c->events[2].line.ptr, "oldfd=3 newfd=7 res=7"));
	assert_non_null(strstr(c->events[3].line.ptr, "fd=7"));
	assert_non_null(c->notes);
	assert_non_null(strstr(c->notes->text.ptr, "step \"k\""));
	assert_non_null(strstr(c->next->next->next->next->events[1].line.ptr, "name=\"/etc/c\""));
}

/* ---- coverage ---- */

static void test_coverage(void **state)
{
	static const char text[] = RULES "      - {event: openat, name: /a}\n    expect: [A]";
	auto_test_file struct test_file *f = NULL;
	struct strbuf detail auto_strbuf = { 0 };
	struct test_rules rules = { 0 };
	const struct coverage_rule *a;
	enum test_outcome outcome;
	struct error err = { 0 };

	(void)state;
	assert_int_equal(test_file_parse("f.yaml", STR(text), &f, &err), 0);
	assert_int_equal(load_rules(f, &rules, &err), 0);
	assert_int_equal(test_run(&rules, f->cases, &detail, &outcome, &err), 0);
	assert_int_equal(coverage_count(rules.coverage), 2);
	a = coverage_get(rules.coverage, 0);
	assert_int_equal(a->matched, 1);
	assert_int_equal(a->nchecks, 2);
	assert_int_equal(a->checks[1].yes, 1);
	assert_int_equal(a->checks[1].no, 0);
	assert_int_equal(coverage_get(rules.coverage, 1)->matched, 0);
	test_rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_empty_names),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_suite),
		cmocka_unit_test(test_coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
