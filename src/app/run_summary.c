/* SPDX-License-Identifier: Apache-2.0 */
/* `monitor run --summary`: the run as one JSON object, for jobs and programs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/log.h"
#include "app/run.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/moment.h"
#include "base/units.h"
#include "field/names.h"

/* What is summed up, taken once. */
struct look {
	const struct run *run;
	struct tracer_status status;
	struct pipeline_stats stats;
	struct source_stats source;
	uint64_t start, end; /* epoch ns; 0 = there was none */
	const char *error; /* NULL = none */
	bool last;
};

/* ---- JSON ---------------------------------------------------------------------------------------------- */

static void separate(struct strbuf *out)
{
	if (out->len && out->ptr[out->len - 1] != '{' && out->ptr[out->len - 1] != '[' && out->ptr[out->len - 1] != ':')
		strbuf_addc(out, ',');
}

static void put_key(struct strbuf *out, struct str name)
{
	separate(out);
	json_add_string(out, name);
	strbuf_addc(out, ':');
}

/* text NULL = null */
static void put_text(struct strbuf *out, const char *text)
{
	separate(out);
	if (text)
		json_add_string(out, str_of(text));
	else
		strbuf_adds(out, "null");
}

static void put_count(struct strbuf *out, const char *name, uint64_t n)
{
	put_key(out, str_of(name));
	strbuf_addu(out, n);
}

static void put_seconds(struct strbuf *out, uint64_t ns)
{
	strbuf_addf(out, "%" PRIu64 ".%09u", ns / NS_PER_SECOND, (unsigned int)(ns % NS_PER_SECOND));
}

static void put_time(struct strbuf *out, uint64_t ts)
{
	if (!ts) {
		strbuf_adds(out, "null");
		return;
	}
	strbuf_addc(out, '"');
	moment_add(out, ts, MOMENT_ISO_Z);
	strbuf_addc(out, '"');
}

/* ---- members ------------------------------------------------------------------------------------------- */

static void add_monitor(struct strbuf *out, const struct look *l)
{
	(void)l;
	put_text(out, VERSION);
}

static void add_command(struct strbuf *out, const struct look *l)
{
	strbuf_addc(out, '[');
	for (int i = 0; i < l->run->options.noperands; i++)
		put_text(out, l->run->options.operands[i]);
	strbuf_addc(out, ']');
}

static void add_ended(struct strbuf *out, const struct look *l)
{
	const struct tracer_status *s = &l->status;

	put_text(out, s->exited && !s->start_errno ? (WIFSIGNALED(s->wait_status) ? "signal" : "exit") :
		 l->start && !s->start_errno	   ? "unwatched" :
						     "not_started");
}

static bool has_status(const struct look *l)
{
	return l->status.exited && !l->status.start_errno;
}

static void add_status(struct strbuf *out, const struct look *l)
{
	if (has_status(l) && WIFEXITED(l->status.wait_status))
		strbuf_addf(out, "%d", WEXITSTATUS(l->status.wait_status));
	else
		put_text(out, NULL);
}

static void add_signal(struct strbuf *out, const struct look *l)
{
	bool has = has_status(l) && WIFSIGNALED(l->status.wait_status);
	const char *name = has ? names_signal((unsigned int)WTERMSIG(l->status.wait_status)) : NULL;

	if (has && !name) /* a real-time signal */
		strbuf_addf(out, "\"%d\"", WTERMSIG(l->status.wait_status));
	else
		put_text(out, name);
}

