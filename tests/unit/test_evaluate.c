/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/condition.h"
#include "rule/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* ---- a rule set of bare conditions, and one event ------------------------------------------------------ */

static struct ruleset *make_rules(const char *const *conditions, size_t n, bool all_matching)
{
	struct arena *arena = arena_new(65536);
	struct ruleset *r = arena_new_of(arena, struct ruleset);
	uint32_t *order = arena_array_of(arena, uint32_t, n);

	r->arena = arena;
	r->options.all_matching = all_matching;
	r->rules = arena_array_of(arena, struct rule, n);
	r->nrules = r->norder = n;
	r->order = order;
	for (size_t i = 0; i < n; i++) {
		struct condition_warning *warnings = NULL;
		struct condition_error problem;
		struct ast *tree = NULL;

		if (condition_parse(arena, str_of(conditions[i]), &tree, &problem) < 0 ||
		    condition_check(arena, tree, &r->options.fields, &problem, &warnings) < 0)
			fail_msg("%s: " STR_FMT " at %zu", conditions[i], STR_ARG(problem.message), problem.offset);
		r->rules[i].tree = tree;
		r->rules[i].enabled = true;
		order[i] = (uint32_t)i;
	}
	assert_int_equal(ruleset_compile(r, NULL), 0);
	return r;
}

struct world {
	struct state *state;
	struct event_builder builder;
	struct event event;
	struct needs needs;
	struct field_context context;
};

/*
 * A process "cat" with parent "sh", and openat(path, O_RDONLY) = result by it; as a provisional event its
 * result is unknown.
 */
static void make_open(struct world *w, bool provisional, const char *path, int64_t result)
{
	struct process_record sh = {
		.tid = 5, .pid = 5, .ptid = 1, .comm = STR("sh"), .exe = STR("sh"), .cwd = STR("/tmp/")
	};
	struct process_record cat = {
		.tid = 7, .pid = 7, .ptid = 5, .comm = STR("cat"), .exe = STR("cat"), .cwd = STR("/tmp/")
	};
	struct state_options options = { .traits = STATE_FDS_REPORTED | STATE_THREADS_REPORTED };

	*w = (struct world){ 0 };
	w->state = state_new(&options);
	assert_int_equal(state_add_process(w->state, &sh), 0);
	assert_int_equal(state_add_process(w->state, &cat), 0);
	event_begin(&w->builder, EV_SYSCALL_OPENAT_2_X, 1000000000, 7);
	if (provisional)
		event_put_unknown(&w->builder);
	else
		event_put_int(&w->builder, result);
	event_put_int(&w->builder, -100); /* AT_FDCWD */
	event_put_text(&w->builder, str_of(path));
	event_put_int(&w->builder, 1); /* O_RDONLY */
	event_put_int(&w->builder, 0);
	assert_int_equal(event_end(&w->builder, &w->event, NULL), 0);
	w->event.number = 1;
	if (provisional) {
		event_make_provisional(&w->event, &w->builder);
		assert_int_equal(state_preview(w->state, &w->event, &w->context.subject), 0);
	} else {
		assert_int_equal(state_apply(w->state, &w->event, &w->context.subject), 0);
	}
	w->context.state = w->state;
	w->context.ev = &w->event;
	w->context.arena = arena_new(4096);
	w->context.needs = &w->needs;
	w->context.source_name = STR("syscall");
}

static void make_world(struct world *w, bool provisional)
{
	make_open(w, provisional, "/etc/passwd", 3);
}

static void free_world(struct world *w)
{
	state_free(w->state);
	event_builder_free(&w->builder);
	arena_free(w->context.arena);
	strbuf_free(&w->context.scratch);
}

static enum outcome evaluate(struct world *w, const char *const *conditions, size_t n, bool all, struct hits *ret_hits)
{
	auto_ruleset struct ruleset *rules = make_rules(conditions, n, all);
	auto_engine struct engine *engine = NULL;
	struct hits hits;
	enum outcome first, second;

