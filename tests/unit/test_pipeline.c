/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of calls that every mode relies on. Source, state and engine are scripted here: each writes what happened
 * to it into one journal, and a case compares the journal.
 */
#include "app/pipeline.h"

#include "app/limits.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/no_metadata.h"

static struct strbuf journal;

static void note(const char *word)
{
	strbuf_addf(&journal, "%s%s", journal.len ? " " : "", word);
}

/* ---- the scripted source ---- */

struct script {
	/*
	 * 'c' complete, 's' state only, 'S' state only with a number, 'p' provisional, 'w' provisional that writes
	 * credentials, 'o' an open, 'f' one whose success does not matter, 't' one whose name has a control
	 * character, 'l' a close, '0' nothing now
	 */
	const char *events;
	int complete; /* what complete() returns */
	int answer;
	int fetch_gives; /* events that a fetch hands to the sink */
	const char *outcomes; /* of each evaluation: 'n', 'm', 'y'; upper case: with a need */
	int lacks; /* previews that find an unknown descriptor */
	bool wanted;
	bool other_path;
	bool records; /* what becomes of events is recorded */
	int ended; /* bursts that are over before each event */
	bool holds; /* every alert is held back */
	bool state_reads; /* the state reads the events' parameters */
	facts_t prints; /* what each output reads */
};

static struct script script;
static size_t evaluated;
static const char *next_event;

static const struct event_info plain_info = { .name = "plain" };
static const struct event_info cred_info = { .name = "cred", .writes = FACT_CRED };
static const struct event_info fd_info = { .name = "open", .writes = FACT_FD, .derivable = FACT_FD,
					   .flags = EF_CREATES_FD, .category = EC_FILE | EC_SYSCALL };
static const struct event_info close_info = { .name = "close", .flags = EF_DESTROYS_FD };
static struct event_ext ext;

/* The wire form of an open of a file whose name has a control character. */
static void read_text_event(struct event *ret)
{
	static struct event_builder b;

	event_begin(&b, EV_SYSCALL_OPEN_X, 1000, 7);
	event_put_int(&b, 3);
	event_put_text(&b, STR("a\nb"));
	assert_int_equal(event_end(&b, ret, NULL), 0);
}

static int fake_next(struct source *s, struct event *ret, struct error *err)
{
	char kind = *next_event;

	(void)s;
	(void)err;
	if (!kind)
		return -ENODATA;
	next_event++;
	if (kind == '0')
		return 0;
	if (kind == 't') {
		read_text_event(ret);
		return 1;
	}
	*ret = (struct event){ .type = EV_SYSCALL_OPEN_X, .ts = 1000, .tid = 7, .info = &plain_info, .call = 1 };
	ret->provisional = kind == 'p' || kind == 'w' || kind == 'o' || kind == 'f' || kind == 'l';
	ret->failure_only = kind == 'f';
	if (kind == 'w')
		ret->info = &cred_info;
	if (kind == 'o' || kind == 'f')
		ret->info = &fd_info;
	if (kind == 'l')
		ret->info = &close_info;
	if (kind == 's' || kind == 'S')
		ret->flags = EVENT_FLAG_STATE_ONLY | (kind == 'S' ? EVENT_FLAG_UNSHOWN : 0);
	if (script.other_path && kind == 'c')
		ret->ext = &ext;
	return 1;
}

static int intercept_result;

static int fake_intercept(struct source *s, const struct intercept_set *set, struct error *err)
{
	(void)s;
	(void)err;
	assert_non_null(set);
	note("intercept");
	return intercept_result;
}

static int fake_fetch(struct source *s, const struct needs *needs, source_sink sink, void *context, struct error *err)
{
	static const uint8_t nothing[1];
	struct event ev = {
		.type = EV_SYSCALL_OPEN_X, .info = &plain_info, .tid = 8, .bytes = nothing, .values = nothing
	};
	int i, r = 0;

	(void)s;
	(void)err;
	assert_true(needs->count > 0);
	note("fetch");
	for (i = 0; r == 0 && i < script.fetch_gives; i++)
		r = sink(context, &ev);
	return r;
}

static int fake_complete(struct source *s, const struct event *ev, struct event *ret, struct error *err)
{
	(void)s;
	(void)err;
	assert_true(ev->provisional);
	note("complete");
	if (script.complete == 1) {
		*ret = *ev;
		ret->provisional = false;
	}
	return script.complete;
}