static void add_exit_status(struct strbuf *out, const struct look *l)
{
	const struct run_summary *s = &l->run->summary;
	int status = l->status.wait_status;

	if (s->code >= 0)
		strbuf_addf(out, "%d", s->code);
	else if (has_status(l) && l->run->finished)
		strbuf_addf(out, "%d", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
	else
		put_text(out, NULL);
}

static void add_fail_on(struct strbuf *out, const struct look *l)
{
	put_text(out, l->run->fail_on >= 0 && l->run->fail_on < PRIORITY_COUNT ?
			      priority_name((enum priority)l->run->fail_on) :
			      NULL);
}

static void add_error(struct strbuf *out, const struct look *l)
{
	put_text(out, l->error ? l->error : l->status.start_errno ? strerror(l->status.start_errno) : NULL);
}

static void add_start(struct strbuf *out, const struct look *l)
{
	put_time(out, l->start);
}

static void add_end(struct strbuf *out, const struct look *l)
{
	put_time(out, l->start ? l->end : 0);
}

static void add_seconds(struct strbuf *out, const struct look *l)
{
	put_seconds(out, l->start && l->end > l->start ? l->end - l->start : 0);
}

static void add_watching(struct strbuf *out, const struct look *l)
{
	strbuf_adds(out, l->last ? "false" : "true");
}

static void add_alerts(struct strbuf *out, const struct look *l)
{
	const struct session *s = &l->run->session;

	strbuf_addc(out, '{');
	put_count(out, "total", l->stats.alerts);
	put_count(out, "held_back", l->stats.held);
	put_key(out, STR("by_priority"));
	strbuf_addc(out, '{');
	for (int p = 0; p < PRIORITY_COUNT; p++)
		if (l->stats.by_priority[p])
			put_count(out, priority_name((enum priority)p), l->stats.by_priority[p]);
	strbuf_adds(out, "}");
	put_key(out, STR("by_rule"));
	strbuf_addc(out, '{');
	for (size_t i = 0; l->stats.by_rule && i < ruleset_count(s->rules); i++) {
		struct rule_view rule;

		if (!l->stats.by_rule[i])
			continue;
		ruleset_get(s->rules, i, &rule);
		put_key(out, rule.name);
		strbuf_addu(out, l->stats.by_rule[i]);
	}
	strbuf_addc(out, '}');
	put_key(out, STR("internal"));
	strbuf_addc(out, '{');
	for (size_t i = 0; i < SESSION_INTERNAL && s->internal[i].name; i++)
		put_count(out, s->internal[i].name, s->internal[i].alerts);
	strbuf_adds(out, "}}");
}

static uint64_t times(const struct figures *f, long number)
{
	uint64_t n = 0;

	for (int way = 0; f && way < FIGURES_WAYS; way++)
		n += f->calls[number][way];
	return n;
}

static void add_calls(struct strbuf *out, const struct look *l)
{
	const struct figures *f = l->run->session.figures;
	uint64_t sum = 0;

	for (long number = 0; number < CALLS_MAX; number++)
		sum += times(f, number);
	strbuf_addc(out, '{');
	put_count(out, "watched", sum);
	put_count(out, "held", f ? f->all.count : 0);
	put_count(out, "let_go_at_entry", l->stats.answered_at_entry);
	put_key(out, STR("stall_seconds"));
	put_seconds(out, f ? f->all.total_ns : 0);
	put_key(out, STR("longest_stall_seconds"));
	put_seconds(out, f ? f->all.max_ns : 0);
	put_key(out, STR("by_name"));
	strbuf_addc(out, '{');
	for (long number = 0; number < CALLS_MAX; number++) {
		const struct syscall_info *info = syscall_by_number(number);

		if (times(f, number) && info)
			put_count(out, info->name, times(f, number));
	}
	strbuf_adds(out, "}}");
}

static void add_lost(struct strbuf *out, const struct look *l)
{
	strbuf_addc(out, '{');
	put_count(out, "alerts", l->stats.outputs_failed);
	put_count(out, "events", l->source.dropped);
	put_count(out, "threads", l->stats.threads_dropped);
	put_count(out, "descriptors", l->stats.fds_dropped);
	put_count(out, "answers", l->stats.unanswered);
	strbuf_addc(out, '}');
}

static void add_outputs(struct strbuf *out, const struct look *l)
{
	const struct output_list *list = &l->run->session.outputs;

	strbuf_addc(out, '[');
	for (size_t i = 0; i < list->count; i++) {
		struct output_stats stats;

		output_stats(list->list[i], &stats);
		separate(out);
		strbuf_addc(out, '{');
		put_key(out, STR("name"));
		put_text(out, stats.name);
		put_count(out, "delivered", stats.written);
		put_count(out, "failed", stats.errors);
		put_count(out, "dropped", stats.dropped);
		put_count(out, "waiting", stats.waiting);
		strbuf_addc(out, '}');
	}
	strbuf_addc(out, ']');
}

static void add_rules(struct strbuf *out, const struct look *l)
{
	const struct session *s = &l->run->session;

	strbuf_addc(out, '{');
	put_count(out, "count", s->rules ? ruleset_count_enabled(s->rules) : 0);
	put_key(out, STR("files"));
	strbuf_addc(out, '[');
	for (size_t i = 0; i < s->input.count; i++)
		put_text(out, s->input.list[i].path);
	strbuf_adds(out, "]}");
}

static void add_backend(struct strbuf *out, const struct look *l)
{
	put_text(out, l->start ? backend_info(l->status.backend)->name : NULL);
}

static void add_not_watched(struct strbuf *out, const struct look *l)
{
	const struct run *run = l->run;
	const char *idle = l->start ? session_idle_reason(&run->session) : NULL;
	auto_strbuf struct strbuf reason = { 0 };

	strbuf_addc(out, '[');
	if (l->status.lost[0])
		put_text(out, l->status.lost);
	if (idle) {
		strbuf_addf(&reason, "nothing is watched: %s", idle);
		separate(out);
		json_add_string(out, strbuf_str(&reason));
	}
	if (run->tracer.foreign_abi == TRACER_ALERT)
		put_text(
			out,
			"what is done by calls of other ABIs (i386, x32): they pass, and the first of a program alerts");
	if (run->tracer.io_uring == TRACER_ALERT)
		put_text(out, "what is done by io_uring: it passes, and its use alerts");
	else if (run->tracer.io_uring == TRACER_ALLOW)
		put_text(out, "what is done by io_uring: it passes unseen");
	strbuf_addc(out, ']');
}

static const struct {
	const char *name;
	void (*add)(struct strbuf *out, const struct look *l);
} members[] = {
#define SUMMARY(id, name, help) { name, add_##id },
#include "app/run_summary.def"
};

/* ---- the file ------------------------------------------------------------------------------------------ */

int run_summary_open(struct run *run, struct error *err)
{
	struct run_summary *s = &run->summary;
	const char *path = options_value(&run->options, OPT_run_summary, NULL);
	struct stat st;

	s->code = -1;
	if (!path)
		return 0;
	s->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600); /* arguments may be secrets */
	if (s->fd < 0 || fstat(s->fd, &st) < 0)
		return error_errno(err, -errno, "cannot write the summary to %s", path);
	s->again = S_ISREG(st.st_mode);
	/* one of an earlier run must not pass for this one's */
	if (s->again && ftruncate(s->fd, 0) < 0)
		return error_errno(err, -errno, "cannot write the summary to %s", path);
	s->path = path;
	return 0;
}