	assert_int_equal(engine_new(rules, w->state, &engine, NULL), 0);
	first = engine_evaluate(engine, &w->context, &hits);
	second = engine_evaluate(engine, &w->context, &hits); /* now from what the thread remembers */
	assert_int_equal(first, second);
	if (ret_hits)
		*ret_hits = (struct hits){ NULL, hits.count };
	return second;
}

static enum outcome evaluate_one(struct world *w, const char *condition)
{
	return evaluate(w, &condition, 1, false, NULL);
}

/* ---- the tests ----------------------------------------------------------------------------------------- */

static const struct {
	const char *condition;
	bool complete; /* of the complete event */
	enum outcome provisional;
} cases[] = {
	{ "evt.type = openat", true, OUTCOME_YES },
	{ "evt.type = open", false, OUTCOME_NO },
	{ "evt.type in (open, openat) and proc.name = cat", true, OUTCOME_YES },
	{ "evt.type != openat", false, OUTCOME_NO },
	{ "not evt.type = openat", false, OUTCOME_NO },
	{ "evt.type startswith open", true, OUTCOME_YES },
	{ "proc.name = cat and proc.pname = sh", true, OUTCOME_YES },
	{ "proc.name in (cat, dog)", true, OUTCOME_YES },
	{ "proc.name in (dog)", false, OUTCOME_NO },
	{ "proc.name in ()", false, OUTCOME_NO },
	{ "proc.name = oneof (cat, dog)", true, OUTCOME_YES },
	{ "proc.name = allof (cat, dog)", false, OUTCOME_NO },
	{ "proc.name != allof (dog, cow)", true, OUTCOME_YES },
	{ "proc.name startswith anyof (d, c)", true, OUTCOME_YES },
	{ "proc.name glob 'c?t' and proc.name iglob 'C*' and proc.name regex 'c[a]t'", true, OUTCOME_YES },
	{ "proc.name contains a and proc.name icontains AT and proc.name endswith at", true, OUTCOME_YES },
	{ "proc.name = val(proc.pname)", false, OUTCOME_NO },
	{ "proc.name != val(proc.pname)", true, OUTCOME_YES },
	{ "toupper(proc.name) = CAT and len(proc.name) = 3", true, OUTCOME_YES },
	{ "concat(proc.aname, '.') = sh. and proc.aname = sh", true, OUTCOME_YES },
	{ "not concat(proc.name, '') = val(proc.pid)", true, OUTCOME_YES },
	{ "concat(proc.name, '') != val(proc.pid)", false, OUTCOME_NO },
	{ "proc.name = tolower(proc.name) and proc.name in concat(proc.name, '')", true, OUTCOME_YES },
	{ "proc.name in tolower(proc.name) or proc.name intersects basename(proc.name)", false, OUTCOME_NO },
	{ "evt.around[5] exists", false, OUTCOME_NO },
	{ "not evt.around[5] exists", true, OUTCOME_YES },
	{ "not concat('-', proc.name) = a", true, OUTCOME_YES },
	{ "fd.name = /etc/passwd", true, OUTCOME_YES },
	{ "fd.name pmatch (/etc, /usr)", true, OUTCOME_YES },
	{ "fd.name pmatch (/etc/pass)", false, OUTCOME_NO },
	{ "fd.name in (/etc/shadow, /etc/passwd)", true, OUTCOME_YES },
	{ "evt.is_open_read = true and evt.is_open_write = false", true, OUTCOME_YES },
	/* absent: every comparison is false */
	{ "proc.aname[9] = x", false, OUTCOME_NO },
	{ "proc.aname[9] != x", false, OUTCOME_NO },
	{ "not proc.aname[9] = x", true, OUTCOME_YES },
	{ "proc.aname[9] exists", false, OUTCOME_NO },
	{ "evt.arg.uid = 1", false, OUTCOME_NO },
	/* unknown: so is what depends on it */
	{ "evt.rawarg.fd >= 0", true, OUTCOME_MAYBE },
	{ "not evt.rawarg.fd >= 0", false, OUTCOME_MAYBE },
	{ "evt.rawarg.fd >= 0 and proc.name = cat", true, OUTCOME_MAYBE },
	{ "evt.rawarg.fd >= 0 and proc.name = dog", false, OUTCOME_NO },
	{ "evt.rawarg.fd >= 0 or proc.name = cat", true, OUTCOME_YES },
	{ "evt.rawarg.fd exists", true, OUTCOME_MAYBE },
};