static int fake_answer(struct source *s, const struct event *ev, struct verdict verdict, struct error *err)
{
	(void)s;
	(void)err;
	assert_int_equal(ev->call, 1);
	assert_int_equal(verdict.kind, VERDICT_CONTINUE);
	note("answer");
	return script.answer;
}

static const struct source_ops sync_ops = {
	.name = "script",
	.intercept = fake_intercept,
	.next = fake_next,
	.fetch = fake_fetch,
	.complete = fake_complete,
	.answer = fake_answer,
};
static const struct source_ops async_ops = { .name = "script", .next = fake_next };

void needs_add(struct needs *needs, enum need_kind kind, int64_t tid, int64_t fd)
{
	needs->list[0] = (struct need){ kind, tid, fd };
	needs->count = 1;
}

/* ---- the scripted state ---- */

static int dummy_state, dummy_engine, dummy_rules, other_rules;
static struct thread thread;
static int lacks;

struct state *state_new(const struct state_options *options)
{
	(void)options;
	return (struct state *)(void *)&dummy_state;
}

void state_free(struct state *s)
{
	(void)s;
}

void state_set_traits(struct state *s, unsigned int traits)
{
	(void)s;
	(void)traits;
}

int state_share_host(struct state *s, struct str container_id)
{
	(void)s;
	(void)container_id;
	return 0;
}

/* there are no plugins here: those that are, have tests of their own */
bool plugin_host_parses(const struct plugin_host *h, uint16_t type)
{
	(void)h;
	(void)type;
	return false;
}

void plugin_host_parse(struct plugin_host *h, const struct event *ev, struct str source)
{
	(void)h;
	(void)ev;
	(void)source;
}

bool plugin_host_text(void *host, struct field_context *ctx, enum event_maker_text which, struct str *ret_text)
{
	(void)host;
	(void)ctx;
	(void)which;
	(void)ret_text;
	return false;
}

int plugin_host_next(struct plugin_host *h, uint64_t ts, struct event *ret_event)
{
	(void)h;
	(void)ts;
	(void)ret_event;
	return 0;
}

int state_apply(struct state *s, const struct event *ev, struct subject *ret)
{
	(void)s;
	*ret = (struct subject){ .thread = &thread, .fd_number = -1 };
	note(ev->tid == 8 ? "apply-told" : event_param(ev, 1).len ? event_param(ev, 1).ptr : "apply");
	return 0;
}

bool state_reads_type(const struct state *s, uint16_t type)
{
	(void)s;
	(void)type;
	return script.state_reads;
}

int state_preview(struct state *s, const struct event *ev, struct subject *ret)
{
	(void)s;
	(void)ev;
	*ret = (struct subject){ .thread = &thread, .fd_number = 3, .fd_unknown = lacks > 0 };
	lacks -= lacks > 0;
	note("preview");
	return 0;
}

void state_settle(struct state *s, const struct event *ev)
{
	(void)s;
	note(ev->tid == 8 ? "settle-told" : "settle");
}

void state_stats(const struct state *s, struct state_stats *ret_stats)
{
	(void)s;
	*ret_stats = (struct state_stats){ .threads_dropped = 3, .fds_dropped = 4 };
}

struct thread *state_thread(struct state *s, int64_t tid)
{
	(void)s;
	(void)tid;
	return &thread;
}

static bool told;

int state_fds_told(struct state *s, int64_t tid)
{
	(void)s;
	assert_int_equal(tid, 7);
	note("told");
	told = true;
	return 0;
}

bool state_fds_missing(const struct state *s, const struct thread *t)
{
	(void)s;
	assert_ptr_equal(t, &thread);
	return !told;
}

void field_ask_for_params(struct field_context *ctx)
{
	assert_non_null(ctx->needs);
	note("params");
}

struct fd *thread_fd(struct thread *t, int64_t number)
{
	(void)t;
	(void)number;
	return NULL;
}

/* ---- the scripted engine ---- */

static const struct intercept_set wants = { .facts = FACT_CRED | FACT_FD };

const struct intercept_set *ruleset_wants(const struct ruleset *r)
{
	(void)r;
	return &wants;
}
facts_t ruleset_output_reads(const struct ruleset *r, uint32_t rule)
{
	(void)r;
	(void)rule;
	return script.prints;
}

