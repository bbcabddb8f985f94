/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/engine.h"

#include <errno.h>

#include "rule/evaluate.h"
#include "rule/render.h"
#include "rule/ruleset.h"

struct engine {
	const struct ruleset *rules;
	struct evaluator evaluator;
	uint32_t *hits;
	struct render render;
};

static void thread_dies(void *context, struct thread *t)
{
	(void)context; /* the memory knows whose it is */
	evaluator_forget(t);
}

int engine_new(const struct ruleset *r, struct state *state, struct engine **ret_engine, struct error *err)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return error_set(err, -ENOMEM, "out of memory");
	e->rules = r;
	e->hits = reallocarray(NULL, r->norder + 1, sizeof(*e->hits));
	if (!e->hits || evaluator_init(&e->evaluator, r->program) < 0) {
		engine_free(e);
		return error_set(err, -ENOMEM, "out of memory");
	}
	if (state)
		state_on_thread_free(state, thread_dies, NULL);
	*ret_engine = e;
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	evaluator_release(&e->evaluator);
	render_release(&e->render);
	free(e->hits);
	free(e);
}

static enum truth rule_truth(struct evaluator *e, const struct plan_rule *rule, bool process_holds)
{
	enum truth process = process_holds ? TRUTH_YES : evaluator_node(e, rule->process), rest;

	if (process == TRUTH_NO)
		return TRUTH_NO;
	rest = evaluator_node(e, rule->rest);
	return rest < process ? rest : process;
}

enum outcome engine_evaluate(struct engine *e, struct field_context *ctx, struct hits *ret_hits)
{
	const struct plan *plan = program_plan(e->rules->program, ctx->ev);
	bool open = false; /* some rule may still match */

	*ret_hits = (struct hits){ e->hits, 0 };
	if (!plan->nrules)
		return OUTCOME_NO;
	evaluator_begin(&e->evaluator, ctx);
	plan = evaluator_narrow(&e->evaluator, plan);
	for (uint32_t w = 0; w * 64 < plan->nrules; w++) {
		bool certain;
		uint64_t candidates = evaluator_candidates(&e->evaluator, plan, w, &certain);
		const struct sieve *sieved = NULL; /* the last one that has been through the candidates */

		while (candidates) {
			const struct plan_rule *rule = &plan->rules[w * 64 + (uint32_t)__builtin_ctzll(candidates)];
			enum truth truth;

			/* only where rest is asked anyway: a gate may have needs */
			if (rule->sieve && rule->sieve != sieved && (certain || !plan->reads)) {
				sieved = rule->sieve;
				candidates &= evaluator_sieve(&e->evaluator, sieved, w);
				continue;
			}
			if ((certain || !plan->reads) && evaluator_node(&e->evaluator, rule->gate) == TRUTH_NO) {
				candidates &= ~rule->gated;
				continue;
			}
			candidates &= candidates - 1;
			truth = rule_truth(&e->evaluator, rule, certain);
			open |= truth == TRUTH_MAYBE;
			if (truth != TRUTH_YES)
				continue;
			if (e->rules->options.all_matching) {
				e->hits[ret_hits->count++] = rule->rule;
			} else if (open) {
				return OUTCOME_MAYBE; /* the first that matches is not known yet */
			} else {
				e->hits[ret_hits->count++] = rule->rule;
				return OUTCOME_YES;
			}
		}
	}
	if (open)
		return OUTCOME_MAYBE;
	return ret_hits->count ? OUTCOME_YES : OUTCOME_NO;
}

int engine_render(struct engine *e, struct field_context *ctx, uint32_t rule, struct alert *ret_alert,
		  struct error *err)
{
	return render_alert(&e->render, e->rules, ctx, rule, ret_alert, err);
}
