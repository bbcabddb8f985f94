/* SPDX-License-Identifier: Apache-2.0 */
#include "app/replay_events.h"

#include <errno.h>

#include "base/parse.h"
#include "base/units.h"

static int read_number(const struct options *o, enum option_id id, uint64_t *ret_value, struct error *err)
{
	const char *text = options_value(o, id, NULL);

	if (text && (parse_u64(str_of(text), ret_value) < 0 || !*ret_value))
		return error_set(err, -EINVAL, "--%s takes a number from 1, not \"%s\"", option_table[id].long_name,
				 text);
	return 0;
}

int replay_events_read(struct replay_events *e, const struct options *o, const struct field_options *fields,
		       struct error *err)
{
	static const enum option_id of_rules[] = { OPT_replay_rules, OPT_replay_fail_on };
	const char *filter = options_value(o, OPT_replay_filter, NULL),
		   *print = options_value(o, OPT_replay_print, NULL);
	int r = 0;

	e->json = options_has(o, OPT_replay_json);
	for (size_t i = 0; print && i < ARRAY_SIZE(of_rules); i++)
		if (options_has(o, of_rules[i]))
			return error_set(err, -EINVAL,
					 "--print shows events and applies no rules: leave out --%s or --print",
					 option_table[of_rules[i]].long_name);
	if (filter) {
		r = event_filter_new(str_of(filter), fields, &e->filter, err);
		if (r < 0)
			error_prefix(err, r, "--filter");
	}
	if (r == 0 && print) {
		r = format_compile(str_of(print), fields, &e->format, err);
		if (r < 0)
			error_prefix(err, r, "--print");
	}
	return r;
}

int replay_events_read_limits(struct replay_events *e, const struct options *o, struct error *err)
{
	uint64_t seconds = 0;
	int r = read_number(o, OPT_replay_limit, &e->limit, err);

	if (r == 0)
		r = read_number(o, OPT_replay_duration, &seconds, err);
	if (r == 0 && seconds > UINT64_MAX / NS_PER_SECOND)
		return error_set(err, -EINVAL, "--duration is too long");
	e->max_ns = seconds * NS_PER_SECOND;
	return r;
}

static void print(struct replay_events *e, struct field_context *ctx)
{
	struct alert a = { .ts = ctx->ev->ts, .priority = PRIORITY_DEBUG, .rule = STR(""), .source = ctx->source_name };
	struct error err;

	strbuf_reset(&e->line);
	if (e->json) {
		format_members_reset(&e->members);
		format_collect(e->format, ctx, &e->members);
		format_members_print(&e->members, &e->line);
	} else {
		format_render(e->format, ctx, &e->line);
	}
	a.text = a.json = strbuf_str(&e->line);
	if (e->line.failed || e->members.failed || e->output->ops->send(e->output, &a, &err) < 0)
		e->failed = e->done = true;
}

bool replay_events_inspect(void *context, struct field_context *ctx)
{
	struct replay_events *e = context;

	if (!e->first_ts)
		e->first_ts = ctx->ev->ts;
	e->kept = false;
	if (e->max_ns && ctx->ev->ts > e->first_ts && ctx->ev->ts - e->first_ts >= e->max_ns)
		e->done = true;
	if (e->done || (e->filter && !event_filter_holds(e->filter, ctx)))
		return false;
	e->kept = true;
	if (e->format)
		print(e, ctx);
	if (++e->passed == e->limit)
		e->done = true;
	return true;
}

static int write_answer(void *context, const struct event *ev)
{
	struct error err;

	return recording_event(&((struct replay_events *)context)->recording, ev, &err);
}

static bool is_brief(const struct replay_events *e, const struct event *ev)
{
	return e->brief_answers && ev->flags & EVENT_FLAG_STATE_ONLY && ev->info->category & EC_ITER &&
	       ev->type != EV_ITER_TASK_E && event_param_int(ev, 0) >= 0;
}

/* The answers that the event at hand was judged with go before it. */
static int write_behind_answers(struct replay_events *e, const struct event *ev, struct error *err)
{
	int r = answers_take(&e->held, 0, write_answer, e);

	return r < 0 ? r : recording_event(&e->recording, ev, err);
}

/*
 * Events that do not pass are kept for the tables' sake alone, so that those that do can be told as well as
 * here. What nobody's table needs goes with them: answers of events that are left out, and what only rules
 * look at.
 */
int replay_events_record(void *context, const struct event *ev, struct error *err)
{
	struct replay_events *e = context;
	struct event unseen;
	struct event_ext facts;
	bool kept = e->kept;

	if (is_brief(e, ev))
		return answers_hold(&e->held, ev, 0) < 0 ? error_set(err, -ENOMEM, "out of memory") : 0;
	if (ev->flags & EVENT_FLAG_STATE_ONLY)
		return recording_event(&e->recording, ev, err);
	e->kept = false;
	if (kept)
		return write_behind_answers(e, ev, err);
	if (!(ev->info->flags & EF_MODIFIES_STATE) || e->done) {
		answers_free(&e->held);
		return 0;
	}
	if (ev->info->flags & EF_DESTROYS_FD)
		answers_free(&e->held); /* whatever it was, it is no more */
	unseen = *ev;
	unseen.flags |= EVENT_FLAG_STATE_ONLY;
	if (ev->ext) {
		facts = *ev->ext;
		facts.stack = STR("");
		facts.region = REGION_UNKNOWN;
		unseen.ext = &facts;
	}
	return write_behind_answers(e, &unseen, err);
}

void replay_events_free(struct replay_events *e)
{
	event_filter_free(e->filter);
	format_free(e->format);
	format_members_free(&e->members);
	strbuf_free(&e->line);
	answers_free(&e->held);
	(void)recording_close(&e->recording);
	*e = (struct replay_events){ 0 };
}
