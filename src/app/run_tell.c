/* SPDX-License-Identifier: Apache-2.0 */
/* What `monitor run` says of itself. */
#include <inttypes.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "app/log.h"
#include "app/run.h"

static void tell_waits(const char *indent, const struct figures_waits *w)
{
	log_info("%s%" PRIu64
		 " waits of calls: half up to %.1f us, 99 %% up to %.1f us, the longest %.1f us, %.3f ms in all",
		 indent, w->count, (double)figures_quantile(w, 500) / 1e3, (double)figures_quantile(w, 990) / 1e3,
		 (double)w->max_ns / 1e3, (double)w->total_ns / 1e6);
}

/* Where the time went, two lines for each call. */
static void tell_figures(const struct figures *f)
{
	for (long number = 0; number < CALLS_MAX; number++) {
		const struct syscall_info *info = syscall_by_number(number);
		const uint64_t *n = f->calls[number];

		if (n[FIGURES_AT_ENTRY] + n[FIGURES_ON_BEHALF] + n[FIGURES_TO_RESULT] + n[FIGURES_REFUSED] == 0)
			continue;
		log_info("  %-20s %" PRIu64 " let go at entry, %" PRIu64 " done on behalf, %" PRIu64
			 " followed to the result, %" PRIu64 " refused",
			 info ? info->name : "?", n[FIGURES_AT_ENTRY], n[FIGURES_ON_BEHALF], n[FIGURES_TO_RESULT],
			 n[FIGURES_REFUSED]);
		if (f->by_call[number])
			tell_waits("    ", f->by_call[number]);
	}
	tell_waits("", &f->all);
}

void run_tell_summary(const struct run *run)
{
	const struct figures *figures = tracer_figures(run->session.source);
	struct pipeline_stats stats;

	pipeline_stats(run->session.pipeline, &stats);
	log_info("%" PRIu64 " event%s, %" PRIu64 " call%s waited (%" PRIu64 " let go at entry), %" PRIu64 " alert%s",
		 stats.events, str_plural(stats.events), figures->all.count, str_plural(figures->all.count),
		 stats.answered_at_entry, stats.alerts, str_plural(stats.alerts));
	tell_figures(figures);
}

void run_tell_failed(const struct run *run, const struct tracer_status *status)
{
	const char *priority = priority_name((enum priority)run->fail_on);
	struct pipeline_counts counts;
	uint64_t n = 0;
	char end[64];

	session_counts(&run->session, &counts);
	for (int p = 0; p <= run->fail_on; p++)
		n += counts.by_priority[p];
	if (status->start_errno)
		end[0] = 0; /* which was said */
	else if (WIFSIGNALED(status->wait_status))
		snprintf(end, sizeof(end), "; signal %d ended the command", WTERMSIG(status->wait_status));
	else
		snprintf(end, sizeof(end), "; the command's was %d", WEXITSTATUS(status->wait_status));
	log_error("exit status %d: %" PRIu64 " alert%s of %s or above%s", EXIT_ALERTED, n, str_plural(n), priority,
		  end);
}

/*
 * It has been raised as far as may be (launch.c). Who reaches it is killed, and the workload with it or its
 * calls fail.
 */
static void tell_time_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CPU, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		log_warning("the limit of processor time (ulimit -t) holds for the monitor, too: it ends after %" PRIu64
			    " s of its own",
			    (uint64_t)limit.rlim_cur);
}

/* One for each process whose memory is looked at, and what it takes to look at all. */
static void tell_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < RUN_FEW_DESCRIPTORS)
		log_warning(
			"the limit of descriptors (ulimit -n) leaves the monitor %" PRIu64
			": what it finds no room to look at is missing in alerts, and rules that ask for it do not match",
			(uint64_t)limit.rlim_cur);
}

void run_tell_start(const struct run *run)
{
	const char *idle = session_idle_reason(&run->session);
	size_t count = ruleset_count_enabled(run->session.rules);
	struct tracer_status status;

	tracer_status(run->session.source, &status);
	if (status.lost[0])
		log_warning("%s", status.lost);
	tell_time_limit();
	tell_descriptor_limit();
	if (idle)
		log_warning("%s: nothing is watched", idle);
	log_info("%zu rule%s; system calls are intercepted by %s, births of processes are learnt by %s", count,
		 count == 1 ? "" : "s", backend_info(status.backend)->how,
		 status.records ? "the kernel's records" : "their calls");
	log_info("calls of other ABIs (i386, x32) %s; io_uring %s",
		 run->tracer.foreign_abi == TRACER_DENY ? "are refused and alert" : "pass and alert",
		 run->tracer.io_uring == TRACER_DENY  ? "is refused" :
		 run->tracer.io_uring == TRACER_ALERT ? "passes and alerts" :
							"passes unseen");
}