static void test_cases(void **state)
{
	struct world complete, provisional;

	make_world(&complete, false);
	make_world(&provisional, true);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum outcome outcome = evaluate_one(&complete, cases[i].condition);

		if (outcome != (cases[i].complete ? OUTCOME_YES : OUTCOME_NO))
			fail_msg("%s: %d for the complete event", cases[i].condition, outcome);
		outcome = evaluate_one(&provisional, cases[i].condition);
		if (outcome != cases[i].provisional)
			fail_msg("%s: %d for the provisional event", cases[i].condition, outcome);
	}
	free_world(&complete);
	free_world(&provisional);
}

/* Random conditions over checks of known truth, against minimum, maximum and complement. */
static int random_condition(struct strbuf *out, unsigned int *seed, int depth)
{
	static const struct {
		const char *text;
		int truth;
	} atoms[] = { { "evt.num > 0", 2 },       { "evt.num = 0", 0 },       { "evt.rawarg.fd >= 0", 1 },
		      { "proc.name = cat", 2 },   { "proc.name = x", 0 },     { "proc.aname[9] = x", 0 },
		      { "evt.type = openat", 2 }, { "evt.type = execve", 0 }, { "proc.pname = sh", 2 },
		      { "evt.rawarg.fd = 77", 1 } };
	int kind = depth ? rand_r(seed) % 4 : 0, n, result;

	if (kind == 0) {
		size_t i = (size_t)rand_r(seed) % (sizeof(atoms) / sizeof(atoms[0]));

		strbuf_adds(out, atoms[i].text);
		return atoms[i].truth;
	}
	if (kind == 1) {
		strbuf_adds(out, "not (");
		result = 2 - random_condition(out, seed, depth - 1);
		strbuf_adds(out, ")");
		return result;
	}
	n = 2 + rand_r(seed) % 3;
	result = kind == 2 ? 2 : 0;
	for (int i = 0; i < n; i++) {
		int child;

		strbuf_adds(out, i == 0 ? "(" : kind == 2 ? " and (" : " or (");
		child = random_condition(out, seed, depth - 1);
		strbuf_adds(out, ")");
		if (kind == 2 ? child < result : child > result)
			result = child;
	}
	return result;
}

static void test_model(void **state)
{
	struct world w;
	unsigned int seed = 11;

	make_world(&w, true);
	for (int turn = 0; turn < 60; turn++) {
		struct strbuf texts[12] = { 0 };
		const char *conditions[12];
		int truths[12], any_open = 0;
		uint32_t yes = 0;
		struct hits hits;
		enum outcome outcome;

		for (int i = 0; i < 12; i++) {
			truths[i] = random_condition(&texts[i], &seed, 4);
			conditions[i] = texts[i].ptr;
			any_open |= truths[i] == 1;
			yes += truths[i] == 2;
		}
		for (int i = 0; i < 12; i++) {
			outcome = evaluate_one(&w, conditions[i]);
			if ((int)outcome != truths[i])
				fail_msg("%s: %d instead of %d", conditions[i], outcome, truths[i]);
		}
		outcome = evaluate(&w, conditions, 12, true, &hits);
		assert_int_equal(hits.count, yes);
		assert_int_equal(outcome, any_open ? OUTCOME_MAYBE : yes ? OUTCOME_YES : OUTCOME_NO);
		for (int i = 0; i < 12; i++)
			strbuf_free(&texts[i]);
	}
	free_world(&w);
}

/* ---- questions that rules share ---- */