/* The whole object in one write, so that who reads it meanwhile has one. */
static int write_object(const struct run_summary *s, struct str text)
{
	ssize_t n;

	if (!s->again)
		return file_write_all(s->fd, text.ptr, text.len);
	n = pwrite(s->fd, text.ptr, text.len, 0);
	if (n < 0)
		return -errno;
	if (n != (ssize_t)text.len) /* a part is no object */
		return ftruncate(s->fd, 0) < 0 ? -errno : -ENOSPC;
	return ftruncate(s->fd, (off_t)text.len) < 0 ? -errno : 0;
}

void run_summary_write(struct run *run, const char *error, bool last)
{
	struct run_summary *s = &run->summary;
	struct look l = { .run = run, .error = error, .last = last, .start = run->session.start_ts };
	struct source *source = run->session.source;
	auto_strbuf struct strbuf out = { 0 };
	int r;

	if (!s->path || (!last && !s->again))
		return;
	if (source)
		tracer_status(source, &l.status);
	if (source && source->ops->stats)
		source->ops->stats(source, &l.source);
	if (run->session.pipeline)
		pipeline_stats(run->session.pipeline, &l.stats);
	if (!s->end)
		s->end = clock_ns(CLOCK_REALTIME);
	l.end = s->end;
	strbuf_addc(&out, '{');
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		put_key(&out, str_of(members[i].name));
		members[i].add(&out, &l);
	}
	strbuf_adds(&out, "}\n");
	r = out.failed ? -ENOMEM : write_object(s, strbuf_str(&out));
	if (r < 0 && r != s->failed)
		log_error("cannot write the summary to %s: %s", s->path, strerror(-r));
	s->failed = r;
}
