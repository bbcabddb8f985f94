/* SPDX-License-Identifier: Apache-2.0 */
#include "app/metrics_snapshot.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <limits.h>
#include <net/if.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/falco_version.h"
#include "app/internal_alert.h"
#include "app/log.h"
#include "app/metrics.h"
#include "base/clock.h"
#include "base/file.h"

#define INTERVAL_MIN_MS 100

struct metrics_snapshot {
	int file; /* -1 = none */
	char path[PATH_MAX];
	bool rule, told_failure;
	uint64_t interval_ms, next_ms; /* monotonic */
	uint64_t samples;
	/* at the last one */
	uint64_t ts, events, seen, dropped;
};

/* ---- the interval -------------------------------------------------------------------------------------- */

int metrics_interval(struct str text, uint64_t *ret_ms)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "y", 31536000000u }, { "w", 604800000 }, { "d", 86400000 }, { "h", 3600000 },
		      { "m", 60000 },        { "s", 1000 },      { "ms", 1 } };
	uint64_t sum = 0;
	size_t at = 0, unit = 0;

	while (at < text.len) {
		struct str word;
		uint64_t n = 0;
		size_t digits = at, end;

		if (text.ptr[at] == ' ') { /* Falco allows for blanks */
			at++;
			continue;
		}
		while (at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9' && n < UINT32_MAX)
			n = n * 10 + (uint64_t)(text.ptr[at++] - '0');
		for (end = at; end < text.len && text.ptr[end] >= 'a' && text.ptr[end] <= 'z';)
			end++;
		word = (struct str){ text.ptr + at, end - at };
		if (at == digits)
			return -EINVAL;
		while (unit < ARRAY_SIZE(units) && !str_eq(word, str_of(units[unit].unit)))
			unit++;
		if (unit == ARRAY_SIZE(units)) /* none of them, or not from the longest to the shortest */
			return -EINVAL;
		sum += n * units[unit++].ms;
		at = end;
	}
	if (sum < INTERVAL_MIN_MS)
		return -EINVAL;
	*ret_ms = sum;
	return 0;
}

/* ---- the figures --------------------------------------------------------------------------------------- */

/* Letters, digits, '_' and ':'; whatever else is there becomes one '_', none at the end. */
static void add_sanitized(struct strbuf *out, struct str name)
{
	bool gap = false;

	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ':')) {
			gap = true;
			continue;
		}
		if (gap)
			strbuf_addc(out, '_');
		gap = false;
		strbuf_addc(out, c);
	}
}

static void add_digest(struct alert_fields *f, const char *prefix, const char *path, const char *digest)
{
	auto_strbuf struct strbuf name = { 0 };
	const char *slash = strrchr(path, '/');

	strbuf_adds(&name, prefix);
	add_sanitized(&name, str_of(slash ? slash + 1 : path));
	if (!name.failed)
		alert_fields_text(f, name.ptr, str_of(digest));
}

static void add_rules(struct alert_fields *f, const struct session *s, bool empty)
{
	struct pipeline_stats stats;
	uint64_t sum = 0;

	pipeline_stats(s->pipeline, &stats);
	for (size_t i = 0; i < ruleset_count(s->rules); i++) {
		auto_strbuf struct strbuf name = { 0 };
		struct rule_view rule;

		sum += stats.by_rule[i];
		if (!stats.by_rule[i] && !empty)
			continue;
		ruleset_get(s->rules, i, &rule);
		strbuf_adds(&name, "falco.rules.");
		add_sanitized(&name, rule.name);
		if (!name.failed)
			alert_fields_number(f, name.ptr, stats.by_rule[i]);
	}
	alert_fields_number(f, "falco.rules.matches_total", sum);
}

/* The addresses of an interface in one family, at its first place in the list; false when it was told before. */
static bool collect_addresses(const struct ifaddrs *list, const struct ifaddrs *of, struct strbuf *out)
{
	int family = of->ifa_addr->sa_family;
	bool first = true;

	for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
		char text[INET6_ADDRSTRLEN];
		const void *address;

		if (!a->ifa_addr || a->ifa_addr->sa_family != family || strcmp(a->ifa_name, of->ifa_name) != 0)
			continue;
		if (first && a != of)
			return false;
		address = family == AF_INET ?
				  (const void *)&((const struct sockaddr_in *)(const void *)a->ifa_addr)->sin_addr :
				  (const void *)&((const struct sockaddr_in6 *)(const void *)a->ifa_addr)->sin6_addr;
		if (inet_ntop(family, address, text, sizeof(text)))
			strbuf_addf(out, "%s%s", first ? "" : ",", text);
		first = false;
	}
	return true;
}

