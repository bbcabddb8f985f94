/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/condition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static int check(struct arena *arena, const char *text, struct condition_error *ret_problem,
		 struct condition_warning **ret_warnings)
{
	struct field_options options = { 0 };
	struct ast *tree;

	*ret_warnings = NULL;
	*ret_problem = (struct condition_error){ 0 };
	if (condition_parse(arena, str_of(text), &tree, ret_problem) < 0)
		fail_msg("%s does not parse", text);
	return condition_check(arena, tree, &options, ret_problem, ret_warnings);
}

/* An operator and a value for each kind of field: accepted or not. */
static const struct {
	const char *text;
	bool good;
} cases[] = {
	/* numbers: decimal, clamped, whatever the quotes */
	{ "fd.num = 3", true },
	{ "fd.num = '3'", true },
	{ "fd.num = -1", true },
	{ "fd.num = +3", true },
	{ "fd.num = 03", true },
	{ "fd.num = 0x10", false },
	{ "fd.num = 1e+2", false },
	{ "fd.num < 4.0", false },
	{ "fd.num = x", false },
	{ "fd.num = ''", false },
	{ "fd.num in (1, 2)", true },
	{ "fd.num in (1, x)", false },
	{ "fd.num contains 1", false },
	{ "fd.num = 99999999999999999999", true },
	{ "fd.num exists", true },
	{ "fd.num startswith 1", false },
	{ "fd.num = anyof (1, 2)", true },
	/* booleans */
	{ "evt.is_open_read = true", true },
	{ "evt.is_open_read = false", true },
	{ "evt.is_open_read = 1", false },
	{ "evt.is_open_read = TRUE", false },
	{ "evt.is_open_read < 1", false },
	/* text */
	{ "proc.name = a", true },
	{ "proc.name < 5", true },
	{ "proc.name contains a", true },
	{ "proc.name bcontains 61", false },
	{ "proc.name regex 'a[bc]+'", true },
	{ "proc.name regex '('", false },
	{ "proc.name regex '(?i)a'", false },
	{ "proc.name pmatch (/a)", true },
	{ "proc.name intersects (a)", true },
	/* buffers */
	{ "evt.buffer contains a", true },
	{ "evt.buffer bcontains 6162", true },
	{ "evt.buffer bcontains 616", false },
	{ "evt.buffer bcontains xy", false },
	{ "evt.buffer icontains a", false },
	{ "evt.buffer glob 'a*'", false },
	/* addresses, networks, ports */
	{ "fd.sip = 127.0.0.1", true },
	{ "fd.sip = ::1", true },
	{ "fd.sip = 127.0.0.0/8", false },
	{ "fd.sip = 1.2.3", false },
	{ "fd.sip < 5", false },
	{ "fd.snet = 10.0.0.0/8", true },
	{ "fd.snet = 10.0.0.1", false },
	{ "fd.snet = ::/0", false },
	{ "fd.snet = 2001:db8::/32", true },
	{ "fd.snet = 10.0.0.0/33", false },
	{ "fd.sip contains 1", false },
	{ "fd.sport = 65536", true },
	{ "fd.sport = -1", false },
	{ "fd.sport = no_such_service", false },
	/* event types */
	{ "evt.type = open", true },
	{ "evt.type = OPEN", false },
	{ "evt.type contains name", false },
	{ "evt.type startswith open", true },
	{ "evt.type in (open, nothing)", false },
	{ "tolower(evt.type) glob open", true },
	{ "tolower(evt.type) glob 'op*'", false },
	/* val() and transformers */
	{ "proc.name = val(proc.pname)", true },
	{ "proc.name = val(fd.num)", false },
	{ "proc.name regex val(proc.pname)", false },
	{ "fd.snet = val(fd.cnet)", false },
	{ "proc.aname[1] = val(proc.name)", false },
	{ "proc.name = val(proc.aname[1])", false },
	{ "tolower(proc.name) = a", true },
	{ "tolower(fd.num) = a", false },
	{ "tolower(proc.aname[1]) = a", false },
	/* what a call of several values is compared with is not looked at, nor what became of a field that it takes */
	{ "concat(proc.name, fd.name) = val(fd.num)", true },
	{ "len(join(',', fd.types)) = val(proc.name)", true },
	{ "getopt(fd.types, 'a') in val(proc.name)", true },
	{ "concat(proc.name, fd.name) = val(proc.aname[1])", false },
	{ "concat(proc.name, fd.name) regex val(proc.name)", false },
	{ "toupper(proc.name) = val(fd.num)", false },
	{ "proc.name = concat(len(proc.name), fd.name)", true },
	{ "concat(len(fd.types), fd.name) = a", false },
	{ "join(fd.num, fd.types) = a", true },
	{ "join(',', getopt(fd.types, 'a')) = a", false },
	{ "len(proc.name) = 3", true },
	{ "len(proc.name) = x", false },
	{ "len(proc.name) contains 3", false },
	/* fields */
	{ "proc.nothing = a", false },
	{ "fd.name[1] = a", false },
	{ "proc.aname[x] = a", false },
	{ "proc.env[HOME] = a", true },
	{ "some_macro", false },
};