bool ruleset_wants_type(const struct ruleset *r, uint16_t type)
{
	(void)r;
	(void)type;
	return script.wanted;
}

bool ruleset_wants_event(const struct ruleset *r, const struct event *ev)
{
	return ruleset_wants_type(r, ev->type);
}
size_t ruleset_count(const struct ruleset *r)
{
	(void)r;
	return 2;
}
/* The other set has the same rules the other way round. */
void ruleset_get(const struct ruleset *r, size_t i, struct rule_view *ret)
{
	*ret = (struct rule_view){ .name = (i == 0) == ((const void *)r == &dummy_rules) ? STR("one") : STR("two") };
}
int engine_new(const struct ruleset *r, struct state *state, struct engine **ret, struct error *err)
{
	(void)r, (void)state, (void)err;
	*ret = (struct engine *)(void *)&dummy_engine;
	return 0;
}
void engine_free(struct engine *e)
{
	(void)e;
}

enum outcome engine_evaluate(struct engine *e, struct field_context *ctx, struct hits *ret)
{
	static const uint32_t first[] = { 0 }, both[] = { 0, 1 };
	char outcome = script.outcomes[evaluated];

	(void)e;
	assert_true(outcome);
	evaluated++;
	note(ctx->real_path.len ? "evaluate-real" : "evaluate");
	*ret = ctx->real_path.len ? (struct hits){ both, 2 } : (struct hits){ first, 1 };
	if (outcome == 'M' && ctx->needs)
		needs_add(ctx->needs, NEED_FD, 7, 3);
	return outcome == 'n' ? OUTCOME_NO : outcome == 'y' ? OUTCOME_YES : OUTCOME_MAYBE;
}

int engine_render(struct engine *e, struct field_context *ctx, uint32_t rule, struct alert *ret, struct error *err)
{
	(void)e;
	(void)err;
	assert_false(ctx->ev->provisional);
	assert_null(ctx->needs); /* what is not known by then is left out, not the whole text */
	*ret = (struct alert){ .priority = rule ? PRIORITY_NOTICE : PRIORITY_WARNING,
			       .text = STR("t"),
			       .json = STR("{}") };
	note(rule ? "render1" : "render0");
	return 0;
}

/* ---- limits ---- */

static int dummy_limits, dummy_burst, ended;

bool limits_are_due(const struct limits *l, uint64_t now)
{
	assert_ptr_equal(l, &dummy_limits);
	assert_true(now > 0);
	ended = script.ended;
	return ended;
}
bool limits_are_live(const struct limits *l)
{
	(void)l;
	return false;
}
const struct alert *limits_expire(struct limits *l, uint64_t now)
{
	static const struct alert last = { .priority = PRIORITY_NOTICE, .text = STR("l"), .json = STR("{}") };

	(void)l;
	(void)now;
	if (!ended)
		return NULL;
	ended--;
	note("ended");
	return &last;
}
struct limits_burst *limits_hold(struct limits *l, struct field_context *ctx, uint32_t rule)
{
	(void)l;
	(void)rule;
	assert_int_equal(ctx->held, 0);
	ctx->held = script.holds;
	return script.holds ? (struct limits_burst *)(void *)&dummy_burst : NULL;
}
void limits_keep(struct limits_burst *b, const struct alert *a)
{
	(void)a;
	assert_ptr_equal(b, &dummy_burst);
	note("keep");
}

/* ---- an output ---- */

static int fake_send(struct output *o, const struct alert *a, struct error *err)
{
	(void)a;
	note("send");
	if (o->json) {
		o->failed++;
		return error_set(err, -EIO, "gone");
	}
	o->sent++;
	return 0;
}
static const struct output_ops output_ops = { .name = "script", .send = fake_send };

/* ---- cases ---- */

