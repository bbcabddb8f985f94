/* SPDX-License-Identifier: Apache-2.0 */
/* The outputs of a configuration: what each kind is made of, and which stay when there is another. */
#include "app/outputs.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <unistd.h>

#include "app/falco_version.h"
#include "app/retire.h"
#include "base/limits.h"
#include "output/output_grpc.h"
#include "output/output_http.h"
#include "output/output_journal.h"
#include "output/output_queue.h"
#include "output/output_syslog.h"

/* What an output is opened with. */
struct opening {
	const struct config *config;
	const struct config *former; /* in force until now; NULL at the start */
	struct program_starter *programs;
	bool live;
};

/*
 * Whether an output of ours, which is about to end for one of another configuration, has what only one can
 * have: what the key names. Who comes after it waits, in its own thread.
 */
static bool follows_own(const struct opening *o, bool had_one, const char *key)
{
	auto_strbuf struct strbuf is = { 0 }, was = { 0 };

	if (!had_one)
		return false;
	config_add_block(o->config, key, &is);
	config_add_block(o->former, key, &was);
	return !is.failed && !was.failed && str_eq(strbuf_str(&is), strbuf_str(&was));
}

/* A text of the configuration, and where it goes as one that ends with a NUL. */
struct text {
	char *to;
	size_t size;
	struct str value;
	const char *key;
};

static int read_texts(const struct text *texts, size_t n, struct error *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = config_c_text(texts[i].to, texts[i].size, texts[i].value, texts[i].key, err);
	return r;
}

static int open_file(const struct opening *o, struct output **ret_output, struct error *err)
{
	const struct config *c = o->config;
	char path[PATH_MAX];
	int r = config_c_text(path, sizeof(path), c->file_output_filename, "file_output.filename", err);

	return r < 0 ? r :
		       output_file_open(path, c->file_output_keep_alive, c->monitor_file_output_sync, c->json_output,
					ret_output, err);
}

static int open_grpc(const struct opening *o, struct output **ret_output, struct error *err)
{
	const struct config *c = o->config;
	char address[PATH_MAX], cert[PATH_MAX], key[PATH_MAX], ca[PATH_MAX];
	const struct output_grpc_options options = {
		.address = address,
		.cert = cert,
		.key = key,
		.ca = ca,
		.wait = !o->former,
		.later = follows_own(o, o->former && o->former->grpc_enabled, "grpc.bind_address"),
		.alerts = c->grpc_output_enabled,
		.versions = { FALCO_VERSION, ENGINE_VERSION, "" },
	};
	const struct text texts[] = {
		{ address, sizeof(address), c->grpc_bind_address, "grpc.bind_address" },
		{ cert, sizeof(cert), c->grpc_cert_chain, "grpc.cert_chain" },
		{ key, sizeof(key), c->grpc_private_key, "grpc.private_key" },
		{ ca, sizeof(ca), c->grpc_root_certs, "grpc.root_certs" },
	};
	int r = read_texts(texts, ARRAY_SIZE(texts), err);

	return r < 0 ? r : output_grpc_open(&options, ret_output, err);
}

static int open_program(const struct opening *o, struct output **ret_output, struct error *err)
{
	const struct config *c = o->config;
	char command[PROGRAM_COMMAND_BYTES];
	int r = config_c_text(command, sizeof(command), c->program_output_program, "program_output.program", err);

	return r < 0 ? r :
		       output_program_open(o->programs, command, c->program_output_keep_alive, c->json_output,
					   ret_output, err);
}

static int open_syslog(const struct opening *o, struct output **ret_output, struct error *err)
{
	const struct config *c = o->config;
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
	const struct text texts[] = {
		{ address, sizeof(address), c->monitor_syslog_output_address, "monitor.syslog_output.address" },
		{ ca, sizeof(ca), c->monitor_syslog_output_ca_cert, "monitor.syslog_output.ca_cert" },
		{ cert, sizeof(cert), c->monitor_syslog_output_client_cert, "monitor.syslog_output.client_cert" },
		{ key, sizeof(key), c->monitor_syslog_output_client_key, "monitor.syslog_output.client_key" },
		{ tag, sizeof(tag), c->monitor_syslog_output_tag, "monitor.syslog_output.tag" },
	};
	int r = read_texts(texts, ARRAY_SIZE(texts), err);

	return r < 0 ? r : output_syslog_open(&options, ret_output, err);
}

