/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reload_set.h"

#include "app/outputs.h"

/* They have the same outputs, and may have been left with one that made room for another. */
static void share_outputs(struct session *s)
{
	for (size_t i = 0; i < s->npeers; i++) {
		struct session *peer = s->peers[i];

		output_list_share(&s->outputs, &peer->outputs);
		pipeline_outputs_changed(peer->pipeline, s->outputs.count, 0);
	}
}

static void free_changes(struct pipeline_change **changes, size_t n)
{
	for (size_t i = 0; changes && i < n; i++)
		pipeline_change_free(changes[i]);
	free(changes);
}

/*
 * Of all pipelines or of none. The first is asked last: only its source can refuse, and what it was asked for
 * stays asked for.
 */
static int change_rules(struct session *s, const struct reload_set *set, const struct pipeline_options *options,
			struct error *err)
{
	struct pipeline_change **changes = calloc(s->npeers + 1, sizeof(struct pipeline_change *));
	struct pipeline_options of_peer = *options;
	int r = changes ? 0 : error_set(err, -ENOMEM, "out of memory");

	for (size_t i = 0; r == 0 && i < s->npeers; i++) {
		of_peer.rules = set->peers[i].rules;
		of_peer.limits = set->peers[i].limits;
		r = pipeline_change_new(s->peers[i]->pipeline, &of_peer, &changes[i], err);
	}
	if (r == 0)
		r = pipeline_change_new(s->pipeline, options, &changes[s->npeers], err);
	if (r < 0) {
		free_changes(changes, s->npeers + 1);
		return r;
	}
	for (size_t i = 0; i < s->npeers; i++)
		pipeline_change_take(s->peers[i]->pipeline, changes[i]);
	pipeline_change_take(s->pipeline, changes[s->npeers]);
	free(changes);
	return 0;
}

static void swap(struct session *s, struct ruleset **rules, struct limits **limits)
{
	struct ruleset *old_rules = s->rules;
	struct limits *old_limits = s->limits;

	s->rules = *rules;
	s->limits = *limits;
	*rules = old_rules;
	*limits = old_limits;
}

static void take_set(struct session *s, struct reload_set *set)
{
	struct rules_input input = s->input;

	s->input = set->input;
	set->input = input;
	swap(s, &set->rules, &set->limits);
	for (size_t i = 0; i < s->npeers; i++)
		swap(s->peers[i], &set->peers[i].rules, &set->peers[i].limits);
	if (set->config)
		s->config = set->config;
}

static int bind_limits(const struct reload_set *set, struct error *err)
{
	int r = set->limits ? limits_bind(set->limits, set->rules, err) : 0;

	for (size_t i = 0; r == 0 && i < set->npeers; i++)
		if (set->peers[i].limits)
			r = limits_bind(set->peers[i].limits, set->peers[i].rules, err);
	return r;
}

int reload_set_adopt(struct reload_set *set, struct session *s, struct exporters *e, const struct intercept_set *wants,
		     struct error *err)
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
	uint64_t lost;
	int r = bind_limits(set, err);

	if (r == 0 && set->config)
		r = metrics_snapshot_new(set->config, &snapshot, err);
	if (r == 0)
		r = outputs_prepare(&s->outputs, set->config, s->config, &change, err);
	if (r == 0) {
		r = change_rules(s, set, &options, err);
		if (r < 0)
			outputs_undo(&change);
	}
	if (r < 0) {
		metrics_snapshot_free(snapshot);
		share_outputs(s);
		return r;
	}
	metrics_snapshot_follow(&e->snapshot, snapshot);
	lost = outputs_take(&s->outputs, &change);
	pipeline_outputs_changed(s->pipeline, s->outputs.count, lost);
	share_outputs(s);
	if (set->config)
		webserver_follow(&e->web, set->config, s->config, e->offered);
	take_set(s, set);
	return 0;
}

void reload_set_free(struct reload_set *set)
{
	rules_input_free(&set->input);
	limits_free(set->limits);
	ruleset_free(set->rules);
	for (size_t i = 0; i < set->npeers; i++) {
		limits_free(set->peers[i].limits);
		ruleset_free(set->peers[i].rules);
	}
	free(set->peers);
	config_free(set->config);
	*set = (struct reload_set){ 0 };
}