static const struct {
	const char *name;
	bool sync, match_realpath;
	struct script script;
	const char *journal;
} cases[] = {
	{ "a capture's event", false, false, { .events = "c", .outcomes = "y", .wanted = true },
	  "apply evaluate render0 send settle" },
	{ "no rule looks", false, false, { .events = "c", .outcomes = "", .wanted = false }, "apply settle" },
	{ "state only", false, false, { .events = "s", .outcomes = "", .wanted = true }, "apply settle" },
	{ "state only, but counted", false, false, { .events = "S", .outcomes = "", .wanted = true }, "apply settle" },
	{ "no match", false, false, { .events = "0c", .outcomes = "n", .wanted = true }, "apply evaluate settle" },
	{ "unknown in a capture is absent", false, false, { .events = "c", .outcomes = "my", .wanted = true },
	  "apply evaluate evaluate render0 send settle" },
	{ "complete, subject missing", true, false,
	  { .events = "c", .outcomes = "n", .wanted = true, .lacks = 1, .fetch_gives = 1 },
	  "intercept preview fetch apply-told settle-told apply evaluate settle" },
	{ "complete, engine asks", true, false,
	  { .events = "c", .outcomes = "My", .wanted = true, .fetch_gives = 1 },
	  "intercept preview apply evaluate fetch apply-told settle-told evaluate render0 send settle" },
	{ "complete, engine asks for ever", true, false,
	  { .events = "c", .outcomes = "MMMMn", .wanted = true },
	  "intercept preview apply evaluate fetch evaluate fetch evaluate fetch evaluate fetch evaluate settle" },
	{ "outputs ask for other descriptors, once for all", true, false,
	  { .events = "c", .outcomes = "y", .wanted = true, .fetch_gives = 1, .prints = FACT_FDS },
	  "intercept preview apply evaluate fetch apply-told settle-told told render0 send settle" },
	{ "outputs ask for what parameters name", true, false,
	  { .events = "c", .outcomes = "y", .wanted = true, .prints = FACT_EVENT },
	  "intercept preview apply evaluate params render0 send settle" },
	{ "outputs ask a capture for nothing", false, false,
	  { .events = "c", .outcomes = "y", .wanted = true, .prints = FACT_FDS | FACT_EVENT },
	  "apply evaluate render0 send settle" },
	{ "entry: what is closed is asked for before", true, false,
	  { .events = "l", .outcomes = "mn", .wanted = true, .complete = 1, .lacks = 2, .fetch_gives = 1 },
	  "intercept preview evaluate preview fetch apply-told settle-told complete preview apply evaluate settle answer" },
	{ "entry: nobody looks", true, false, { .events = "p", .outcomes = "", .wanted = false }, "intercept answer" },
	{ "entry: no", true, false, { .events = "p", .outcomes = "n", .wanted = true },
	  "intercept preview evaluate answer" },
	{ "entry: yes, completed in place", true, false,
	  { .events = "p", .outcomes = "yy", .wanted = true, .complete = 1 },
	  "intercept preview evaluate complete preview apply evaluate render0 send settle answer" },
	{ "entry: yes, completed later", true, false,
	  { .events = "pc", .outcomes = "yy", .wanted = true, .complete = 0 },
	  "intercept preview evaluate complete preview apply evaluate render0 send settle" },
	{ "entry: maybe without needs", true, false,
	  { .events = "p", .outcomes = "mn", .wanted = true, .complete = 1 },
	  "intercept preview evaluate complete preview apply evaluate settle answer" },
	{ "entry: maybe, then no", true, false,
	  { .events = "p", .outcomes = "Mn", .wanted = true, .fetch_gives = 2 },
	  "intercept preview evaluate fetch apply-told settle-told apply-told settle-told preview evaluate answer" },
	{ "entry: the state depends on the result", true, false,
	  { .events = "w", .outcomes = "n", .wanted = true, .complete = 1 },
	  "intercept complete preview apply evaluate settle answer" },
	{ "entry: the caller died", true, false,
	  { .events = "p", .outcomes = "y", .wanted = true, .complete = -ESRCH },
	  "intercept preview evaluate complete" },
	{ "entry: the caller died before the answer", true, false,
	  { .events = "p", .outcomes = "n", .wanted = true, .answer = -ENOENT },
	  "intercept preview evaluate answer" },
	{ "entry: an open by both its ends", true, false, { .events = "o", .outcomes = "nn", .wanted = true },
	  "intercept preview evaluate evaluate answer" },
	{ "entry: an open that may match by its failure", true, false,
	  { .events = "o", .outcomes = "nmn", .wanted = true, .complete = 1 },
	  "intercept preview evaluate evaluate complete preview apply evaluate settle answer" },
	{ "entry: an open's needs are those of the end that may match", true, false,
	  { .events = "o", .outcomes = "Mnn", .wanted = true },
	  "intercept preview evaluate fetch preview evaluate evaluate answer" },
	{ "entry: an open whose success does not matter needs no real path", true, true,
	  { .events = "f", .outcomes = "nn", .wanted = true }, "intercept preview evaluate evaluate answer" },
	{ "entry: only an opened file has a real path", true, true,
	  { .events = "o", .outcomes = "n", .wanted = true, .complete = 1 },
	  "intercept complete preview apply evaluate settle answer" },
	{ "the real path gives another rule", false, true,
	  { .events = "c", .outcomes = "yy", .wanted = true, .other_path = true },
	  "apply evaluate render0 send evaluate-real render1 send settle" },
	{ "the real path alone matches", false, true,
	  { .events = "c", .outcomes = "ny", .wanted = true, .other_path = true },
	  "apply evaluate evaluate-real render0 send render1 send settle" },
	{ "recorded: no rule looks, the result is wanted", true, false,
	  { .events = "p", .outcomes = "", .wanted = false, .complete = 1, .records = true },
	  "intercept preview complete preview apply record settle answer" },
	{ "recorded: what the call is about is asked for before it is done", true, false,
	  { .events = "p", .outcomes = "y", .wanted = true, .complete = 1, .lacks = 1, .fetch_gives = 1,
	    .records = true },
	  "intercept preview fetch complete preview record-told apply-told settle-told preview apply evaluate render0 send record settle answer" },
	{ "recorded: completed later", true, false,
	  { .events = "pc", .outcomes = "n", .wanted = true, .complete = 0, .records = true },
	  "intercept preview complete preview apply evaluate record settle" },
	{ "recorded: the caller died", true, false,
	  { .events = "p", .outcomes = "", .wanted = true, .complete = -ESRCH, .records = true },
	  "intercept preview complete" },
	{ "bursts that are over come before the alerts of the event", false, false,
	  { .events = "cs", .outcomes = "y", .wanted = true, .ended = 2 },
	  "apply ended send ended send evaluate render0 send settle apply settle" },
	{ "an alert is held back", false, true,
	  { .events = "c", .outcomes = "yy", .wanted = true, .other_path = true, .holds = true },
	  "apply evaluate render0 keep evaluate-real render1 keep settle" },
	{ "a text that the state reads is cleaned", false, false,
	  { .events = "t", .outcomes = "", .state_reads = true }, "a\xef\xbf\xbd" "b settle" },
	{ "a text that a rule may read is cleaned", false, false,
	  { .events = "t", .outcomes = "n", .wanted = true }, "a\xef\xbf\xbd" "b evaluate settle" },
	{ "a text that is recorded is cleaned", false, false,
	  { .events = "t", .outcomes = "", .records = true }, "a\xef\xbf\xbd" "b record settle" },
	{ "a text that nobody reads costs nothing", false, false, { .events = "t", .outcomes = "" }, "a\nb settle" },
	{ "the real path is not asked for", false, false,
	  { .events = "c", .outcomes = "n", .wanted = true, .other_path = true }, "apply evaluate settle" },
};

