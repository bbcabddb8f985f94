/* SPDX-License-Identifier: Apache-2.0 */
#include "app/outputs.h"

#include <errno.h>
#include <limits.h>

#include "app/falco.h"
#include "base/limits.h"
#include "output/output_grpc.h"
#include "output/output_http.h"
#include "output/output_queue.h"
#include "output/output_syslog.h"

static int open_file(const struct config *c, struct output **ret_output, struct error *err)
{
	char path[PATH_MAX];
	int r = config_c_text(path, sizeof(path), c->file_output_filename, "file_output.filename", err);

	return r < 0 ? r : output_file_open(path, c->file_output_keep_alive, c->monitor_file_output_sync, c->json_output, ret_output, err);
}

static int open_grpc(const struct config *c, struct output **ret_output, struct error *err)
{
	char address[PATH_MAX], cert[PATH_MAX], key[PATH_MAX], ca[PATH_MAX];
	const struct output_grpc_options options = {
		.address = address,
		.cert = cert,
		.key = key,
		.ca = ca,
		.alerts = c->grpc_output_enabled,
		.versions = { FALCO_VERSION, FALCO_ENGINE_SEMVER, "" },
	};
	int r;

	r = config_c_text(address, sizeof(address), c->grpc_bind_address, "grpc.bind_address", err);
	if (r == 0)
		r = config_c_text(cert, sizeof(cert), c->grpc_cert_chain, "grpc.cert_chain", err);
	if (r == 0)
		r = config_c_text(key, sizeof(key), c->grpc_private_key, "grpc.private_key", err);
	if (r == 0)
		r = config_c_text(ca, sizeof(ca), c->grpc_root_certs, "grpc.root_certs", err);
	return r < 0 ? r : output_grpc_open(&options, ret_output, err);
}

static int open_program(const struct config *c, struct output **ret_output, struct error *err)
{
	char command[PROGRAM_COMMAND_BYTES];
	int r = config_c_text(command, sizeof(command), c->program_output_program, "program_output.program", err);

	return r < 0 ? r : output_program_open(command, c->program_output_keep_alive, c->json_output, ret_output, err);
}

static int open_syslog(const struct config *c, struct output **ret_output, struct error *err)
{
	char address[PATH_MAX], ca[PATH_MAX], cert[PATH_MAX], key[PATH_MAX], tag[64];
	const struct output_syslog_options options = {
		.address = address,
		.ca = ca,
		.cert = cert,
		.key = key,
		.tag = tag,
		.facility = output_syslog_facility(c->monitor_syslog_output_facility),
		.timeout_ms = SYSLOG_TIMEOUT_MS,
		.json = c->json_output,
	};
	int r;

	r = config_c_text(address, sizeof(address), c->monitor_syslog_output_address, "monitor.syslog_output.address", err);
	if (r == 0)
		r = config_c_text(ca, sizeof(ca), c->monitor_syslog_output_ca_cert, "monitor.syslog_output.ca_cert", err);
	if (r == 0)
		r = config_c_text(cert, sizeof(cert), c->monitor_syslog_output_client_cert, "monitor.syslog_output.client_cert", err);
	if (r == 0)
		r = config_c_text(key, sizeof(key), c->monitor_syslog_output_client_key, "monitor.syslog_output.client_key", err);
	if (r == 0)
		r = config_c_text(tag, sizeof(tag), c->monitor_syslog_output_tag, "monitor.syslog_output.tag", err);
	return r < 0 ? r : output_syslog_open(&options, ret_output, err);
}

/* The one of monitor.http_output.header, then those of headers. */
static int read_headers(const struct config *c, struct str *headers, size_t *ret_count, struct error *err)
{
	const struct str first = c->monitor_http_output_header;
	size_t n = config_items(c->monitor_http_output_headers);

	if (n >= HTTP_HEADERS)
		return error_set(err, -EINVAL, "monitor.http_output.headers has more than %d entries", HTTP_HEADERS - 1);
	*ret_count = 0;
	if (first.len)
		headers[(*ret_count)++] = first;
	for (size_t i = 0; i < n; i++)
		if (!config_item(c->monitor_http_output_headers, i, &headers[(*ret_count)++]))
			return error_set(err, -EINVAL, "monitor.http_output.headers: an entry is no text");
	return 0;
}

