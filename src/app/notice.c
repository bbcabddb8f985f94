/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notice.h"

#include "app/internal_alert.h"
#include "app/log.h"
#include "base/cleanup.h"
#include "base/json.h"

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
	auto_strbuf struct strbuf message = { 0 }, fields = { 0 };

	if (n->kind == TRACER_NOTICE_IO_URING && n->refused) {
		/* programs try it and go on without: it is no attack, but not what happens natively either */
		if (!notice->told_ring)
			log_info("%s wanted io_uring, which was refused (--io-uring)", n->name);
		notice->told_ring = true;
		return;
	}
	add_message(&message, n);
	add_fields(&fields, n);
	internal_alert_raise(notice->session, notice->iso_time,
			     &(struct internal_alert){ n->ts, PRIORITY_WARNING, rule, &message, &fields });
}