static void test_cases(void **state)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		auto_arena struct arena *arena = arena_new(1024);
		struct condition_warning *warnings;
		struct condition_error problem;
		int r = check(arena, cases[i].text, &problem, &warnings);

		if ((r == 0) != cases[i].good)
			fail_msg("%s: %d " STR_FMT, cases[i].text, r, STR_ARG(problem.message));
		assert_true(r == 0 || problem.message.len > 0);
	}
}

static void test_problems(void **state)
{
	auto_arena struct arena *arena = arena_new(1024);
	struct condition_warning *warnings;
	struct condition_error problem;

	assert_int_equal(check(arena, "proc.name = a and proc.nmae = b", &problem, &warnings), -EINVAL);
	assert_int_equal(problem.offset, 18);
	assert_true(problem.unknown_filter);
	assert_true(str_eq(problem.hint, STR("proc.name")));
	assert_null(problem.next);
	/* each problem that a condition has, in its order */
	assert_int_equal(check(arena, "proc.nmae = b and (fd.num = x or not fd.mun = 1) and fd.num in (1, a, b)",
			       &problem, &warnings),
			 -EINVAL);
	assert_int_equal(problem.offset, 0);
	assert_int_equal(problem.next->offset, 28);
	assert_int_equal(problem.next->next->offset, 37);
	assert_true(str_eq(problem.next->next->hint, STR("fd.num")));
	assert_int_equal(problem.next->next->next->offset, 67);
	assert_int_equal(problem.next->next->next->next->offset, 70);
	assert_null(problem.next->next->next->next->next);
	assert_int_equal(check(arena, "evt.type = opne", &problem, &warnings), -EINVAL);
	assert_true(problem.unknown_filter);
	assert_true(str_eq(problem.hint, STR("open")));
	assert_int_equal(check(arena, "evt.type in (execvee, nothing_like_it)", &problem, &warnings), -EINVAL);
	assert_true(str_eq(problem.hint, STR("execve")));
	assert_int_equal(problem.next->hint.len, 0);
	assert_int_equal(check(arena, "fd.num = x", &problem, &warnings), -EINVAL);
	assert_false(problem.unknown_filter);
}

static const struct {
	const char *text;
	int kind; /* of the one warning, -1 = none */
} warned[] = {
	{ "proc.name regex abc", CONDITION_WARN_REGEX },
	{ "proc.name regex '.*host.*'", CONDITION_WARN_REGEX },
	{ "proc.name regex 'a[bc]+d'", -1 },
	{ "proc.name = proc.pname", CONDITION_WARN_VALUE },
	{ "proc.name = 'tolower(proc.pname)'", CONDITION_WARN_VALUE },
	{ "proc.name = 'a.b'", -1 },
	{ "evt.dir = < and evt.dir = <", CONDITION_WARN_DEPRECATED },
	{ "concat(proc.name, fd.name) = val(fd.num)", CONDITION_WARN_NEVER },
	{ "concat(proc.name, fd.name) = val(proc.cmdline)", -1 },
};

static void test_warnings(void **state)
{
	for (size_t i = 0; i < sizeof(warned) / sizeof(warned[0]); i++) {
		auto_arena struct arena *arena = arena_new(1024);
		struct condition_warning *warnings;
		struct condition_error problem;

		assert_int_equal(check(arena, warned[i].text, &problem, &warnings), 0);
		if (warned[i].kind < 0) {
			assert_null(warnings);
			continue;
		}
		if (!warnings || (int)warnings->kind != warned[i].kind || warnings->next)
			fail_msg("%s", warned[i].text);
	}
}

