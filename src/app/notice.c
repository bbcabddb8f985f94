/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notice.h"

#include <time.h>

#include "app/log.h"
#include "base/cleanup.h"
#include "base/json.h"

#define NS_PER_SECOND 1000000000ull

static void add_time(struct strbuf *out, uint64_t ts, const char *format, bool local, const char *zone)
{
	time_t seconds = (time_t)(ts / NS_PER_SECOND);
	struct tm tm;
	char text[64];

	if ((local ? localtime_r(&seconds, &tm) : gmtime_r(&seconds, &tm)) && strftime(text, sizeof(text), format, &tm))
		strbuf_addf(out, "%s.%09u%s", text, (unsigned int)(ts % NS_PER_SECOND), zone);
}

static void add_member(struct strbuf *out, const char *key, const char *value)
{
	strbuf_addf(out, "%s\"%s\":", out->len > 1 ? "," : "", key);
	json_add_string(out, str_of(value));
}

static void add_fields(struct strbuf *out, const struct tracer_notice *n)
{
	strbuf_adds(out, "{");
	if (n->kind == TRACER_NOTICE_FOREIGN_ABI) {
		add_member(out, "call.abi", n->abi);
		strbuf_addf(out, ",\"call.number\":%ld", n->number);
	}
	add_member(out, "call.verdict", n->refused ? "refused" : "passed");
	add_member(out, "proc.exepath", n->path);
	add_member(out, "proc.name", n->name);
	strbuf_addf(out, ",\"proc.pid\":%d}", n->pid);
}

static void add_message(struct strbuf *out, const struct tracer_notice *n)
{
	if (n->kind == TRACER_NOTICE_FOREIGN_ABI)
		strbuf_addf(out, "System call of the %s ABI, which rules cannot look into, was %s (call=%ld", n->abi,
			    n->refused ? "refused" : "let pass", n->number);
	else if (n->kind == TRACER_NOTICE_LISTENER)
		strbuf_addf(out, "A seccomp listener below the monitor's %s (call=%ld",
			    n->refused ? "is refused by the kernel: --backend ptrace would let it be" : "was made: every call stops now",
			    n->number);
	else
		strbuf_addf(out, "io_uring, whose operations rules cannot see, was let pass (call=%ld", n->number);
	strbuf_addf(out, " process=%s proc_exepath=%s pid=%d)", n->name, n->path, n->pid);
	/* names are the workload's choice */
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->ptr[i] < 0x20 || out->ptr[i] == 0x7f)
			out->ptr[i] = '?';
}

static void add_json(struct strbuf *out, const struct notice *notice, const struct tracer_notice *n, const char *rule, struct str text,
		     struct str fields)
{
	strbuf_adds(out, "{");
	add_member(out, "hostname", notice->session->hostname);
	strbuf_adds(out, ",\"output\":");
	json_add_string(out, text);
	strbuf_addf(out, ",\"output_fields\":" STR_FMT, STR_ARG(fields));
	add_member(out, "priority", priority_name(PRIORITY_WARNING));
	add_member(out, "rule", rule);
	add_member(out, "source", "internal");
	strbuf_adds(out, ",\"tags\":[],\"time\":\"");
	add_time(out, n->ts, "%Y-%m-%dT%H:%M:%S", false, "Z");
	strbuf_adds(out, "\"}");
}

void notice_receive(void *context, const struct tracer_notice *n)
{
	struct notice *notice = context;
	static const char *const rules[] = {
		[TRACER_NOTICE_FOREIGN_ABI] = "Foreign system call",
		[TRACER_NOTICE_IO_URING] = "io_uring used",
		[TRACER_NOTICE_LISTENER] = "Seccomp listener of the workload",
	};
	const char *rule = rules[n->kind];
	auto_strbuf struct strbuf message = { 0 }, text = { 0 }, fields = { 0 }, json = { 0 };

	if (n->kind == TRACER_NOTICE_IO_URING && n->refused) {
		/* programs try it and go on without: it is no attack, but not what happens natively either */
		if (!notice->told_ring)
			log_info("%s wanted io_uring, which was refused (--io-uring)", n->name);
		notice->told_ring = true;
		return;
	}
	add_message(&message, n);
	if (notice->iso_time)
		add_time(&text, n->ts, "%Y-%m-%dT%H:%M:%S", false, "+0000: ");
	else
		add_time(&text, n->ts, "%H:%M:%S", true, ": ");
	strbuf_addf(&text, "%s " STR_FMT, priority_name(PRIORITY_WARNING), STR_ARG(strbuf_str(&message)));
	add_fields(&fields, n);
	add_json(&json, notice, n, rule, strbuf_str(&text), strbuf_str(&fields));
	if (message.failed || text.failed || fields.failed || json.failed) {
		log_error("out of memory: an alert was lost (%s)", rule);
		return;
	}
	pipeline_alert(notice->session->pipeline, &(struct alert){
							  .ts = n->ts,
							  .priority = PRIORITY_WARNING,
							  .rule = str_of(rule),
							  .source = STR("internal"),
							  .text = strbuf_str(&text),
							  .json = strbuf_str(&json),
							  .hostname = str_of(notice->session->hostname),
							  .fields = strbuf_str(&fields),
						  });
}
