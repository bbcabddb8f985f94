/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "output/line.h"

/* Loud for what is urgent, plain for what is routine. */
static const char *color_of(enum priority p)
{
	if (p <= PRIORITY_CRITICAL)
		return "\033[1;31m";
	if (p == PRIORITY_ERROR)
		return "\033[31m";
	if (p == PRIORITY_WARNING)
		return "\033[33m";
	if (p == PRIORITY_NOTICE)
		return "\033[36m";
	return "";
}

/*
 * File names and arguments are chosen by whoever is watched: an escape sequence in one must not move the cursor, hide
 * an alert or answer a terminal's query. C0 and DEL are single bytes; C1 controls come as C2 80 … C2 9F in UTF-8.
 */
static size_t control_length(struct str s)
{
	unsigned char c = (unsigned char)s.ptr[0];

	if (c < 0x20 || c == 0x7f)
		return 1;
	if (c == 0xc2 && s.len > 1 && (unsigned char)s.ptr[1] >= 0x80 && (unsigned char)s.ptr[1] <= 0x9f)
		return 2;
	return 0;
}

static void add_harmless(struct strbuf *out, struct str s, bool json)
{
	size_t plain = 0;

	while (plain < s.len) {
		struct str rest = { s.ptr + plain, s.len - plain };
		size_t n = control_length(rest);

		if (!n) {
			plain++;
			continue;
		}
		strbuf_add(out, s.ptr, plain);
		/* inside a JSON text the escape keeps the value; control bytes occur there only within strings */
		strbuf_addf(out, json ? "\\u%04x" : "\\x%02x", (unsigned char)rest.ptr[n - 1]);
		s.ptr += plain + n;
		s.len -= plain + n;
		plain = 0;
	}
	strbuf_addstr(out, s);
}

void line_add(struct strbuf *out, const struct alert *a, unsigned int flags)
{
	bool json = flags & LINE_JSON;
	struct str text = json ? a->json : a->text;
	const char *color = (flags & LINE_COLOR) && !json ? color_of(a->priority) : "";

	strbuf_adds(out, color);
	if (flags & LINE_TERMINAL)
		add_harmless(out, text, json);
	else
		strbuf_addstr(out, text);
	if (*color)
		strbuf_adds(out, "\033[0m");
	strbuf_addc(out, '\n');
}

static int wait_writable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int r;

	do
		r = poll(&p, 1, LINE_WAIT_MS);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r == 0 ? -EAGAIN : 0;
}

static int write_all(int fd, struct str s, bool *ret_partial)
{
	bool partial = false;

	while (s.len) {
		ssize_t n = write(fd, s.ptr, s.len);
		int r = n < 0 ? -errno : 0;

		if (r == -EINTR)
			continue;
		if (r == -EAGAIN)
			r = wait_writable(fd);
		if (r < 0) {
			*ret_partial = partial;
			return r;
		}
		if (n > 0) {
			s.ptr += n;
			s.len -= (size_t)n;
			partial = s.ptr[-1] != '\n';
		}
	}
	*ret_partial = false;
	return 0;
}

int line_write(int fd, struct str lines, bool *torn)
{
	bool partial = false;
	int r;

	if (*torn) {
		r = write_all(fd, STR("\n"), &partial);
		if (r < 0)
			return r;
		*torn = false;
	}
	r = write_all(fd, lines, &partial);
	if (r < 0)
		*torn = partial;
	return r;
}
