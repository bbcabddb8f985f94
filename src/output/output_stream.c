/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "output/line.h"

struct stream {
	struct output head;
	int fd, known; /* known to users by that number */
	bool owned, buffered, torn;
	unsigned int flags; /* LINE_* */
	uint64_t held; /* alerts in lines that were not written yet */
	struct strbuf lines;
};

/* What is collected before a buffered stream writes by itself. */
#define STREAM_BUFFER_BYTES 32768

static int stream_flush(struct output *o, struct error *err)
{
	struct stream *s = (struct stream *)o;
	uint64_t held = s->held;
	int r;

	if (!held)
		return 0;
	r = s->lines.failed ? -ENOMEM : line_write(s->fd, strbuf_str(&s->lines), &s->torn);
	strbuf_reset(&s->lines);
	s->held = 0;
	if (r < 0) {
		o->failed += held;
		return error_errno(err, r, "cannot write %llu line%s to descriptor %d", (unsigned long long)held,
				   str_plural(held), s->known);
	}
	o->sent += held;
	return 0;
}

static int stream_send(struct output *o, const struct alert *a, struct error *err)
{
	struct stream *s = (struct stream *)o;

	line_add(&s->lines, a, s->flags);
	s->held++;
	if (s->buffered && s->lines.len < STREAM_BUFFER_BYTES && !s->lines.failed)
		return 0;
	return stream_flush(o, err);
}

static void stream_close(struct output *o)
{
	struct stream *s = (struct stream *)o;

	if (s->owned)
		close(s->fd);
	strbuf_free(&s->lines);
	free(s);
}

static const struct output_ops stream_ops = {
	.name = "stream",
	.send = stream_send,
	.flush = stream_flush,
	.close = stream_close,
};

int output_stream_open(int fd, int known, bool owned, bool json, bool color, bool buffered, struct output **ret_output,
		       struct error *err)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->head.ops = &stream_ops;
	s->head.json = json;
	s->fd = fd;
	s->known = known;
	s->owned = owned;
	s->buffered = buffered;
	s->flags = (json ? LINE_JSON : 0) | (color ? LINE_COLOR : 0) | (isatty(fd) ? LINE_TERMINAL : 0);
	*ret_output = &s->head;
	return 0;
}
