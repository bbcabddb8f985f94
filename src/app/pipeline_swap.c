/* SPDX-License-Identifier: Apache-2.0 */
/* Other rules between two events. */
#include <errno.h>

#include "app/pipeline_internal.h"

/* Both lists are mostly in the same order: each search begins where the last one ended. */
static void carry_counts(const struct pipeline *p, const struct ruleset *rules, uint64_t *by_rule)
{
	size_t count = ruleset_count(rules), next = 0;
	struct rule_view was, is;

	for (size_t i = 0; i < ruleset_count(p->options.rules); i++) {
		if (!p->by_rule[i])
			continue;
		ruleset_get(p->options.rules, i, &was);
		for (size_t n = 0; n < count; n++, next++) {
			ruleset_get(rules, next % count, &is);
			if (!str_eq(is.name, was.name))
				continue;
			by_rule[next++ % count] = p->by_rule[i];
			break;
		}
	}
}

static void take_up(struct pipeline *p, const struct pipeline_options *from)
{
	p->options.rules = from->rules;
	p->options.limits = from->limits;
	p->options.intercept = from->intercept;
	p->options.static_values = p->ctx.static_values = from->static_values;
	p->options.base64_buffers = p->ctx.base64_buffers = from->base64_buffers;
	pipeline_note_rules(p);
}

void pipeline_outputs_changed(struct pipeline *p, size_t noutputs, uint64_t lost)
{
	p->options.noutputs = noutputs;
	p->lost_before += lost;
}

int pipeline_swap(struct pipeline *p, const struct pipeline_options *options, struct error *err)
{
	const struct intercept_set *wants = options->intercept ? options->intercept : ruleset_wants(options->rules);
	size_t nrules = ruleset_count(options->rules);
	auto_free uint64_t *by_rule = calloc(nrules + 1, sizeof(*by_rule));
	auto_free uint32_t *seen = calloc(nrules + 1, sizeof(*seen));
	auto_engine struct engine *engine = NULL;
	int r;

	if (!by_rule || !seen)
		return error_set(err, -ENOMEM, "out of memory");
	r = engine_new(options->rules, p->state, &engine, err);
	if (r == 0 && p->source->ops->intercept)
		r = p->source->ops->intercept(p->source, wants, err);
	if (r < 0)
		return r;
	if (p->options.limits) /* what they hold back was raised by the old rules */
		pipeline_expire_limits(p, UINT64_MAX);
	carry_counts(p, options->rules, by_rule);
	engine_free(p->judges[0].engine);
	p->judges[0].engine = take_ptr(engine);
	p->judges[0].rules = options->rules;
	free(p->by_rule);
	p->by_rule = take_ptr(by_rule);
	free(p->seen);
	p->seen = take_ptr(seen);
	take_up(p, options);
	return 0;
}
