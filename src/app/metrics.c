/* SPDX-License-Identifier: Apache-2.0 */
/* What the program measures of itself, collected. */
#include "app/metrics.h"

#include <unistd.h>

#include "app/resources.h"
#include "app/sandbox.h"
#include "base/clock.h"
#include "base/units.h"

void metrics_collect(const struct session *s, struct metrics *ret_metrics)
{
	struct source_stats source = { 0 };
	struct pipeline_counts counts;
	struct pipeline_stats stats;
	struct metrics m = { 0 };
	const char *call;
	uint64_t now = clock_ns(CLOCK_REALTIME);

	pipeline_stats(s->pipeline, &stats);
	session_counts(s, &counts);
	if (s->source->ops->stats)
		s->source->ops->stats(s->source, &source);
	m.start_ts = s->start_ts;
	m.reload_ts = s->reload_ts;
	m.reloads = s->reloads;
	m.reloads_refused = s->reloads_refused;
	m.duration_s = now > s->start_ts ? (now - s->start_ts) / NS_PER_SECOND : 0;
	m.host_boot_ts = now - clock_ns(CLOCK_BOOTTIME);
	m.host_cpus = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	resources_collect(&m, s->start_ts);
	m.threads = stats.state.threads;
	m.fds = stats.state.fds;
	m.threads_added = stats.state.threads_added;
	m.threads_removed = stats.state.threads_removed;
	m.threads_dropped = stats.state.threads_dropped;
	m.fds_added = stats.state.fds_added;
	m.fds_removed = stats.state.fds_removed;
	m.thread_lookups_failed = stats.state.thread_lookups_failed;
	m.fd_lookups_failed = stats.state.fd_lookups_failed;
	m.events = counts.events;
	m.events_dropped = source.dropped;
	m.alerts = counts.alerts;
	m.alerts_held = stats.held;
	m.outputs_dropped = output_list_dropped(&s->outputs);
	m.alerts_lost = stats.outputs_failed;
	m.held = source.stalls;
	m.calls_refused = sandbox_refused(&call);
	m.at_entry = stats.answered_at_entry;
	m.stall_ns = source.stall_ns;
	m.stall_max_ns = source.stall_max_ns;
	*ret_metrics = m;
}

bool metrics_wants(enum metric_group group, const struct session *s, const struct config *c)
{
	/* plugins' events have no processes, and nothing is lost on their way */
	bool calls = !s->source_name.len;

	return group == METRIC_ALWAYS || (group == METRIC_RESOURCES && c->metrics_resource_utilization_enabled) ||
	       (group == METRIC_STATE && calls && c->metrics_state_counters_enabled) ||
	       (group == METRIC_EVENTS && calls && c->metrics_kernel_event_counters_enabled);
}
