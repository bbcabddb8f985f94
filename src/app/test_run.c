/* SPDX-License-Identifier: Apache-2.0 */
#include "app/test_run.h"

#include <errno.h>

#include "app/pipeline.h"
#include "app/rules_input.h"
#include "base/json_read.h"

/* ---- rules ---- */

static int add_rules(struct rules_input *in, const struct test_file *f, char *const *paths, size_t npaths,
		     struct error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < npaths; i++)
		r = rules_input_add(in, paths[i], 0, err);
	for (size_t i = 0; r == 0 && !npaths && i < f->nrules; i++)
		r = rules_input_add(in, f->rules[i].ptr, 0, err);
	if (r == 0 && !npaths && !f->nrules && !f->rules_text.len)
		r = rules_input_add_default(in, err);
	if (r == 0 && f->rules_text.len)
		r = rules_input_add_text(in, f->path.ptr, f->rules_text, err);
	return r;
}

int test_rules_load(const struct test_file *f, const struct setup *setup, char *const *paths, size_t npaths,
		    bool coverage, struct test_rules *ret_rules, struct error *err)
{
	struct engine_options options = setup->engine;
	auto_rules_input struct rules_input in = { 0 };
	auto_rule_loader struct rule_loader *loader = NULL;
	struct test_rules rules = { .setup = setup };
	int r = add_rules(&in, f, paths, npaths, err);

	options.all_matching = f->all_matching;
	options.json_output = true;
	if (r == 0)
		r = rules_input_load(&in, &options, false, &loader, err);
	if (r == 0)
		r = rule_loader_compile(loader, &rules.rules, err);
	if (r == 0)
		r = plugins_compile_others(&setup->plugins, loader, &rules.others, &rules.nothers, err);
	if (r == 0 && coverage)
		r = coverage_new(rules.rules, &rules.coverage, err);
	if (r < 0) {
		test_rules_free(&rules);
		return r;
	}
	*ret_rules = rules;
	return 0;
}

void test_rules_free(struct test_rules *r)
{
	coverage_free(r->coverage);
	plugins_free_others(r->others, r->nothers);
	ruleset_free(r->rules);
	*r = (struct test_rules){ 0 };
}

/* ---- alerts are collected ---- */

struct got {
	struct str rule, text, json;
	enum priority priority;
	struct got *next;
};

struct collector {
	struct output output;
	struct arena *arena;
	struct got *first, **end;
	struct str only;
};

static int collect(struct output *o, const struct alert *a, struct error *err)
{
	struct collector *c = (struct collector *)((char *)o - offsetof(struct collector, output));
	struct got *got;

	if (c->only.len && !str_eq(c->only, a->rule))
		return 0;
	got = arena_new_of(c->arena, struct got);
	if (!got)
		return error_set(err, -ENOMEM, "out of memory");
	got->rule = arena_str(c->arena, a->rule);
	got->text = arena_str(c->arena, a->text);
	got->json = arena_str(c->arena, a->json);
	got->priority = a->priority;
	*c->end = got;
	c->end = &got->next;
	return 0;
}

static const struct output_ops collector_ops = { .name = "test", .send = collect };

/* ---- judging ---- */

static bool field_is(struct arena *arena, struct str fields, const struct test_field *wanted)
{
	struct str value;

	if (!json_member(fields, wanted->name, &value))
		return false;
	if (value.len && value.ptr[0] == '"')
		value = json_string(arena, value);
	return str_eq(value, wanted->value);
}

static bool matches(struct arena *arena, const struct test_expected *e, const struct got *g)
{
	struct str fields = STR("");

	if (!str_eq(e->rule, g->rule) || (e->priority >= 0 && e->priority != (int)g->priority))
		return false;
	if (e->output.len && !str_contains(g->text, e->output))
		return false;
	if (e->fields && !json_member(g->json, STR("output_fields"), &fields))
		return false;
	for (const struct test_field *f = e->fields; f; f = f->next)
		if (!field_is(arena, fields, f))
			return false;
	return true;
}

static void print_expected(struct strbuf *out, const struct test_expected *e)
{
	strbuf_addstr(out, e->rule);
	if (e->priority >= 0)
		strbuf_addf(out, ", %s", priority_name((enum priority)e->priority));
	if (e->output.len)
		strbuf_addf(out, ", with \"" STR_FMT "\"", STR_ARG(e->output));
	for (const struct test_field *f = e->fields; f; f = f->next)
		strbuf_addf(out, ", " STR_FMT "=" STR_FMT, STR_ARG(f->name), STR_ARG(f->value));
	strbuf_addc(out, '\n');
}

static void print_got(struct strbuf *out, char mark, const struct got *g)
{
	strbuf_addf(out, "%c " STR_FMT ": " STR_FMT "\n", mark, STR_ARG(g->rule), STR_ARG(g->text));
}

