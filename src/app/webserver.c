/* SPDX-License-Identifier: Apache-2.0 */
#include "app/webserver.h"

#include <limits.h>
#include <pthread.h>

#include "app/falco_version.h"
#include "app/log.h"
#include "app/metrics.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "net/web.h"

/* Falco serves all to everyone, so who comes from there must hear what is different. */
static const char not_served[] =
	"This page is not served: webserver.listen_address is no loopback address, and the configuration has no "
	"monitor.webserver.token_file, no monitor.webserver.client_ca, and not monitor.webserver.open: true.\n";
static const char no_metrics[] =
	"There are no metrics: metrics.enabled and webserver.prometheus_metrics_enabled are not both true.\n";

struct webserver {
	const struct config *config;
	const struct engine_options *offered; /* has the plugins that are loaded */
	struct web *web;
	struct web_page pages[3];
	char health_path[256];
	uint64_t next_ms;
	struct web_refusals told; /* in the log */
	uint64_t next_word_ms;
	bool metrics;
	pthread_mutex_t lock;
	struct strbuf text; /* below lock: the last figures */
};

/* ---- pages: by the server's threads -------------------------------------------------------------------- */

static void write_health(void *server, struct strbuf *out)
{
	(void)server;
	strbuf_adds(out, "{\"status\": \"ok\"}");
}

static void write_versions(void *server, struct strbuf *out)
{
	const struct webserver *w = server;

	falco_version_json(out, w->offered);
}

static void write_metrics(void *server, struct strbuf *out)
{
	struct webserver *w = server;

	pthread_mutex_lock(&w->lock);
	strbuf_addstr(out, strbuf_str(&w->text));
	pthread_mutex_unlock(&w->lock);
}

/* ---- the server ---------------------------------------------------------------------------------------- */

/* The first line of the token's file. */
static int read_token(const struct config *c, char **ret_token, struct error *err)
{
	char path[PATH_MAX];
	auto_free char *text = NULL;
	size_t len;
	int r = config_c_text(path, sizeof(path), c->monitor_webserver_token_file, "monitor.webserver.token_file", err);

	*ret_token = NULL;
	if (r < 0 || !path[0])
		return r;
	r = file_read_all(path, WEB_PEM_BYTES, &text, &len, err);
	if (r < 0)
		return error_prefix(err, r, "monitor.webserver.token_file");
	text[strcspn(text, "\r\n")] = 0;
	if (!text[0])
		return error_set(err, -EINVAL, "monitor.webserver.token_file: %s is empty", path);
	*ret_token = take_ptr(text);
	return 0;
}

static int start(struct webserver *w, struct error *err)
{
	const struct config *c = w->config;
	char address[128], certificate[PATH_MAX], client_ca[PATH_MAX];
	auto_free char *token = NULL;
	struct web_options options = {
		.address = address,
		.port = (unsigned int)c->webserver_listen_port,
		.threads = (unsigned int)c->webserver_threadiness,
		.certificate = c->webserver_ssl_enabled ? certificate : NULL,
		.pages = w->pages,
		.npages = ARRAY_SIZE(w->pages),
		.context = w,
	};
	int r = config_c_text(address, sizeof(address), c->webserver_listen_address, "webserver.listen_address", err);

	if (r == 0)
		r = config_c_text(certificate, sizeof(certificate), c->webserver_ssl_certificate,
				  "webserver.ssl_certificate", err);
	if (r == 0)
		r = config_c_text(w->health_path, sizeof(w->health_path), c->webserver_k8s_healthz_endpoint,
				  "webserver.k8s_healthz_endpoint", err);
	if (r == 0)
		r = config_c_text(client_ca, sizeof(client_ca), c->monitor_webserver_client_ca,
				  "monitor.webserver.client_ca", err);
	if (r == 0)
		r = read_token(c, &token, err);
	if (r < 0)
		return r;
	options.token = token;
	options.client_ca = client_ca[0] ? client_ca : NULL;
	if (!token && !options.client_ca && !web_is_loopback(address) && !c->monitor_webserver_open)
		options.refuse = not_served;
	w->pages[0] = (struct web_page){ w->health_path, "application/json", true, NULL, write_health };
	w->pages[1] = (struct web_page){ "/versions", "application/json", false, NULL, write_versions };
	w->pages[2] = (struct web_page){ "/metrics", "text/plain; version=0.0.4", false, w->metrics ? NULL : no_metrics,
					 write_metrics };
	r = web_new(&options, &w->web, err);
	if (r < 0)
		return r;
	if (w->health_path[0] != '/')
		log_warning(
			"web server: webserver.k8s_healthz_endpoint is \"%s\" without the / that a path begins with: nobody gets there",
			w->health_path);
	if (options.refuse)
		log_warning(
			"web server: %s is no loopback address, so only %s is served: give monitor.webserver.token_file or "
			"monitor.webserver.client_ca, or set monitor.webserver.open",
			address, w->health_path);
	log_info("web server: listening at %s port %u", address, web_port(w->web));
	return 0;
}

