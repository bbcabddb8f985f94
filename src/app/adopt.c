/* SPDX-License-Identifier: Apache-2.0 */
#include "app/adopt.h"

#include "app/metrics_snapshot.h"
#include "app/outputs.h"
#include "app/retire.h"
#include "app/webserver.h"

/* What is not in the list ends by itself. */
static void take_outputs(struct session *s, const struct outputs_change *change)
{
	struct output *list[SESSION_OUTPUTS];
	char *texts[SESSION_OUTPUTS];
	size_t n = outputs_list(s, change, list, texts);
	uint64_t lost = 0;

	for (size_t i = 0; i < s->noutputs; i++) {
		bool stays = false;

		for (size_t k = 0; k < n && !stays; k++)
			stays = list[k] == s->outputs[i];
		if (stays)
			continue;
		lost += s->outputs[i]->failed;
		free(s->made_of[i]);
		retire(&s->retired, s->outputs[i]);
	}
	for (size_t i = 0; i < SESSION_OUTPUTS; i++) {
		s->outputs[i] = i < n ? list[i] : NULL;
		s->made_of[i] = i < n ? texts[i] : NULL;
	}
	s->noutputs = n;
	pipeline_outputs_changed(s->pipeline, n, lost);
}

static void take_set(struct session *s, struct reload_set *set)
{
	struct ruleset *rules = s->rules;
	struct limits *limits = s->limits;
	struct rules_input input = s->input;

	s->rules = set->rules;
	s->limits = set->limits;
	s->input = set->input;
	set->rules = rules;
	set->limits = limits;
	set->input = input;
	if (set->config)
		s->config = set->config;
}

int session_adopt(struct session *s, struct reload_set *set, const struct intercept_set *wants, struct error *err)
{
	const struct pipeline_options options = {
		.rules = set->rules,
		.limits = set->limits,
		.static_values = set->config ? set->config->static_values : NULL,
		.base64_buffers = set->config && set->config->buffer_format_base64,
		.intercept = wants,
	};
	struct outputs_change change = { 0 };
	struct metrics_snapshot *snapshot = NULL;
	int r = set->limits ? limits_bind(set->limits, set->rules, err) : 0;

	if (r == 0 && set->config)
		r = metrics_snapshot_new(set->config, &snapshot, err);
	if (r == 0 && set->config)
		r = outputs_prepare(s, set->config, &change, err);
	else if (r == 0)
		memset(change.keep, true, sizeof(change.keep));
	if (r == 0) {
		r = pipeline_swap(s->pipeline, &options, err);
		if (r < 0)
			outputs_undo(&change);
	}
	if (r < 0) {
		metrics_snapshot_free(snapshot);
		return r;
	}
	metrics_snapshot_follow(&s->snapshot, snapshot);
	take_outputs(s, &change);
	if (set->config)
		webserver_follow(&s->web, set->config, s->config);
	take_set(s, set);
	return 0;
}