/* In order: what matches is common to both; a rule that fired with other values is a difference of two lines. */
static bool compare(struct arena *arena, const struct test_case *c, const struct got *got, struct strbuf *detail)
{
	bool same = true;

	for (const struct test_expected *e = c->expected; e; e = e->next) {
		for (uint32_t n = 0; n < e->count; n++) {
			const struct got *ahead = got;

			while (ahead && !matches(arena, e, ahead))
				ahead = ahead->next;
			if (!ahead) {
				strbuf_adds(detail, "- ");
				print_expected(detail, e);
				same = false;
				continue;
			}
			for (; got != ahead; got = got->next) {
				print_got(detail, '+', got);
				same = false;
			}
			print_got(detail, ' ', got);
			got = got->next;
		}
	}
	for (; got; got = got->next) {
		print_got(detail, '+', got);
		same = false;
	}
	return same;
}

static bool any_matches(struct arena *arena, const struct test_case *c, const struct got *got, struct strbuf *detail)
{
	for (const struct got *g = got; g; g = g->next)
		if (matches(arena, c->expected, g))
			return true;
	strbuf_adds(detail, "- ");
	print_expected(detail, c->expected);
	for (; got; got = got->next)
		print_got(detail, '+', got);
	return false;
}

/* ---- running ---- */

static bool inspect(void *context, struct field_context *ctx)
{
	coverage_note(context, ctx);
	return true;
}

/* What there is before the first event goes the way of a capture's metadata. */
static int describe(const struct scap_receiver *receiver, const struct test_case *c)
{
	int r = 0;

	for (const struct test_user *u = c->users; u && r == 0; u = u->next)
		r = receiver->user(receiver->context, u->uid, u->gid, u->name, u->home, u->shell);
	for (const struct test_process *p = c->processes; p && r == 0; p = p->next) {
		if (!p->declared)
			continue;
		r = receiver->process(receiver->context, &p->start);
		for (const struct test_fd *fd = p->fds; fd && r == 0; fd = fd->next)
			r = receiver->fd(receiver->context, p->start.tid, &fd->record);
	}
	return r;
}

static int open_source(const struct test_case *c, struct source **ret_source, struct error *err)
{
	return c->capture.len ? source_scap_open(c->capture.ptr, ret_source, err) :
				source_test_open(c->events, c->nevents, ret_source, err);
}

/* Each case has a world of its own. */
static int start_plugins(const struct test_rules *rules, struct state **ret_state, struct plugin_host **ret_host,
			 struct error *err)
{
	int r;

	if (!rules->setup->plugins.count)
		return 0;
	*ret_state = state_new(&(struct state_options){ .container_plugin = true });
	if (!*ret_state)
		return error_set(err, -ENOMEM, "out of memory");
	r = plugins_start(&rules->setup->plugins, STR(""), *ret_state, false, ret_host, err);
	return r == 0 && *ret_host ? plugin_host_open(*ret_host, err) : r;
}

static int drive(const struct test_rules *rules, const struct test_case *c, struct collector *collector,
		 struct error *err)
{
	auto_state struct state *state = NULL;
	auto_plugin_host struct plugin_host *plugins = NULL;
	auto_source struct source *source = NULL;
	auto_pipeline struct pipeline *p = NULL;
	struct output *outputs[] = { &collector->output };
	struct pipeline_options options = {
		.rules = rules->rules,
		.outputs = outputs,
		.noutputs = 1,
		.hostname = "test",
		.match_realpath = !c->capture.len,
		.container_plugin = true,
		.inspect = rules->coverage ? inspect : NULL,
		.inspect_context = rules->coverage,
		.static_values = rules->setup->engine.static_values,
		.others = rules->others,
		.nothers = rules->nothers,
	};
	int r = start_plugins(rules, &state, &plugins, err);

	options.state = state;
	options.plugins = plugins;
	if (r == 0)
		r = open_source(c, &source, err);
	if (r == 0)
		options.known_fds = !c->capture.len || source_scap_knows_fds(source);
	if (r == 0)
		r = pipeline_new(source, &options, &p, err);
	if (r == 0 && c->capture.len)
		source_scap_receive(source, pipeline_receiver(p));
	else if (r == 0 && describe(pipeline_receiver(p), c) < 0)
		r = error_set(err, -ENOMEM, "out of memory");
	while (r >= 0)
		r = pipeline_steps(p, 1, err);
	return r == -ENODATA ? 0 : r;
}

int test_run(const struct test_rules *rules, const struct test_case *c, struct strbuf *detail,
	     enum test_outcome *ret_outcome, struct error *err)
{
	auto_arena struct arena *arena = arena_new(4096);
	struct collector collector = { .output.ops = &collector_ops, .arena = arena, .only = c->only };
	bool passed;
	int r;

	if (c->skip.len) {
		strbuf_addstr(detail, c->skip);
		*ret_outcome = TEST_SKIPPED;
		return 0;
	}
	if (!arena)
		return error_set(err, -ENOMEM, "out of memory");
	collector.end = &collector.first;
	r = drive(rules, c, &collector, err);
	if (r < 0)
		return r;
	passed = c->at_least ? any_matches(arena, c, collector.first, detail) :
			       compare(arena, c, collector.first, detail);
	*ret_outcome = passed ? TEST_PASSED : c->notes ? TEST_SKIPPED : TEST_FAILED;
	if (*ret_outcome == TEST_SKIPPED) {
		strbuf_reset(detail);
		strbuf_adds(detail, "the alert did not come, and steps are left out");
	}
	return 0;
}