int webserver_open(const struct config *config, const struct engine_options *offered, struct webserver **ret_server,
		   struct error *err)
{
	struct webserver *w;
	int r;

	*ret_server = NULL;
	if (!config->webserver_enabled)
		return 0;
	w = calloc(1, sizeof(*w));
	if (!w)
		return error_set(err, -ENOMEM, "out of memory");
	w->config = config;
	w->offered = offered;
	w->metrics = config->metrics_enabled && config->webserver_prometheus_metrics_enabled;
	pthread_mutex_init(&w->lock, NULL);
	r = start(w, err);
	if (r < 0) {
		webserver_close(w);
		return r;
	}
	*ret_server = w;
	return 0;
}

/* Who knocks is worth a line, and no more than one a while: a scanner must not fill the log. */
static void tell_refusals(struct webserver *w, const struct web_refusals *now, uint64_t ms)
{
	uint64_t requests = now->requests - w->told.requests, broken = now->broken - w->told.broken;

	if ((!requests && !broken) || ms < w->next_word_ms)
		return;
	w->told = *now;
	w->next_word_ms = ms + WEB_WORD_MS;
	if (requests)
		log_warning(
			"web server: requests refused: %llu (the last one with status %u, from %s), connections given up: %llu",
			(unsigned long long)requests, now->status, now->from, (unsigned long long)broken);
	else
		log_warning("web server: %llu connections given up: no HTTP, too long, too slow or too many",
			    (unsigned long long)broken);
}

static bool is_same(const struct config *a, const struct config *b)
{
	static const char *const blocks[] = { "webserver", "monitor.webserver", "metrics.enabled" };
	auto_strbuf struct strbuf one = { 0 }, other = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
		config_add_block(a, blocks[i], &one);
		config_add_block(b, blocks[i], &other);
	}
	return !one.failed && !other.failed && str_eq(strbuf_str(&one), strbuf_str(&other));
}

void webserver_follow(struct webserver **server, const struct config *config, const struct config *former,
		      const struct engine_options *offered)
{
	struct error err = { 0 };

	if (former && is_same(config, former)) {
		if (*server)
			(*server)->config = config;
		return;
	}
	webserver_close(*server);
	*server = NULL;
	if (webserver_open(config, offered, server, &err) == 0)
		return;
	log_error("web server: %s", err.text);
	if (former && webserver_open(former, offered, server, &err) == 0 && *server)
		(*server)->config = config;
}

void webserver_update(struct webserver *w, const struct session *s)
{
	uint64_t now = clock_ms(CLOCK_MONOTONIC_COARSE);
	struct strbuf text = { 0 }, old;
	struct web_refusals refusals;
	struct metrics m;

	web_refusals(w->web, &refusals);
	tell_refusals(w, &refusals, now);
	if (!w->metrics || now < w->next_ms)
		return;
	w->next_ms = now + METRICS_UPDATE_MS;
	metrics_collect(s, &m);
	m.web_refused = refusals.requests;
	m.web_broken = refusals.broken;
	metrics_add_prometheus(&m, s, w->config, &text);
	if (text.failed) {
		strbuf_free(&text);
		return;
	}
	pthread_mutex_lock(&w->lock);
	old = w->text;
	w->text = text;
	pthread_mutex_unlock(&w->lock);
	strbuf_free(&old);
}

void webserver_close(struct webserver *w)
{
	if (!w)
		return;
	web_free(w->web);
	pthread_mutex_destroy(&w->lock);
	strbuf_free(&w->text);
	free(w);
}