static int fake_record(void *context, const struct event *ev, struct error *err)
{
	(void)context;
	(void)err;
	note(ev->tid == 8 ? "record-told" : "record");
	return 0;
}

static struct pipeline *begin(struct source *source, const struct pipeline_options *options, struct script of)
{
	struct pipeline *p;

	script = of;
	next_event = script.events;
	evaluated = 0;
	told = false;
	assert_int_equal(pipeline_new(source, options, &p, NULL), 0);
	return p;
}

static void run_case(size_t i)
{
	struct output output = { .ops = &output_ops }, *outputs[] = { &output };
	struct source source = { .ops = cases[i].sync ? &sync_ops : &async_ops };
	struct pipeline_options options = {
		.rules = (struct ruleset *)(void *)&dummy_rules,
		.outputs = outputs,
		.noutputs = 1,
		.match_realpath = cases[i].match_realpath,
		.record = cases[i].script.records ? fake_record : NULL,
		.limits =
			cases[i].script.holds || cases[i].script.ended ? (struct limits *)(void *)&dummy_limits : NULL,
	};
	auto_pipeline struct pipeline *p = NULL;
	struct error err = { 0 };
	int r;

	lacks = cases[i].script.lacks;
	strbuf_reset(&journal);
	ext.real_path = STR("/etc/shadow");
	p = begin(&source, &options, cases[i].script);
	do
		r = pipeline_steps(p, 1, &err);
	while (r >= 0);
	if (r != -ENODATA)
		fail_msg("%s: %d %s", cases[i].name, r, err.text);
	if (strcmp(journal.ptr, cases[i].journal) != 0)
		fail_msg("%s:\n     is %s\nexpect %s", cases[i].name, journal.ptr, cases[i].journal);
	if (script.outcomes[evaluated])
		fail_msg("%s: fewer evaluations than expected", cases[i].name);
}