/* Checks that exclude, contain or repeat each other, as those of real rules do. */
static const char *const related[] = {
	"fd.num >= 0",
	"fd.num = -1",
	"fd.num = 3",
	"fd.num in (3, 4)",
	"fd.num != 3",
	"fd.num < 4",
	"fd.num = anyof (3, 9)",
	"fd.typechar = f",
	"fd.typechar = d",
	"fd.typechar in (f, d)",
	"fd.typechar != f",
	"fd.name exists",
	"fd.name startswith /etc",
	"fd.name = /etc/passwd",
	"fd.name in (/etc/passwd, /etc/motd)",
	"fd.name != /etc/motd",
	"fd.name pmatch (/etc, /usr)",
	"fd.name contains mot",
	"fd.name != allof (/etc/motd, /x)",
	"fd.directory = /etc",
	"evt.is_open_read = true",
	"evt.is_open_write = true",
	"evt.is_open_write = false",
	"evt.rawarg.fd = 3",
	"evt.rawarg.fd > 2",
	"evt.res startswith E",
	"evt.arg.flags contains O_RDONLY",
	"proc.name = cat",
	"proc.pname = cat",
	"fd.nameraw contains ..",
};

static void related_condition(struct strbuf *out, unsigned int *seed, int depth)
{
	int kind = depth ? rand_r(seed) % 5 : 0, n = 2 + rand_r(seed) % 2;

	if (kind == 0) {
		strbuf_adds(out, related[(size_t)rand_r(seed) % ARRAY_SIZE(related)]);
	} else if (kind == 1) {
		strbuf_adds(out, "not (");
		related_condition(out, seed, depth - 1);
		strbuf_adds(out, ")");
	} else {
		for (int i = 0; i < n; i++) {
			strbuf_adds(out, i == 0 ? "(" : kind == 4 ? " or (" : " and (");
			related_condition(out, seed, depth - 1);
			strbuf_adds(out, ")");
		}
	}
}

/* Returns how many questions the plan of the event asks at most. */
static uint32_t questions(const struct plan *plan)
{
	uint32_t no, yes;

	if (!plan->ask)
		return 0;
	no = questions(plan->no);
	yes = questions(plan->yes);
	assert_true(plan->no->nrules <= plan->nrules && plan->yes->nrules <= plan->nrules);
	return 1 + (no > yes ? no : yes);
}

/* A rule comes out among others as it does alone, whatever all of them were asked first. */
static void compare_with_alone(struct world *w, const char *const *conditions, uint32_t n, uint32_t *asked,
			       uint32_t *sieves)
{
	auto_ruleset struct ruleset *rules = make_rules(conditions, n, true);
	auto_engine struct engine *engine = NULL;
	enum outcome outcome, alone, expected = OUTCOME_NO;
	uint32_t k = 0;
	struct hits hits;

	*asked += questions(program_plan(rules->program, &w->event));
	*sieves += rules->program->nsieves;
	assert_int_equal(engine_new(rules, w->state, &engine, NULL), 0);
	for (int turn = 0; turn < 2; turn++)
		outcome = engine_evaluate(engine, &w->context, &hits);
	for (uint32_t i = 0; i < n; i++) {
		bool hit = k < hits.count && hits.rules[k] == i;

		alone = evaluate_one(w, conditions[i]);
		if (hit != (alone == OUTCOME_YES))
			fail_msg("%s: %d alone, %s among others", conditions[i], alone, hit ? "a hit" : "no hit");
		k += hit;
		if (alone == OUTCOME_MAYBE || (alone == OUTCOME_YES && expected == OUTCOME_NO))
			expected = alone;
	}
	assert_int_equal(k, hits.count);
	assert_int_equal(outcome, expected);
}

static void test_questions(void **state)
{
	static const struct {
		bool provisional;
		const char *path;
		int64_t result;
	} opens[] = { { false, "/etc/passwd", 3 },
		      { false, "/etc/motd", 4 },
		      { false, "../x", -2 },
		      { true, "/etc/passwd", 0 } };
	unsigned int seed = 5;
	uint32_t asked = 0, sieves = 0;
	struct world w;

	for (size_t o = 0; o < ARRAY_SIZE(opens); o++) {
		make_open(&w, opens[o].provisional, opens[o].path, opens[o].result);
		for (int turn = 0; turn < 60; turn++) {
			struct strbuf texts[16] = { 0 };
			const char *conditions[16];

			for (int i = 0; i < 16; i++) {
				related_condition(&texts[i], &seed, 3);
				conditions[i] = texts[i].ptr;
			}
			arena_reset(w.context.arena);
			compare_with_alone(&w, conditions, 16, &asked, &sieves);
			for (int i = 0; i < 16; i++)
				strbuf_free(&texts[i]);
		}
		free_world(&w);
	}
	assert_true(asked > 240);
}