/* Trees that macros made deep or large are refused, not followed. */
static void test_limits(void **state)
{
	auto_arena struct arena *arena = arena_new(1024);
	struct field_options options = { 0 };
	struct condition_warning *warnings = NULL;
	struct condition_error problem;
	struct ast *tree, *leaf;

	assert_int_equal(condition_parse(arena, STR("proc.name = a"), &leaf, &problem), 0);
	tree = leaf;
	for (int i = 0; i < 100000; i++) {
		struct ast *not = arena_new_of(arena, struct ast);

		not->kind = AST_NOT;
		not->nchildren = 1;
		not->children = arena_new_of(arena, struct ast *);
		not->children[0] = tree;
		tree = not;
	}
	assert_int_equal(condition_check(arena, tree, &options, &problem, &warnings), -EINVAL);
	tree = leaf;
	for (int i = 0; i < 40; i++) { /* each level twice the one below: 2^40 checks */
		struct ast *and = arena_new_of(arena, struct ast);

		and->kind = AST_AND;
		and->nchildren = 2;
		and->children = arena_array_of(arena, struct ast *, 2);
		and->children[0] = and->children[1] = tree;
		tree = and;
	}
	assert_int_equal(condition_check(arena, tree, &options, &problem, &warnings), -EINVAL);
}

/* ---- event types --------------------------------------------------------------------------------------- */

static const struct {
	const char *text;
	int openat, execve, close; /* whether the exit type is in the set */
} sets[] = {
	{ "evt.type = openat", 1, 0, 0 },
	{ "evt.type != openat", 0, 1, 1 },
	{ "not evt.type = openat", 0, 1, 1 },
	{ "not evt.type != openat", 1, 0, 0 },
	{ "evt.type in (openat, execve)", 1, 1, 0 },
	{ "proc.name = a", 1, 1, 1 },
	{ "not proc.name = a", 1, 1, 1 },
	{ "evt.type = openat and proc.name = a", 1, 0, 0 },
	{ "evt.type = openat or proc.name = a", 1, 1, 1 },
	{ "not (evt.type = openat and proc.name = a)", 1, 1, 1 },
	{ "not (evt.type = openat or evt.type = execve)", 0, 0, 1 },
	{ "evt.type = openat and evt.type = execve", 0, 0, 0 },
	{ "evt.type exists", 1, 1, 1 },
	{ "evt.type startswith open", 1, 1, 1 },
	/* no event has this number, but Falco's warnings do not know that */
	{ "evt.num = 0", 1, 1, 1 },
	{ "evt.num = 0 and evt.type = close", 0, 0, 1 },
	/* a call that ends in a constant has no types when it is denied */
	{ "concat(proc.name, '-') = a-", 1, 1, 1 },
	{ "not concat(proc.name, '-') = a-", 0, 0, 0 },
	{ "not concat('-', proc.name) in (-a)", 1, 1, 1 },
	{ "not concat(proc.name, '-') contains a", 1, 1, 1 },
	{ "not (getopt(fd.types, 'a:')[a] in (x)) or evt.type = close", 0, 0, 1 },
	{ "not join('-', (proc.name, 'x')) = x", 0, 0, 0 },
};

static void test_event_types(void **state)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		auto_arena struct arena *arena = arena_new(1024);
		bool types[EV_COUNT], codes[SYSCALL_CODES];
		struct condition_error problem;
		struct ast *tree;

		assert_int_equal(condition_parse(arena, str_of(sets[i].text), &tree, &problem), 0);
		assert_int_equal(condition_event_types(tree, types, codes, &problem), 0);
		if (types[EV_SYSCALL_OPENAT_2_X] != sets[i].openat || types[EV_SYSCALL_EXECVE_19_X] != sets[i].execve ||
		    types[EV_SYSCALL_CLOSE_X] != sets[i].close)
			fail_msg("%s", sets[i].text);
	}
}

static void test_event_types_refused(void **state)
{
	static const char *const texts[] = { "evt.type = val(proc.name)", "tolower(evt.type) = open",
					     "concat(proc.name, evt.type) exists" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		auto_arena struct arena *arena = arena_new(1024);
		bool types[EV_COUNT], codes[SYSCALL_CODES];
		struct condition_error problem;
		struct ast *tree;

		assert_int_equal(condition_parse(arena, str_of(texts[i]), &tree, &problem), 0);
		assert_int_equal(condition_event_types(tree, types, codes, &problem), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),       cmocka_unit_test(test_problems),
		cmocka_unit_test(test_warnings),    cmocka_unit_test(test_limits),
		cmocka_unit_test(test_event_types), cmocka_unit_test(test_event_types_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