static int open_journal(const struct opening *o, struct output **ret_output, struct error *err)
{
	const struct config *c = o->config;
	char path[PATH_MAX], identifier[64];
	const struct text texts[] = {
		{ path, sizeof(path), c->monitor_journal_output_socket, "monitor.journal_output.socket" },
		{ identifier, sizeof(identifier), c->monitor_journal_output_identifier,
		  "monitor.journal_output.identifier" },
	};
	int r = read_texts(texts, ARRAY_SIZE(texts), err);

	return r < 0 ? r : output_journal_open(path, identifier, SYSLOG_TIMEOUT_MS, c->json_output, ret_output, err);
}

/* The one of monitor.http_output.header, then those of headers. */
static int read_headers(const struct config *c, struct str *headers, size_t *ret_count, struct error *err)
{
	const struct str first = c->monitor_http_output_header;
	size_t n = config_items(c->monitor_http_output_headers);

	if (n >= HTTP_HEADERS)
		return error_set(err, -EINVAL, "monitor.http_output.headers has more than %d entries",
				 HTTP_HEADERS - 1);
	*ret_count = 0;
	if (first.len)
		headers[(*ret_count)++] = first;
	for (size_t i = 0; i < n; i++)
		if (!config_item(c->monitor_http_output_headers, i, &headers[(*ret_count)++]))
			return error_set(err, -EINVAL, "monitor.http_output.headers: an entry is no text");
	return 0;
}

static int open_http(const struct opening *o, struct output **ret_output, struct error *err)
{
	const struct config *c = o->config;
	char url[HTTP_URL_BYTES], agent[256], ca_cert[PATH_MAX], bundle[PATH_MAX], ca_path[PATH_MAX], cert[PATH_MAX],
		key[PATH_MAX];
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
		.spool_later = follows_own(o, o->former && o->former->http_output_enabled, "monitor.http_output.spool"),
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
	const struct text texts[] = {
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

	if (r == 0)
		r = read_texts(texts, ARRAY_SIZE(texts), err);
	return r < 0 ? r : output_http_open(&options, ret_output, err);
}

static int open_stdout(const struct opening *o, struct output **ret_output, struct error *err)
{
	const struct config *c = o->config;

	return output_stream_open(STDOUT_FILENO, STDOUT_FILENO, false, c->json_output, false, c->buffered_outputs,
				  ret_output, err);
}

/* An output stays as it is while these blocks of the configuration stay as they are. */
static const struct output_kind {
	const char *name;
	int (*open)(const struct opening *o, struct output **ret_output, struct error *err);
	size_t enabled; /* where struct config says so */
	bool serves; /* clients come to it: it has a bounded queue for each */
	const char *blocks[3];
} kinds[] = {
	{ "file", open_file, offsetof(struct config, file_output_enabled), false,
	  { "file_output", "monitor.file_output" } },
	{ "stdout", open_stdout, offsetof(struct config, stdout_output_enabled), false, { "stdout_output" } },
	{ "syslog", open_syslog, offsetof(struct config, syslog_output_enabled), false,
	  { "syslog_output", "monitor.syslog_output" } },
	{ "journal", open_journal, offsetof(struct config, monitor_journal_output_enabled), false,
	  { "monitor.journal_output" } },
	{ "program", open_program, offsetof(struct config, program_output_enabled), false, { "program_output" } },
	{ "http", open_http, offsetof(struct config, http_output_enabled), false,
	  { "http_output", "monitor.http_output" } },
	{ "grpc", open_grpc, offsetof(struct config, grpc_enabled), true, { "grpc", "grpc_output" } },
};

static bool is_enabled(const struct output_kind *kind, const struct config *c)
{
	return *(const bool *)((const char *)c + kind->enabled);
}

bool outputs_wanted(const struct config *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (is_enabled(&kinds[i], c))
			return true;
	return false;
}

/* What an output of that kind depends on, as a text to compare. NULL when memory is short. */
static char *made_of(const struct output_kind *kind, const struct config *c)
{
	static const char *const common[] = { "json_output", "buffered_outputs", "outputs_queue", "output_timeout",
					      NULL };
	auto_strbuf struct strbuf text = { 0 };

	strbuf_adds(&text, kind->name);
	for (size_t i = 0; i < ARRAY_SIZE(kind->blocks) && kind->blocks[i]; i++)
		config_add_block(c, kind->blocks[i], &text);
	for (size_t i = 0; common[i]; i++)
		config_add_block(c, common[i], &text);
	return text.failed ? NULL : str_dup(strbuf_str(&text));
}

/* Behind a queue of its own, so that it delays nobody. */
static int open_one(const struct output_kind *kind, const struct opening *o, struct output **ret_output,
		    struct error *err)
{
	const struct config *c = o->config;
	const struct output_queue_options options = {
		.alerts = c->outputs_queue_capacity,
		.timeout_ms = (unsigned int)c->output_timeout,
		.wait = !o->live,
	};
	struct output *output;
	int r = kind->open(o, &output, err);

	if (r < 0)
		return r;
	if (!kind->serves)
		return output_queue_open(output, &options, ret_output, err);
	*ret_output = output;
	return 0;
}

int outputs_open(struct output_list *o, const struct config *c, bool live, struct error *err)
{
	const struct opening opening = { .config = c, .programs = o->programs, .live = live };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++) {
		struct output *output;

		if (!is_enabled(&kinds[i], c))
			continue;
		r = open_one(&kinds[i], &opening, &output, err);
		if (r == 0)
			r = output_list_add(o, output, err);
		if (r < 0)
			return r;
		o->made_of[o->count - 1] = made_of(&kinds[i], c);
		if (!o->made_of[o->count - 1]) /* it would pass for one that no configuration asks for */
			return error_set(err, -ENOMEM, "out of memory");
	}
	return r;
}