/* ---- a lookup that rules share ---- */

/*
 * A check of one of three fields with constants that begin, end within or equal what the events have, or are
 * near it.
 */
static void gate_check(struct strbuf *out, unsigned int *seed)
{
	static const char *const names[] = {
		"/etc/passwd", "/etc/passw", "/etc/passwdx", "/etc/motd", "/etc/", "/etc", "/",  "/e", "/x",
		"/etc/p",      "/etc/group", "/usr",         "x",         "../x",  "/ab",  "bc", "cd", "de"
	};
	static const char *const checks[] = { "fd.name = %",
					      "fd.name startswith %",
					      "fd.name glob %*d",
					      "fd.name in (%, %)",
					      "fd.name glob %",
					      "fd.nameraw = %",
					      "fd.nameraw startswith %",
					      "fd.name != %",
					      "fd.name pmatch (%, %)",
					      "(fd.name = % or fd.name startswith %)",
					      "(fd.name = % or fd.nameraw = %)",
					      "not fd.name startswith %" };
	const char *one = names[(size_t)rand_r(seed) % ARRAY_SIZE(names)],
		   *other = names[(size_t)rand_r(seed) % ARRAY_SIZE(names)];
	unsigned int number = (unsigned int)rand_r(seed) % 6;
	char text[128];
	size_t kind = (size_t)rand_r(seed) % (ARRAY_SIZE(checks) + 3);

	if (kind < ARRAY_SIZE(checks)) {
		for (const char *c = checks[kind]; *c; c++) {
			if (*c == '%') {
				strbuf_adds(out, one);
				one = other;
			} else {
				strbuf_add(out, c, 1);
			}
		}
	} else {
		(void)snprintf(text, sizeof(text), kind == ARRAY_SIZE(checks) ? "fd.num in (%u, 9)" : "fd.num = %u",
			       number);
		strbuf_adds(out, text);
	}
}

/* Rules of several words of a plan, with gates over the same fields and something behind them. */
static void test_sieves(void **state)
{
	enum { RULES = 150 };
	static const struct {
		bool provisional;
		const char *path;
		int64_t result;
	} opens[] = { { false, "/etc/passwd", 3 }, { false, "/etc/motd", 4 }, { false, "../x", -2 }, { false, "/", 5 },
		      { true, "/etc/passwd", 0 } };
	unsigned int seed = 7;
	uint32_t asked = 0, sieves = 0;
	struct world w;

	for (size_t o = 0; o < ARRAY_SIZE(opens); o++) {
		make_open(&w, opens[o].provisional, opens[o].path, opens[o].result);
		for (int turn = 0; turn < 4; turn++) {
			struct strbuf texts[RULES] = { 0 };
			const char *conditions[RULES];

			for (int i = 0; i < RULES; i++) {
				gate_check(&texts[i], &seed);
				if (rand_r(&seed) % 2) {
					strbuf_adds(&texts[i], " and ");
					gate_check(&texts[i], &seed);
				}
				if (rand_r(&seed) % 4 == 0)
					strbuf_adds(&texts[i], " and proc.name = cat");
				conditions[i] = texts[i].ptr;
			}
			arena_reset(w.context.arena);
			compare_with_alone(&w, conditions, RULES, &asked, &sieves);
			for (int i = 0; i < RULES; i++)
				strbuf_free(&texts[i]);
		}
		free_world(&w);
	}
	assert_true(sieves > 40);
}

/* With first matching, a certain match waits for an earlier rule that is still open. */
static void test_order(void **state)
{
	static const char *const open_first[] = { "evt.rawarg.fd >= 0", "evt.num > 0" };
	static const char *const open_last[] = { "evt.num = 0", "evt.num > 0", "evt.rawarg.fd >= 0" };
	struct world w;
	struct hits hits;

	make_world(&w, true);
	assert_int_equal(evaluate(&w, open_first, 2, false, &hits), OUTCOME_MAYBE);
	assert_int_equal(hits.count, 0);
	assert_int_equal(evaluate(&w, open_first, 2, true, &hits), OUTCOME_MAYBE);
	assert_int_equal(hits.count, 1);
	assert_int_equal(evaluate(&w, open_last, 3, false, &hits), OUTCOME_YES);
	assert_int_equal(hits.count, 1);
	free_world(&w);
}

