/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_syslog.h"

#include <errno.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "base/moment.h"
#include "net/connection.h"
#include "output/retry.h"
#include "output/syslog_local.h"

struct syslog_output {
	struct output head;
	char *address, *ca, *cert, *key, *tag;
	int facility;
	unsigned int timeout_ms;
	int local; /* datagram socket, -1 = none */
	struct connection *remote;
	struct strbuf message, framed;
};

int output_syslog_facility(struct str name)
{
	static const struct {
		const char *name;
		int facility;
	} names[] = {
		{ "user", LOG_USER },         { "daemon", LOG_DAEMON }, { "auth", LOG_AUTH },
		{ "authpriv", LOG_AUTHPRIV }, { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },
		{ "local2", LOG_LOCAL2 },     { "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 },
		{ "local5", LOG_LOCAL5 },     { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_eq(name, str_of(names[i].name)))
			return names[i].facility;
	return -EINVAL;
}

/* ---- messages ------------------------------------------------------------------------------------------ */

/* Priorities of rules are syslog's severities, in the same order. */
static int pri(const struct syslog_output *s, const struct alert *a)
{
	return s->facility | (int)a->priority;
}

static void add_local(struct syslog_output *s, const struct alert *a, struct str text)
{
	syslog_local_head(&s->message, pri(s, a), s->tag);
	strbuf_addstr(&s->message, text);
}

/* RFC 5424: printable ASCII without spaces, at most max; "-" for nothing. */
static void add_name(struct strbuf *out, struct str name, size_t max)
{
	for (size_t i = 0; i < name.len && i < max; i++)
		strbuf_addc(out, name.ptr[i] > ' ' && name.ptr[i] < 127 ? name.ptr[i] : '_');
	if (!name.len)
		strbuf_addc(out, '-');
}

static void add_rfc5424(struct syslog_output *s, const struct alert *a, struct str text)
{
	strbuf_addf(&s->message, "<%d>1 ", pri(s, a));
	moment_add(&s->message, a->ts, MOMENT_ISO_Z_US);
	strbuf_addc(&s->message, ' ');
	add_name(&s->message, a->hostname, 255);
	strbuf_addc(&s->message, ' ');
	add_name(&s->message, str_of(s->tag), 48);
	/* the alert itself begins with a mark that says UTF-8; it has no newline */
	strbuf_addf(&s->message, " %d - - \xef\xbb\xbf", (int)getpid());
	strbuf_addstr(&s->message, text);
	strbuf_reset(&s->framed);
	strbuf_addf(&s->framed, "%zu ", s->message.len);
	strbuf_addstr(&s->framed, strbuf_str(&s->message));
}

/* ---- sending ------------------------------------------------------------------------------------------- */

#define UNIX_SCHEME "unix://"
#define TCP_SCHEME  "tcp://"
#define TLS_SCHEME  "tls://"

static bool is_local(const struct syslog_output *s)
{
	return str_starts(str_of(s->address), STR(UNIX_SCHEME));
}

static void disconnect(struct syslog_output *s)
{
	if (s->local >= 0)
		close(take_fd(s->local));
	connection_close(take_ptr(s->remote));
}

static int connect_remote(struct syslog_output *s, struct error *err)
{
	const struct connection_options options = {
		.address = s->address + strlen(TCP_SCHEME), /* as long as the other */
		.tls = str_starts(str_of(s->address), STR(TLS_SCHEME)),
		.ca = *s->ca ? s->ca : NULL,
		.cert = *s->cert ? s->cert : NULL,
		.key = *s->key ? s->key : *s->cert ? s->cert : NULL,
		.timeout_ms = s->timeout_ms,
	};
	int r = connection_open(&options, &s->remote, err);

	return r < 0 ? error_prefix(err, r, "syslog output") : 0;
}

static int send_local(struct syslog_output *s, struct error *err)
{
	const char *path = s->address + strlen(UNIX_SCHEME);
	int r = s->local < 0 ? syslog_local_connect(path, s->timeout_ms, &s->local, err) : 0;

	if (r < 0)
		return error_prefix(err, r, "syslog output");
	if (send(s->local, s->message.ptr, s->message.len, MSG_NOSIGNAL) >= 0)
		return 0;
	r = -errno;
	disconnect(s);
	return error_errno(err, r, "syslog output: %s", s->address);
}

static int send_remote(struct syslog_output *s, struct error *err)
{
	int r = 0;

	if (s->remote && !connection_alive(s->remote))
		disconnect(s);
	if (!s->remote)
		r = connect_remote(s, err);
	if (r < 0)
		return r;
	r = connection_write(s->remote, s->framed.ptr, s->framed.len, err);
	if (r < 0) {
		disconnect(s);
		return error_prefix(err, r, "syslog output");
	}
	return 0;
}

static int try_once(struct output *o, struct error *err)
{
	struct syslog_output *s = (struct syslog_output *)o;

	if (s->message.failed || s->framed.failed)
		return error_set(err, -ENOMEM, "out of memory");
	return is_local(s) ? send_local(s, err) : send_remote(s, err);
}

static int syslog_send(struct output *o, const struct alert *a, struct error *err)
{
	struct syslog_output *s = (struct syslog_output *)o;
	struct str text = o->json ? a->json : a->text;

	strbuf_reset(&s->message);
	if (is_local(s))
		add_local(s, a, text);
	else
		add_rfc5424(s, a, text);
	return retry_deliver(o, try_once, err);
}

static int syslog_reopen(struct output *o, struct error *err)
{
	(void)err;
	disconnect((struct syslog_output *)o);
	return 0;
}

static void syslog_close(struct output *o)
{
	struct syslog_output *s = (struct syslog_output *)o;

	disconnect(s);
	strbuf_free(&s->message);
	strbuf_free(&s->framed);
	free(s->address);
	free(s->ca);
	free(s->cert);
	free(s->key);
	free(s->tag);
	free(s);
}

static const struct output_ops syslog_ops = {
	.name = "syslog",
	.send = syslog_send,
	.reopen = syslog_reopen,
	.close = syslog_close,
};

static int check_address(const char *address, struct error *err)
{
	struct str a = str_of(address);

	if (str_starts(a, STR(UNIX_SCHEME))) {
		const char *path = address + strlen(UNIX_SCHEME);

		if (!syslog_local_path_ok(path))
			return error_set(err, -EINVAL, "syslog output: '%s' is no absolute path of a socket", path);
		return 0;
	}
	if (!str_starts(a, STR(TCP_SCHEME)) && !str_starts(a, STR(TLS_SCHEME)))
		return error_set(err, -EINVAL,
				 "syslog output: '%s' is no address: unix:///path, tcp://host:port or tls://host:port",
				 address);
	return 0;
}

int output_syslog_open(const struct output_syslog_options *options, struct output **ret_output, struct error *err)
{
	struct error unused;
	struct syslog_output *s;
	int r = check_address(options->address, err);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->head.ops = &syslog_ops;
	s->head.json = options->json;
	s->facility = options->facility;
	s->timeout_ms = options->timeout_ms;
	s->local = -1;
	s->address = str_dup(str_of(options->address));
	s->ca = str_dup(str_of(options->ca));
	s->cert = str_dup(str_of(options->cert));
	s->key = str_dup(str_of(options->key));
	s->tag = str_dup(str_of(options->tag));
	if (!s->address || !s->ca || !s->cert || !s->key || !s->tag) {
		syslog_close(&s->head);
		return error_set(err, -ENOMEM, "out of memory");
	}
	s->head.absent = is_local(s);
	if (is_local(s))
		retry_note_answer(&s->head, syslog_local_connect(s->address + strlen(UNIX_SCHEME), s->timeout_ms,
								 &s->local, &unused));
	*ret_output = &s->head;
	return 0;
}