static void test_orders(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		run_case(i);
}

static void test_counts(void **state)
{
	struct output good = { .ops = &output_ops }, bad = { .ops = &output_ops, .json = true },
		      *outputs[] = { &bad, &good };
	struct source source = { .ops = &async_ops };
	struct pipeline_options options = {
		.rules = (struct ruleset *)(void *)&dummy_rules, .outputs = outputs, .noutputs = 2
	};
	auto_pipeline struct pipeline *p = NULL;
	struct pipeline_stats stats;
	struct error err = { 0 };

	(void)state;
	p = begin(&source, &options, (struct script){ .events = "sc0sSc", .outcomes = "yn", .wanted = true });
	/* who asks for many steps hears when there is nothing to do, rather than after so many waits */
	assert_int_equal(pipeline_steps(p, 9, &err), 0);
	pipeline_stats(p, &stats);
	assert_int_equal(stats.events, 1);
	assert_int_equal(pipeline_steps(p, 9, &err), -ENODATA);
	pipeline_stats(p, &stats);
	assert_int_equal(stats.events, 3);
	assert_int_equal(stats.threads_dropped, 3);
	assert_int_equal(stats.fds_dropped, 4);
	assert_int_equal(stats.alerts, 1);
	assert_int_equal(stats.by_priority[PRIORITY_WARNING], 1);
	assert_int_equal(stats.by_rule[0], 1);
	assert_int_equal(stats.by_rule[1], 0);
	assert_int_equal(stats.highest, PRIORITY_WARNING);
	assert_int_equal(stats.outputs_failed, 1);
	assert_string_equal(stats.output_error.text, "gone");
	assert_int_equal(good.sent, 1);
	assert_int_equal(pipeline_time(p), 1000);
}

/* Counts go with the names of rules; what is refused changes nothing. */
static void test_swap(void **state)
{
	struct output good = { .ops = &output_ops }, *outputs[] = { &good, &good };
	struct source source = { .ops = &sync_ops };
	const struct pipeline_options first = { .rules = (struct ruleset *)(void *)&dummy_rules,
						.outputs = outputs,
						.noutputs = 1 };
	const struct pipeline_options second = { .rules = (struct ruleset *)(void *)&other_rules };
	auto_pipeline struct pipeline *p = NULL;
	struct pipeline_change *change;
	struct pipeline_stats stats;
	struct error err = { 0 };

	(void)state;
	p = begin(&source, &first, (struct script){ .events = "cc", .outcomes = "yy", .wanted = true });
	assert_int_equal(pipeline_steps(p, 1, &err), 1);
	intercept_result = -EOPNOTSUPP;
	assert_int_equal(pipeline_change_new(p, &second, &change, &err), -EOPNOTSUPP);
	intercept_result = 0;
	pipeline_stats(p, &stats);
	assert_int_equal(stats.by_rule[0], 1);
	assert_int_equal(stats.by_rule[1], 0);
	assert_int_equal(pipeline_change_new(p, &second, &change, &err), 0);
	pipeline_stats(p, &stats);
	assert_int_equal(stats.by_rule[0], 1); /* not yet */
	pipeline_change_take(p, change);
	pipeline_stats(p, &stats);
	assert_int_equal(stats.by_rule[0], 0); /* the rule stands second there */
	assert_int_equal(stats.by_rule[1], 1);
	assert_int_equal(stats.alerts, 1);
	pipeline_outputs_changed(p, 2, 5);
	assert_int_equal(pipeline_steps(p, 1, &err), 1);
	pipeline_stats(p, &stats);
	assert_int_equal(stats.outputs_failed, 5);
	assert_int_equal(good.sent, 3); /* once, then by both */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_orders), cmocka_unit_test(test_counts),
					    cmocka_unit_test(test_swap) };
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	strbuf_free(&journal);
	return r;
}