static void add_interfaces(struct alert_fields *f)
{
	struct ifaddrs *list;

	if (getifaddrs(&list) < 0)
		return;
	for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
		auto_strbuf struct strbuf text = { 0 };
		char name[IFNAMSIZ + 64];

		if (!a->ifa_addr || (a->ifa_addr->sa_family != AF_INET && a->ifa_addr->sa_family != AF_INET6) ||
		    strcmp(a->ifa_name, "lo") == 0 || !collect_addresses(list, a, &text))
			continue;
		snprintf(name, sizeof(name), "falco.host_netinfo.interfaces.%s.protocols.%s.addresses", a->ifa_name,
			 a->ifa_addr->sa_family == AF_INET ? "ipv4" : "ipv6");
		alert_fields_text(f, name, strbuf_str(&text));
	}
	freeifaddrs(list);
}

/* What happened since the last one, a second. */
static double rate(uint64_t now, uint64_t last, double seconds)
{
	return seconds > 0 ? (double)(now - last) / seconds : 0;
}

static void add_rates(struct alert_fields *f, struct metrics_snapshot *snapshot, const struct metrics *m, bool counters,
		      uint64_t now)
{
	double seconds = snapshot->ts ? (double)(now - snapshot->ts) / 1e9 : 0;
	uint64_t seen = m->events - snapshot->seen, dropped = m->events_dropped - snapshot->dropped;

	if (snapshot->events && seconds > 0)
		alert_fields_tenths(f, "falco.evts_rate_sec", rate(m->events, snapshot->events, seconds));
	alert_fields_number(f, "falco.num_evts", m->events);
	alert_fields_number(f, "falco.num_evts_prev", snapshot->events);
	if (counters) {
		alert_fields_number(f, "scap.n_evts_prev", snapshot->seen);
		alert_fields_number(f, "scap.n_drops_prev", snapshot->dropped);
		alert_fields_tenths(f, "scap.evts_rate_sec", rate(m->events, snapshot->seen, seconds));
		alert_fields_tenths(f, "scap.evts_drop_rate_sec", rate(m->events_dropped, snapshot->dropped, seconds));
		alert_fields_tenths(f, "scap.n_drops_perc", seen ? 100.0 * (double)dropped / (double)seen : 0);
	}
	snapshot->ts = now;
	snapshot->events = snapshot->seen = m->events;
	snapshot->dropped = m->events_dropped;
}

/* The unit is part of the name. */
static void add_memory(struct alert_fields *f, const struct metric_row *row, uint64_t bytes, bool mb)
{
	char name[128];

	snprintf(name, sizeof(name), "%s_%s", row->snapshot, mb ? "mb" : row->kind == METRIC_KIB ? "kb" : "bytes");
	if (mb)
		alert_fields_tenths(f, name, (double)bytes / 1024 / 1024);
	else
		alert_fields_number(f, name, row->kind == METRIC_KIB ? bytes / 1024 : bytes);
}

static void add_row(struct alert_fields *f, const struct metric_row *row, uint64_t value, bool mb)
{
	if (row->kind == METRIC_BYTES || row->kind == METRIC_KIB)
		add_memory(f, row, value, mb);
	else if (row->kind == METRIC_PERMILLE)
		alert_fields_tenths(f, row->snapshot, (double)value / 10);
	else if (row->kind == METRIC_SECONDS_COUNTER || row->kind == METRIC_SECONDS_GAUGE)
		alert_fields_seconds(f, row->snapshot, value);
	else
		alert_fields_number(f, row->snapshot, value);
}

/* As in Falco these are told even when they are 0. */
static bool is_essential(const struct metric_row *row)
{
	return row->group == METRIC_ALWAYS || strcmp(row->snapshot, "scap.n_evts") == 0 ||
	       strcmp(row->snapshot, "scap.n_drops") == 0;
}

static void collect(struct metrics_snapshot *snapshot, const struct session *s, struct alert_fields *f, uint64_t now)
{
	const struct config *c = s->config;
	struct utsname host;
	struct metrics m;

	metrics_collect(s, &m);
	alert_fields_number(f, "evt.time", now);
	alert_fields_text(f, "evt.hostname", str_of(s->hostname));
	alert_fields_text(f, "evt.source", s->source_name.len ? s->source_name : STR("syscall"));
	alert_fields_text(f, "falco.version", STR(FALCO_VERSION));
	if (uname(&host) == 0)
		alert_fields_text(f, "falco.kernel_release", str_of(host.release));
	alert_fields_text(f, "scap.engine_name", str_of(s->source->ops->name));
	for (size_t i = 0; i < s->input.count; i++)
		add_digest(f, "falco.sha256_rules_file.", s->input.list[i].path, rules_file_sha256(&s->input.list[i]));
	for (size_t i = 0; i < c->norigins; i++)
		if (c->origins[i].kind == CONFIG_FROM_FILE)
			add_digest(f, "falco.sha256_config_file.", c->origins[i].name.ptr, c->origins[i].sha256);
	add_interfaces(f);
	for (size_t i = 0; i < metric_rows_count; i++) {
		const struct metric_row *row = &metric_rows[i];
		uint64_t value = metrics_value(&m, row);

		if (metrics_wants(row->group, s, c) && (value || c->metrics_include_empty_values || is_essential(row)))
			add_row(f, row, value, c->metrics_convert_memory_to_mb);
	}
	add_rates(f, snapshot, &m, metrics_wants(METRIC_EVENTS, s, c), now);
	if (c->metrics_rules_counters_enabled)
		add_rules(f, s, c->metrics_include_empty_values);
	if (c->metrics_plugins_metrics_enabled)
		metrics_tell_plugins(s, c->metrics_include_empty_values, f);
}

