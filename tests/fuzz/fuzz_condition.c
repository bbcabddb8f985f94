/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>

#include "rule/condition.h"
#include "rule/ruleset.h"

/*
 * A condition from its text to the compiled graph. What parses prints to a text that parses to the same; what
 * passes the checks compiles.
 */
static void round_trip(struct arena *arena, const struct ast *tree)
{
	struct strbuf first auto_strbuf = { 0 }, again auto_strbuf = { 0 };
	struct condition_error problem;
	struct ast *second;

	ast_print(&first, tree);
	/* a printed tree has more parentheses than its text may have had */
	if (condition_parse(arena, strbuf_str(&first), &second, &problem) < 0)
		return;
	ast_print(&again, second);
	if (!str_eq(strbuf_str(&first), strbuf_str(&again)))
		abort();
}

static void compile(struct arena *arena, struct ast *tree)
{
	struct ruleset *r = arena_new_of(arena, struct ruleset);
	struct rule *rule = arena_new_of(arena, struct rule);
	uint32_t *order = arena_new_of(arena, uint32_t);

	if (!r || !rule || !order)
		abort();
	r->arena = arena;
	r->rules = rule;
	r->order = order;
	r->nrules = r->norder = 1;
	rule->tree = tree;
	if (ruleset_compile(r, NULL) < 0)
		abort();
	ruleset_free(r); /* and the arena with it */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new(16384);
	struct field_options options = { .container_plugin = false };
	struct condition_warning *warnings = NULL;
	struct condition_error problem;
	bool types[EV_COUNT], codes[SYSCALL_CODES];
	struct ast *tree;

	if (!arena)
		abort();
	if (condition_parse(arena, (struct str){ (const char *)data, size }, &tree, &problem) == 0) {
		round_trip(arena, tree);
		if (condition_check(arena, tree, &options, &problem, &warnings) == 0) {
			(void)condition_event_types(tree, types, codes, &problem);
			compile(arena, tree);
			return 0;
		}
	}
	arena_free(arena);
	return 0;
}
