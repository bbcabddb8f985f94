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

struct pipeline_change {
	struct pipeline_options options;
	struct engine *engine;
	uint64_t *by_rule;
	uint32_t *seen;
};

void pipeline_change_free(struct pipeline_change *c)
{
	if (!c)
		return;
	engine_free(c->engine);
	free(c->by_rule);
	free(c->seen);
	free(c);
}

int pipeline_change_new(struct pipeline *p, const struct pipeline_options *options, struct pipeline_change **ret_change,
			struct error *err)
{
	const struct intercept_set *wants = options->intercept ? options->intercept : ruleset_wants(options->rules);
	size_t nrules = ruleset_count(options->rules);
	auto_pipeline_change struct pipeline_change *c = calloc(1, sizeof(*c));
	int r;

	if (c) {
		c->options = *options;
		c->by_rule = calloc(nrules + 1, sizeof(*c->by_rule));
		c->seen = calloc(nrules + 1, sizeof(*c->seen));
	}
	if (!c || !c->by_rule || !c->seen)
		return error_set(err, -ENOMEM, "out of memory");
	r = engine_new(options->rules, p->state, &c->engine, err);
	if (r == 0 && p->source->ops->intercept)
		r = p->source->ops->intercept(p->source, wants, err);
	if (r == 0)
		*ret_change = take_ptr(c);
	return r;
}

void pipeline_change_take(struct pipeline *p, struct pipeline_change *c)
{
	if (p->options.limits) /* what they hold back was raised by the old rules */
		pipeline_expire_limits(p, UINT64_MAX);
	carry_counts(p, c->options.rules, c->by_rule);
	engine_free(p->judges[0].engine);
	p->judges[0].engine = take_ptr(c->engine);
	p->judges[0].rules = c->options.rules;
	free(p->by_rule);
	p->by_rule = take_ptr(c->by_rule);
	free(p->seen);
	p->seen = take_ptr(c->seen);
	take_up(p, &c->options);
	pipeline_change_free(c);
}
