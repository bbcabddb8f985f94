/* SPDX-License-Identifier: Apache-2.0 */
#include "app/notice.h"

#include "app/internal_alert.h"
#include "app/log.h"
#include "base/cleanup.h"

static void add_fields(struct alert_fields *f, const struct tracer_notice *n)
{
	if (n->kind == TRACER_NOTICE_FOREIGN_ABI)
		alert_fields_text(f, "call.abi", str_of(n->abi));
	if (n->kind != TRACER_NOTICE_CLOSED && n->kind != TRACER_NOTICE_LATE && n->kind != TRACER_NOTICE_SEALED) {
		alert_fields_number(f, "call.number", (uint64_t)n->number);
		alert_fields_text(f, "call.verdict", n->refused ? STR("refused") : STR("passed"));
	}
	alert_fields_text(f, "proc.exepath", str_of(n->path));
	alert_fields_text(f, "proc.name", str_of(n->name));
	alert_fields_number(f, "proc.pid", (uint64_t)n->pid);
}

static void add_message(struct strbuf *out, const struct tracer_notice *n)
{
	if (n->kind == TRACER_NOTICE_FOREIGN_ABI)
		strbuf_addf(out, "System call of the %s ABI, which rules cannot look into, was %s", n->abi,
			    n->refused ? "refused: --foreign-abi alert would let it be" : "let pass");
	else if (n->kind == TRACER_NOTICE_LISTENER)
		strbuf_addf(out, "A seccomp listener below the monitor's %s",
			    n->refused ? "is refused by the kernel: --backend ptrace would let it be" :
					 "was made: every call stops now");
	else if (n->kind == TRACER_NOTICE_WAITS)
		strbuf_adds(
			out,
			"A call of a process waits for a lock that another holds (who waits for memory that is not given, or has frozen "
			"a file system); all others go on");
	else if (n->kind == TRACER_NOTICE_CLOSED)
		strbuf_adds(
			out,
			"The monitor may not look into a process (not dumpable, or a program that may not be read): "
			"paths and addresses of its calls are unknown");
	else if (n->kind == TRACER_NOTICE_LATE)
		strbuf_adds(
			out,
			"Memory of a process cannot be read in time (a file on FUSE or a network): what its calls point to "
			"is looked for behind them");
	else if (n->kind == TRACER_NOTICE_SEALED)
		strbuf_adds(
			out,
			"Memory of a process can be read by nobody else (memfd_secret, a device): what its calls point to there is "
			"unknown");
	else
		strbuf_adds(out, "io_uring, whose operations rules cannot see, was let pass");
}

void notice_receive(void *context, const struct tracer_notice *n)
{
	struct notice *notice = context;
	static const char *const rules[] = {
		[TRACER_NOTICE_FOREIGN_ABI] = "Foreign system call",
		[TRACER_NOTICE_IO_URING] = "io_uring used",
		[TRACER_NOTICE_LISTENER] = "Seccomp listener of the workload",
		[TRACER_NOTICE_WAITS] = "Process that holds up the monitor",
		[TRACER_NOTICE_CLOSED] = "Process that cannot be looked into",
		[TRACER_NOTICE_LATE] = "Process that holds up the monitor",
		[TRACER_NOTICE_SEALED] = "Process that cannot be looked into",
	};
	const char *rule = rules[n->kind];
	auto_strbuf struct strbuf message = { 0 };
	auto_alert_fields struct alert_fields fields = { 0 };

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