/* What is remembered on a thread dies with the fact it was made of, and only then. */
static void test_memory(void **state)
{
	static const char *const conditions[] = { "proc.name = cat and fd.name = /etc/passwd", "proc.name = dog" };
	struct ruleset *rules = make_rules(conditions, 2, false);
	struct engine *engine;
	struct thread *t;
	struct hits hits;
	struct world w;

	make_world(&w, false);
	t = state_thread(w.state, 7);
	assert_non_null(t);
	assert_int_equal(engine_new(rules, w.state, &engine, NULL), 0);
	assert_int_equal(engine_evaluate(engine, &w.context, &hits), OUTCOME_YES);
	assert_int_equal(hits.rules[0], 0);
	assert_int_equal(rstr_assign(&t->comm, STR("dog")), 0);
	assert_int_equal(engine_evaluate(engine, &w.context, &hits), OUTCOME_YES);
	assert_int_equal(hits.rules[0], 0); /* nobody said that it changed */
	t->stale |= FACT_COMM;
	assert_int_equal(engine_evaluate(engine, &w.context, &hits), OUTCOME_YES);
	assert_int_equal(hits.rules[0], 1);
	assert_non_null(t->memo);
	engine_free(engine);
	assert_null(t->memo);
	ruleset_free(rules);
	free_world(&w);
}

/* Ancestor 0 is the process itself: what is remembered of it dies with its own facts. */
static void test_memory_of_itself(void **state)
{
	static const struct {
		const char *condition;
		size_t member; /* of struct thread */
		struct str value;
		facts_t fact;
	} rows[] = {
		{ "proc.aname[0] = dog", offsetof(struct thread, comm), STR("dog"), FACT_COMM },
		{ "proc.aexe[0] = dog", offsetof(struct thread, exe), STR("dog"), FACT_EXE },
		{ "proc.aexepath[0] = /dog", offsetof(struct thread, exepath), STR("/dog"), FACT_EXE },
		{ "proc.aargs[0] = 'a dog'", offsetof(struct thread, args), STR("a\0dog\0"), FACT_ARGS },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ruleset *rules = make_rules(&rows[i].condition, 1, false);
		struct engine *engine;
		struct thread *t;
		struct hits hits;
		struct world w;

		make_world(&w, false);
		t = state_thread(w.state, 7);
		assert_non_null(t);
		assert_int_equal(engine_new(rules, w.state, &engine, NULL), 0);
		assert_int_equal(engine_evaluate(engine, &w.context, &hits), OUTCOME_NO);
		assert_int_equal(rstr_assign((struct rstr **)(void *)((char *)t + rows[i].member), rows[i].value), 0);
		t->stale |= rows[i].fact;
		if (engine_evaluate(engine, &w.context, &hits) != OUTCOME_YES)
			fail_msg("%s is remembered", rows[i].condition);
		engine_free(engine);
		ruleset_free(rules);
		free_world(&w);
	}
}

static size_t count_wants(const struct ruleset *rules, uint16_t type, const struct intercept_want **ret_first)
{
	const struct intercept_set *set = ruleset_wants(rules);
	size_t n = 0;

	*ret_first = NULL;
	for (size_t i = 0; i < set->nwants; i++) {
		if (set->wants[i].event != type)
			continue;
		if (!n++)
			*ret_first = &set->wants[i];
	}
	return n;
}