static int open_http(const struct config *c, struct output **ret_output, struct error *err)
{
	char url[HTTP_URL_BYTES], agent[256], ca_cert[PATH_MAX], bundle[PATH_MAX], ca_path[PATH_MAX], cert[PATH_MAX], key[PATH_MAX];
	char spool[PATH_MAX];
	struct str headers[HTTP_HEADERS];
	struct output_http_options options = {
		.url = url,
		.user_agent = agent,
		.ca_cert = ca_cert,
		.ca_bundle = bundle,
		.ca_path = ca_path,
		.client_cert = cert,
		.client_key = key,
		.headers = headers,
		.spool_folder = spool,
		.spool_max_bytes = c->monitor_http_output_spool_max_bytes,
		.insecure = c->http_output_insecure,
		.mtls = c->http_output_mtls,
		.echo = c->http_output_echo,
		.compress = c->http_output_compress_uploads,
		.keep_alive = c->http_output_keep_alive,
		.json = c->json_output,
		.max_timeouts = (unsigned int)c->http_output_max_consecutive_timeouts,
		.retry_seconds = (unsigned int)c->monitor_http_output_retry_seconds,
	};
	const struct {
		char *text;
		size_t size;
		struct str value;
		const char *key;
	} texts[] = {
		{ url, sizeof(url), c->http_output_url, "http_output.url" },
		{ agent, sizeof(agent), c->http_output_user_agent, "http_output.user_agent" },
		{ ca_cert, sizeof(ca_cert), c->http_output_ca_cert, "http_output.ca_cert" },
		{ bundle, sizeof(bundle), c->http_output_ca_bundle, "http_output.ca_bundle" },
		{ ca_path, sizeof(ca_path), c->http_output_ca_path, "http_output.ca_path" },
		{ cert, sizeof(cert), c->http_output_client_cert, "http_output.client_cert" },
		{ key, sizeof(key), c->http_output_client_key, "http_output.client_key" },
		{ spool, sizeof(spool), c->monitor_http_output_spool, "monitor.http_output.spool" },
	};
	int r = read_headers(c, headers, &options.nheaders, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		r = config_c_text(texts[i].text, texts[i].size, texts[i].value, texts[i].key, err);
	return r < 0 ? r : output_http_open(&options, ret_output, err);
}

/* output points to where the call that gave r has put it: arguments are evaluated in no order. */
static int add(struct session *s, int r, struct output *const *output, struct error *err)
{
	return r < 0 ? r : session_add_output(s, *output, err);
}

bool outputs_wanted(const struct config *c)
{
	return c->file_output_enabled || c->stdout_output_enabled || c->syslog_output_enabled || c->program_output_enabled ||
	       c->http_output_enabled || c->grpc_enabled;
}

/* Behind a queue of its own, so that it delays nobody. */
static int add_queued(struct session *s, const struct config *c, bool live, int r, struct output *const *output, struct error *err)
{
	const struct output_queue_options options = {
		.alerts = c->outputs_queue_capacity,
		.timeout_ms = (unsigned int)c->output_timeout,
		.wait = !live,
	};
	struct output *queue = NULL;

	if (r == 0)
		r = output_queue_open(*output, &options, &queue, err);
	return add(s, r, &queue, err);
}

int outputs_open(struct session *s, const struct config *c, bool live, bool unbuffered, struct error *err)
{
	struct output *output = NULL;
	int r = 0;

	if (c->file_output_enabled)
		r = add_queued(s, c, live, open_file(c, &output, err), &output, err);
	if (r == 0 && c->stdout_output_enabled)
		r = add_queued(s, c, live, output_stream_open(STDOUT_FILENO, false, c->json_output, false,
							      c->buffered_outputs && !unbuffered, &output, err), &output, err);
	if (r == 0 && c->syslog_output_enabled)
		r = add_queued(s, c, live, open_syslog(c, &output, err), &output, err);
	if (r == 0 && c->program_output_enabled)
		r = add_queued(s, c, live, open_program(c, &output, err), &output, err);
	if (r == 0 && c->http_output_enabled)
		r = add_queued(s, c, live, open_http(c, &output, err), &output, err);
	if (r == 0 && c->grpc_enabled)
		r = add(s, open_grpc(c, &output, err), &output, err);
	return r;
}