/* ---- telling them -------------------------------------------------------------------------------------- */

static void write_line(struct metrics_snapshot *m, struct alert_fields *f)
{
	auto_strbuf struct strbuf line = { 0 };
	int r;

	strbuf_adds(&line, "{\"output_fields\":");
	alert_fields_add_json(f, &line);
	strbuf_addf(&line, ",\"sample\":%" PRIu64 "}\n", m->samples);
	r = line.failed || f->failed ? -ENOMEM : file_write_all(m->file, line.ptr, line.len);
	if (r < 0 && !m->told_failure)
		log_error("metrics: %s cannot be written: %s", m->path, strerror(-r));
	m->told_failure = r < 0;
}

static void tell(struct metrics_snapshot *m, struct session *s)
{
	auto_alert_fields struct alert_fields f = { 0 };
	auto_strbuf struct strbuf message = { 0 };
	uint64_t now = clock_ns(CLOCK_REALTIME);

	collect(m, s, &f, now);
	if (m->file >= 0)
		write_line(m, &f);
	m->samples++;
	if (!m->rule)
		return;
	strbuf_adds(&message, "Falco metrics snapshot");
	internal_alert_raise(s, s->config->time_format_iso_8601,
			     &(struct internal_alert){ now, PRIORITY_INFORMATIONAL, "Falco internal: metrics snapshot",
						       &message, &f });
}

void metrics_snapshot_look(struct metrics_snapshot *m, struct session *s)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	if (now < m->next_ms || !s->config)
		return;
	/* where several were missed there is one */
	m->next_ms += (now - m->next_ms) / m->interval_ms * m->interval_ms + m->interval_ms;
	tell(m, s);
}

/* ---- life ---------------------------------------------------------------------------------------------- */

int metrics_snapshot_reopen(struct metrics_snapshot *m, struct error *err)
{
	int fd;

	if (!m->path[0])
		return 0;
	fd = open(m->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(err, -errno, "metrics: cannot open %s", m->path);
	if (m->file >= 0)
		close(m->file);
	m->file = fd;
	return 0;
}

static int read_interval(const struct config *config, uint64_t *ret_ms, struct error *err)
{
	if (metrics_interval(config->metrics_interval, ret_ms) == 0)
		return 0;
	return config_error(config, "metrics.interval", err,
			    "\"" STR_FMT "\" is no time of at least 100ms, such as 1h30m or 500ms",
			    STR_ARG(config->metrics_interval));
}

int metrics_check(const struct config *config, struct error *err)
{
	uint64_t ms;
	int r = config->metrics_enabled ? read_interval(config, &ms, err) : 0;

	if (r < 0 || !config->metrics_enabled || config->metrics_output_rule || config->metrics_output_file.len ||
	    config->webserver_prometheus_metrics_enabled)
		return r;
	return config_error(
		config, "metrics.enabled", err,
		"nobody would be told: metrics.output_rule, metrics.output_file and webserver.prometheus_metrics_enabled are off");
}

int metrics_snapshot_new(const struct config *config, struct metrics_snapshot **ret_snapshot, struct error *err)
{
	struct metrics_snapshot *m;
	uint64_t ms;
	int r;

	*ret_snapshot = NULL;
	if (!config->metrics_enabled || (!config->metrics_output_rule && !config->metrics_output_file.len))
		return 0;
	r = read_interval(config, &ms, err);
	if (r < 0)
		return r;
	m = calloc(1, sizeof(*m));
	if (!m)
		return error_set(err, -ENOMEM, "out of memory");
	m->file = -1;
	m->rule = config->metrics_output_rule;
	m->interval_ms = ms;
	m->next_ms = clock_ms(CLOCK_MONOTONIC); /* the first one is of the start */
	r = config_c_text(m->path, sizeof(m->path), config->metrics_output_file, "metrics.output_file", err);
	if (r == 0)
		r = metrics_snapshot_reopen(m, err);
	if (r < 0) {
		metrics_snapshot_free(m);
		return r;
	}
	*ret_snapshot = m;
	return 0;
}

void metrics_snapshot_free(struct metrics_snapshot *m)
{
	if (!m)
		return;
	if (m->file >= 0)
		close(m->file);
	free(m);
}

void metrics_snapshot_follow(struct metrics_snapshot **former, struct metrics_snapshot *next)
{
	struct metrics_snapshot *old = *former;

	if (old && next) {
		next->samples = old->samples;
		next->ts = old->ts;
		next->events = old->events;
		next->seen = old->seen;
		next->dropped = old->dropped;
		if (next->interval_ms == old->interval_ms)
			next->next_ms = old->next_ms;
	}
	metrics_snapshot_free(old);
	*former = next;
}
