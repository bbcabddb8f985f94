/* SPDX-License-Identifier: Apache-2.0 */
/* The figures as Prometheus reads them. */
#include <inttypes.h>
#include <sys/utsname.h>

#include "app/falco_version.h"
#include "app/metrics.h"
#include "base/units.h"

static void add_head(struct strbuf *out, const char *name, const char *kind, const char *help)
{
	strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

/* Of label values the format escapes these three. */
static void add_label(struct strbuf *out, const char *name, struct str value)
{
	strbuf_addf(out, "%s=\"", name);
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] == '\n')
			strbuf_adds(out, "\\n");
		else if (value.ptr[i] == '"' || value.ptr[i] == '\\')
			strbuf_addf(out, "\\%c", value.ptr[i]);
		else
			strbuf_addc(out, value.ptr[i]);
	}
	strbuf_addc(out, '"');
}

static void add_info(struct strbuf *out, const char *name, const char *label, const char *value)
{
	add_head(out, name, "gauge", FALCO_HELP);
	strbuf_addf(out, "%s{", name);
	add_label(out, label, str_of(value));
	strbuf_adds(out, "} 1\n");
}

/* Label names have letters, digits and underscores. */
static void add_tag(struct strbuf *out, struct str tag)
{
	strbuf_adds(out, ",tag_");
	for (size_t i = 0; i < tag.len; i++) {
		char c = tag.ptr[i];

		strbuf_addc(out, (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_');
	}
	strbuf_adds(out, "=\"true\"");
}

static void add_rules(const struct session *s, struct strbuf *out)
{
	static const char name[] = "falcosecurity_falco_rules_matches_total";
	bool head = false;

	for (size_t i = 0; i < ruleset_count(s->rules); i++) {
		uint64_t alerts = session_rule_alerts(s, i);
		struct rule_view rule;

		if (!alerts)
			continue;
		if (!head)
			add_head(out, name, "counter", FALCO_HELP);
		head = true;
		ruleset_get(s->rules, i, &rule);
		strbuf_addf(out, "%s{priority=\"%d\",", name, (int)rule.priority);
		add_label(out, "rule_name", rule.name);
		strbuf_addc(out, ',');
		add_label(out, "source", rule.source);
		for (size_t t = 0; t < rule.ntags; t++)
			add_tag(out, rule.tags[t]);
		strbuf_addf(out, "} %" PRIu64 "\n", alerts);
	}
}

static void add_outputs(const struct session *s, struct strbuf *out)
{
	static const char name[] = "monitor_output_alerts_total";

	if (s->outputs.count)
		add_head(out, name, "counter", "Alerts by output, delivered or lost.");
	for (size_t i = 0; i < s->outputs.count; i++) {
		struct output_stats o;

		output_stats(s->outputs.list[i], &o);
		strbuf_addf(out, "%s{output=\"%s\",number=\"%zu\",result=\"delivered\"} %" PRIu64 "\n", name, o.name, i,
			    o.written);
		strbuf_addf(out, "%s{output=\"%s\",number=\"%zu\",result=\"lost\"} %" PRIu64 "\n", name, o.name, i,
			    o.errors + o.dropped);
	}
}

static const char *call_name(long number)
{
	const struct syscall_info *info = syscall_by_number(number);

	return info ? info->name : "unknown";
}

static void add_seconds(struct strbuf *out, uint64_t ns)
{
	strbuf_addf(out, " %" PRIu64 ".%09" PRIu64 "\n", ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

static void add_calls(const struct figures *f, struct strbuf *out)
{
	static const char name[] = "monitor_calls_total";
	static const char *const ways[] = {
		[FIGURES_AT_ENTRY] = "let-go",
		[FIGURES_ON_BEHALF] = "on-behalf",
		[FIGURES_TO_RESULT] = "followed",
		[FIGURES_REFUSED] = "refused",
	};

	add_head(out, name, "counter", "System calls that were caught, by what became of them.");
	for (long n = 0; n < CALLS_MAX; n++)
		for (size_t way = 0; way < ARRAY_SIZE(ways); way++)
			if (f->calls[n][way])
				strbuf_addf(out, "%s{call=\"%s\",way=\"%s\"} %" PRIu64 "\n", name, call_name(n),
					    ways[way], f->calls[n][way]);
}

static void add_waits(const struct figures *f, struct strbuf *out)
{
	static const char name[] = "monitor_call_wait_seconds";
	static const struct {
		unsigned int permille;
		const char *label;
	} quantiles[] = { { 500, "0.5" }, { 990, "0.99" }, { 1000, "1" } };

	add_head(out, name, "summary", "How long callers waited, from when the monitor saw their call to its answer.");
	for (long n = 0; n < CALLS_MAX; n++) {
		const struct figures_waits *w = f->by_call[n];

		for (size_t i = 0; w && i < ARRAY_SIZE(quantiles); i++) {
			strbuf_addf(out, "%s{call=\"%s\",quantile=\"%s\"}", name, call_name(n), quantiles[i].label);
			add_seconds(out, figures_quantile(w, quantiles[i].permille));
		}
		if (!w)
			continue;
		strbuf_addf(out, "%s_sum{call=\"%s\"}", name, call_name(n));
		add_seconds(out, w->total_ns);
		strbuf_addf(out, "%s_count{call=\"%s\"} %" PRIu64 "\n", name, call_name(n), w->count);
	}
}

static void add_row(const struct metrics *m, const struct metric_row *row, struct strbuf *out)
{
	bool counter = row->kind == METRIC_COUNTER || row->kind == METRIC_SECONDS_COUNTER;
	uint64_t value = metrics_value(m, row);

	add_head(out, row->name, counter ? "counter" : "gauge", row->help);
	strbuf_adds(out, row->name);
	if (row->kind == METRIC_SECONDS_COUNTER || row->kind == METRIC_SECONDS_GAUGE)
		add_seconds(out, value);
	else if (row->kind == METRIC_PERMILLE)
		strbuf_addf(out, " %" PRIu64 ".%03" PRIu64 "\n", value / 1000, value % 1000);
	else
		strbuf_addf(out, " %" PRIu64 "\n", value);
}

/*
 * The digest of each file that counts; a folder of drop-ins has names of its own, so the last part is enough,
 * as in Falco.
 */
static void add_digest(struct strbuf *out, const char *name, const char *path, const char *digest)
{
	const char *slash = strrchr(path, '/');

	strbuf_addf(out, "%s{", name);
	add_label(out, "file_name", str_of(slash ? slash + 1 : path));
	strbuf_addf(out, ",sha256=\"%s\"} 1\n", digest);
}

static void add_digests(const struct session *s, const struct config *c, struct strbuf *out)
{
	static const char rules[] = "falcosecurity_falco_sha256_rules_files_info",
			  config[] = "falcosecurity_falco_sha256_config_files_info";

	if (s->input.count)
		add_head(out, rules, "gauge", FALCO_HELP);
	for (size_t i = 0; i < s->input.count; i++)
		add_digest(out, rules, s->input.list[i].path, rules_file_sha256(&s->input.list[i]));
	if (c->norigins)
		add_head(out, config, "gauge", FALCO_HELP);
	for (size_t i = 0; i < c->norigins; i++)
		if (c->origins[i].kind == CONFIG_FROM_FILE)
			add_digest(out, config, c->origins[i].name.ptr, c->origins[i].sha256);
}

void metrics_add_prometheus(const struct metrics *m, const struct session *s, const struct config *config,
			    struct strbuf *out)
{
	struct utsname host;

	add_info(out, "falcosecurity_falco_version_info", "version", FALCO_VERSION);
	add_info(out, "falcosecurity_evt_hostname_info", "hostname", s->hostname);
	if (uname(&host) == 0)
		add_info(out, "falcosecurity_falco_kernel_release_info", "kernel_release", host.release);
	add_info(out, "falcosecurity_scap_engine_name_info", "engine_name", s->source->ops->name);
	add_digests(s, config, out);
	for (size_t i = 0; i < metric_rows_count; i++)
		if (metrics_wants(metric_rows[i].group, s, config))
			add_row(m, &metric_rows[i], out);
	if (s->figures && metrics_wants(METRIC_EVENTS, s, config)) {
		add_calls(s->figures, out);
		add_waits(s->figures, out);
	}
	if (config->metrics_rules_counters_enabled)
		add_rules(s, out);
	add_outputs(s, out);
	if (config->metrics_plugins_metrics_enabled)
		metrics_add_plugins(s, out);
}
