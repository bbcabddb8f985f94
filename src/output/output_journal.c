/* SPDX-License-Identifier: Apache-2.0 */
#include "output/output_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "output/retry.h"
#include "output/syslog_local.h"

struct journal_output {
	struct output head;
	char *path, *identifier;
	unsigned int timeout_ms;
	int fd; /* datagram socket, -1 = none */
	struct strbuf entry;
};

/* ---- entries ------------------------------------------------------------------------------------------- */

/*
 * NAME=value and a newline; where the value has one itself: NAME, newline, its length as 64 bits in
 * little-endian order, it, newline.
 */
static void add_field(struct strbuf *out, const char *name, struct str value)
{
	strbuf_adds(out, name);
	if (value.len && memchr(value.ptr, '\n', value.len)) {
		strbuf_addc(out, '\n');
		for (unsigned int bits = 0; bits < 64; bits += 8)
			strbuf_addc(out, (char)((uint64_t)value.len >> bits));
	} else {
		strbuf_addc(out, '=');
	}
	strbuf_addstr(out, value);
	strbuf_addc(out, '\n');
}

static void add_known(struct strbuf *out, const char *name, struct str value)
{
	if (value.len)
		add_field(out, name, value);
}

static void add_number(struct strbuf *out, const char *name, uint64_t number)
{
	strbuf_adds(out, name);
	strbuf_addc(out, '=');
	strbuf_addu(out, number);
	strbuf_addc(out, '\n');
}

static void make_entry(struct journal_output *j, const struct alert *a)
{
	struct strbuf *out = &j->entry;

	strbuf_reset(out);
	add_field(out, "MESSAGE", j->head.json ? a->json : a->text);
	add_number(out, "PRIORITY", a->priority); /* syslog's severities, in the same order */
	add_field(out, "SYSLOG_IDENTIFIER", str_of(j->identifier));
	add_number(out, "MONITOR_TIME_NS", a->ts);
	add_known(out, "MONITOR_RULE", a->rule);
	add_known(out, "MONITOR_SOURCE", a->source);
	add_known(out, "MONITOR_HOSTNAME", a->hostname);
	for (size_t i = 0; i < a->ntags; i++)
		add_known(out, "MONITOR_TAG", a->tags[i]);
	add_known(out, "MONITOR_FIELDS", a->fields);
}

/* ---- sending ------------------------------------------------------------------------------------------- */

static void disconnect(struct journal_output *j)
{
	if (j->fd >= 0)
		close(take_fd(j->fd));
}

static int write_all(int fd, struct str bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			bytes = (struct str){ bytes.ptr + n, bytes.len - (size_t)n };
	}
	return 0;
}

/* The journal takes a file only when nobody can change it any more. */
static int send_in_file(struct journal_output *j)
{
	auto_fd int file = memfd_create("journal-entry", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct msghdr message = { .msg_control = control.bytes, .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	int r = file < 0 ? -errno : write_all(file, strbuf_str(&j->entry));

	if (r < 0)
		return r;
	if (fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
		return -errno;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &file, sizeof(int));
	return sendmsg(j->fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int try_once(struct output *o, struct error *err)
{
	struct journal_output *j = (struct journal_output *)o;
	int r = j->entry.failed ? error_set(err, -ENOMEM, "out of memory") : 0;

	if (r == 0)
		r = j->fd < 0 ? syslog_local_connect(j->path, j->timeout_ms, &j->fd, err) : 0;
	if (r < 0)
		return error_prefix(err, r, "journal output");
	r = send(j->fd, j->entry.ptr, j->entry.len, MSG_NOSIGNAL) < 0 ? -errno : 0;
	if (r == -EMSGSIZE || r == -ENOBUFS)
		r = send_in_file(j);
	if (r == 0)
		return 0;
	disconnect(j);
	return error_errno(err, r, "journal output: %s", j->path);
}

static int journal_send(struct output *o, const struct alert *a, struct error *err)
{
	struct journal_output *j = (struct journal_output *)o;

	make_entry(j, a);
	return retry_deliver(o, try_once, err);
}

static void journal_close(struct output *o)
{
	struct journal_output *j = (struct journal_output *)o;

	disconnect(j);
	strbuf_free(&j->entry);
	free(j->path);
	free(j->identifier);
	free(j);
}

static const struct output_ops journal_ops = { .name = "journal", .send = journal_send, .close = journal_close };

int output_journal_open(const char *socket, const char *identifier, unsigned int timeout_ms, bool json,
			struct output **ret_output, struct error *err)
{
	struct journal_output *j;
	struct error unused;

	if (!syslog_local_path_ok(socket))
		return error_set(err, -EINVAL, "journal output: '%s' is no absolute path of a socket", socket);
	j = calloc(1, sizeof(*j));
	if (!j)
		return error_set(err, -ENOMEM, "out of memory");
	j->head.ops = &journal_ops;
	j->head.json = json;
	j->timeout_ms = timeout_ms;
	j->fd = -1;
	j->path = str_dup(str_of(socket));
	j->identifier = str_dup(str_of(identifier));
	if (!j->path || !j->identifier) {
		journal_close(&j->head);
		return error_set(err, -ENOMEM, "out of memory");
	}
	j->head.absent = true;
	retry_note_answer(&j->head, syslog_local_connect(j->path, timeout_ms, &j->fd, &unused));
	*ret_output = &j->head;
	return 0;
}