/* ---- another configuration ----------------------------------------------------------------------------- */

/* Which output is of that kind, -1 = none. */
static int find(const struct output_list *o, const struct output_kind *kind)
{
	size_t len = strlen(kind->name);

	for (size_t i = 0; i < o->count; i++)
		if (o->made_of[i] && strncmp(o->made_of[i], kind->name, len) == 0 && o->made_of[i][len] == '\n')
			return (int)i;
	return -1;
}

static int prepare(const struct output_list *o, const struct output_kind *kind, const struct opening *opening,
		   struct outputs_change *change, struct error *err)
{
	auto_free char *text = made_of(kind, opening->config);
	struct output *output;
	int old = find(o, kind), r;

	if (!text)
		return error_set(err, -ENOMEM, "out of memory");
	if (old >= 0 && strcmp(o->made_of[old], text) == 0) {
		change->keep[old] = true;
		return 0;
	}
	r = open_one(kind, opening, &output, err);
	if (r < 0)
		return r;
	change->opened[change->count] = output;
	change->made_of[change->count++] = take_ptr(text);
	return 0;
}

int outputs_prepare(const struct output_list *o, const struct config *c, const struct config *former,
		    struct outputs_change *change, struct error *err)
{
	const struct opening opening = { .config = c, .former = former, .programs = o->programs, .live = true };
	int r = 0;

	*change = (struct outputs_change){ 0 };
	if (!c) {
		memset(change->keep, true, sizeof(change->keep));
		return 0;
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(kinds); i++)
		if (is_enabled(&kinds[i], c))
			r = prepare(o, &kinds[i], &opening, change, err);
	if (r < 0)
		outputs_undo(change);
	return r;
}

void outputs_undo(struct outputs_change *change)
{
	for (size_t i = 0; i < change->count; i++) {
		output_close(change->opened[i]);
		free(change->made_of[i]);
	}
	change->count = 0;
}

/* The outputs behind the change, OUTPUTS_MAX at most, borrowed. */
static size_t list_after(const struct output_list *o, const struct outputs_change *change, struct output **list,
			 char **texts)
{
	size_t n = 0;

	for (size_t i = 0; i < o->count; i++) {
		if (o->made_of[i] && !change->keep[i])
			continue;
		list[n] = o->list[i];
		texts[n++] = o->made_of[i];
	}
	for (size_t i = 0; i < change->count && n < OUTPUTS_MAX; i++) {
		list[n] = change->opened[i];
		texts[n++] = change->made_of[i];
	}
	return n;
}

uint64_t outputs_take(struct output_list *o, const struct outputs_change *change)
{
	struct output *list[OUTPUTS_MAX];
	char *texts[OUTPUTS_MAX];
	size_t n = list_after(o, change, list, texts);
	struct output_stats stats;
	uint64_t lost = 0;

	for (size_t i = 0; i < o->count; i++) {
		bool stays = false;

		for (size_t k = 0; k < n && !stays; k++)
			stays = list[k] == o->list[i];
		if (stays)
			continue;
		lost += o->list[i]->failed;
		output_stats(o->list[i], &stats);
		o->dropped += stats.dropped;
		free(o->made_of[i]);
		retire(&o->retired, o->list[i]);
	}
	for (size_t i = 0; i < OUTPUTS_MAX; i++) {
		o->list[i] = i < n ? list[i] : NULL;
		o->made_of[i] = i < n ? texts[i] : NULL;
	}
	o->count = n;
	return lost;
}