/* Constant tests on flags narrow what a source delivers, unless some rule wants the type anyway. */
static void test_wants(void **state)
{
	static const char *const conditions[] = {
		"evt.type in (openat, unlinkat) and evt.is_open_write = true and fd.name = /x",
		"evt.type = openat and evt.is_open_read = false", "evt.type = mkdir", "evt.type = sysinfo"
	};
	struct ruleset *rules = make_rules(conditions, 4, false);
	const struct intercept_want *want;

	assert_int_equal(count_wants(rules, EV_SYSCALL_OPENAT_2_X, &want), 2);
	assert_int_equal(want->ntests, 1);
	assert_int_equal(want->tests[0].param, 3);
	assert_int_equal(want->tests[0].mask, 2);
	assert_int_equal(want->tests[0].value, 2);
	assert_false(want->tests[0].negated);
	assert_true(want[1].tests[0].negated);
	assert_int_equal(want[1].tests[0].mask, 1);
	/* opens nothing: the rule cannot match */
	assert_int_equal(count_wants(rules, EV_SYSCALL_UNLINKAT_2_X, &want), 0);
	assert_int_equal(count_wants(rules, EV_SYSCALL_MKDIR_2_X, &want), 1);
	assert_int_equal(want->ntests, 0);
	assert_int_equal(count_wants(rules, EV_SYSCALL_CLOSE_X, &want), 0);
	assert_true(ruleset_wants(rules)->syscall_codes[syscall_code(STR("sysinfo"))]);
	assert_false(ruleset_wants(rules)->syscall_codes[syscall_code(STR("uname"))]);
	assert_true(ruleset_wants_type(rules, EV_GENERIC_X));
	assert_true(ruleset_wants(rules)->facts & FACT_FD);
	ruleset_free(rules);
}

/* Which ends of an open a rule can match: a directory is no file, but the failure to open one passes for a file's. */
static void test_wanted_ends(void **state)
{
	static const char *const conditions[] = {
		"evt.type = openat and ((fd.typechar = 'f' and fd.num >= 0) or (fd.typechar = 'f' and fd.num = -1)) and fd.name = /x"
	};
	static const char *const either[] = { "evt.type = openat and fd.typechar = 'f' and fd.name = /x" };
	struct ruleset *rules;
	const struct intercept_want *want;

	for (int i = 0; i < 2; i++) {
		rules = make_rules(i ? either : conditions, 1, false);
		assert_int_equal(count_wants(rules, EV_SYSCALL_OPENAT_2_X, &want), 2);
		assert_int_equal(want[0].result, RESULT_SUCCESS);
		assert_int_equal(want[0].ntests, 1);
		assert_int_equal(want[0].tests[0].mask, 0x400);
		assert_true(want[0].tests[0].negated);
		assert_int_equal(want[1].result, RESULT_FAILURE);
		assert_int_equal(want[1].ntests, 0);
		ruleset_free(rules);
	}
}

/* What a source needs for telling hard links to the files that rules name. */
static void test_wanted_paths(void **state)
{
	static const char *const conditions[] = {
		"evt.type = openat and fd.name in (/b, /a, relative)",
		"evt.type = openat and (fd.name = /c or fd.name != /a or proc.exepath = /no)",
		"evt.type = openat and fd.name startswith /no and fd.name != no"
	};
	struct ruleset *rules = make_rules(conditions, 3, false);
	const struct intercept_set *set = ruleset_wants(rules);

	assert_int_equal(set->npaths, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(str_eq(set->paths[i], (struct str){ &"/a/b/c"[2 * i], 2 }));
	ruleset_free(rules);
}

/* A constant is read as what the first event has by this name, and compared as what the event at hand has. */
static void test_raw_numbers(void **state)
{
	static const char *const holds[] = { "evt.rawarg.size = -22", "evt.rawarg.size < -20", "evt.rawarg.size <= 0",
					     "not evt.rawarg.size > 0", "evt.rawarg.size in (7, -22)" };
	struct world w;

	(void)state;
	make_world(&w, false);
	event_begin(&w.builder, EV_SYSCALL_EPOLL_CREATE_X, 1000000000, 7);
	event_put_int(&w.builder, 4);
	event_put_int(&w.builder, -22); /* of the first event with a size it is unsigned */
	assert_int_equal(event_end(&w.builder, &w.event, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(holds); i++)
		if (evaluate_one(&w, holds[i]) != OUTCOME_YES)
			fail_msg("%s", holds[i]);
	free_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_raw_numbers),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_sieves),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_of_itself),
		cmocka_unit_test(test_wants),
		cmocka_unit_test(test_wanted_ends),
		cmocka_unit_test(test_wanted_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
