/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "base/limits.h"

#define WINDOW_BYTES (256 * 1024) /* first and usual size; a larger block makes it grow */
#define INPUT_BYTES  (64 * 1024)
#define PART_MS	     200 /* of a wait for a pipe */

enum state { STATE_PLAIN, STATE_GZIP, STATE_BETWEEN_MEMBERS, STATE_END };

struct scap_input {
	int fd;
	bool follow; /* -EAGAIN stands for the end of what is there */
	bool in_parts; /* -EINTR stands for nothing that came for a while */
	bool unended; /* the compressed file ended, its data did not */
	uint32_t tail; /* the last bytes that were read, the last one lowest */
	enum state state;
	z_stream z; /* next_in and avail_in hold what was read from fd and is not used yet */
	uint64_t offset; /* bytes read from fd */
	uint8_t bytes[INPUT_BYTES];
};

/* At most len bytes, 0 at the end of the file, or negative. */
static ssize_t read_some(struct scap_input *in, uint8_t *bytes, size_t len, struct error *err)
{
	struct pollfd p = { .fd = in->fd, .events = POLLIN };
	int ready = in->in_parts ? poll(&p, 1, PART_MS) : 1;
	ssize_t n;

	if (ready == 0 || (ready < 0 && errno == EINTR))
		return -EINTR;
	n = ready < 0 ? -errno : file_read(in->fd, bytes, len);
	if (n < 0)
		return error_errno(err, (int)n, "cannot read at offset %llu", (unsigned long long)in->offset);
	in->offset += (size_t)n;
	return n;
}

/* Reads more compressed (or plain) bytes behind those that are left. 1, 0 at the end of the file, or negative. */
static int refill(struct scap_input *in, struct error *err)
{
	size_t left = in->z.avail_in;
	ssize_t n;

	if (left)
		memmove(in->bytes, in->z.next_in, left);
	in->z.next_in = in->bytes;
	n = read_some(in, in->bytes + left, sizeof(in->bytes) - left, err);
	if (n < 0)
		return (int)n;
	in->z.avail_in = (unsigned int)(left + (size_t)n);
	for (ssize_t i = n > 4 ? n - 4 : 0; i < n; i++)
		in->tail = in->tail << 8 | in->bytes[left + (size_t)i];
	return n > 0;
}

/* Makes sure that two bytes are there and looks whether they start a gzip member. 1, 0 (no), or negative. */
static int at_gzip_magic(struct scap_input *in, struct error *err)
{
	int r = 1;

	while (in->z.avail_in < 2 && r > 0)
		r = refill(in, err);
	if (r < 0)
		return r;
	return in->z.avail_in >= 2 && in->z.next_in[0] == 0x1f && in->z.next_in[1] == 0x8b;
}

/* After a gzip member: the end, or another member. */
static int next_member(struct scap_input *in, struct error *err)
{
	int r = at_gzip_magic(in, err);

	if (r < 0)
		return r;
	if (r == 0 && in->follow && in->z.avail_in < 2)
		return -EAGAIN;
	if (r == 0) {
		in->state = STATE_END;
		if (in->z.avail_in)
			return error_set(err, -EBADMSG,
					 "offset %llu of the compressed file: a gzip member or the end was expected",
					 (unsigned long long)(in->offset - in->z.avail_in));
		return 0;
	}
	if (inflateReset(&in->z) != Z_OK)
		return error_set(err, -EIO, "zlib cannot start over");
	in->state = STATE_GZIP;
	return 0;
}

static ssize_t inflate_some(struct scap_input *in, uint8_t *bytes, size_t len, struct error *err)
{
	uint64_t at = in->offset - in->z.avail_in;
	int more = in->z.avail_in ? 1 : refill(in, err), r;

	if (more < 0)
		return more;
	in->z.next_out = bytes;
	in->z.avail_out = (unsigned int)len;
	r = inflate(&in->z, Z_NO_FLUSH);
	if (r == Z_STREAM_END)
		in->state = STATE_BETWEEN_MEMBERS;
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return error_set(err, r == Z_MEM_ERROR ? -ENOMEM : -EBADMSG,
				 "near offset %llu of the compressed file: %s", (unsigned long long)at,
				 in->z.msg ? in->z.msg : "damaged gzip data");
	if (more || in->z.avail_out < len || r == Z_STREAM_END) /* zlib may still have had some */
		return (ssize_t)(len - in->z.avail_out);
	if (in->follow)
		return -EAGAIN;
	in->unended = true;
	return error_set(err, -EBADMSG, "the compressed file ends at offset %llu in the middle of its data",
			 (unsigned long long)in->offset);
}

/* Right into the window; in small parts, which are still in the processor's cache when their events are read. */
static ssize_t read_plain(struct scap_input *in, uint8_t *bytes, size_t len, struct error *err)
{
	return read_some(in, bytes, len < INPUT_BYTES ? len : INPUT_BYTES, err);
}

/* Some bytes, at most len. 0 at the end of the file. */
static ssize_t input_read(struct scap_input *in, uint8_t *bytes, size_t len, struct error *err)
{
	ssize_t n;
	int r;

	while (in->state != STATE_END) {
		if (in->state == STATE_BETWEEN_MEMBERS) {
			r = next_member(in, err);
			if (r < 0)
				return r;
			continue;
		}
		if (in->state == STATE_GZIP) {
			n = inflate_some(in, bytes, len, err);
			if (n != 0)
				return n;
			continue;
		}
		if (!in->z.avail_in) {
			n = read_plain(in, bytes, len, err);
			if (n != 0)
				return n;
			if (in->follow)
				return -EAGAIN;
			break;
		}
		if (len > in->z.avail_in)
			len = in->z.avail_in;
		memcpy(bytes, in->z.next_in, len);
		in->z.next_in += len;
		in->z.avail_in -= (unsigned int)len;
		return (ssize_t)len;
	}
	in->state = STATE_END;
	return 0;
}

int scap_file_fill(struct scap_file *f, size_t n, struct error *err)
{
	size_t have = f->end - f->start;
	uint8_t *bigger;
	ssize_t got;

	if (n > f->cap) {
		bigger = malloc(n);
		if (!bigger)
			return error_set(err, -ENOMEM, "out of memory");
		memcpy(bigger, f->buffer + f->start, have);
		free(f->buffer);
		f->buffer = bigger;
		f->cap = n;
	} else if (f->start) {
		memmove(f->buffer, f->buffer + f->start, have);
	}
	f->start = 0;
	f->end = have;
	while (f->end < n) {
		got = input_read(f->input, f->buffer + f->end, f->cap - f->end, err);
		if (got == 0 || got == -EAGAIN)
			return 0;
		if (got < 0)
			return (int)got;
		f->end += (size_t)got;
	}
	return 1;
}

bool scap_file_ends_flushed(const struct scap_file *f)
{
	return f->input->unended && f->input->tail == 0x0000ffff; /* the empty block of a Z_SYNC_FLUSH */
}

void scap_file_follow(struct scap_file *f)
{
	f->input->follow = true;
}

void scap_file_wait_in_parts(struct scap_file *f)
{
	struct stat st;

	f->input->in_parts = fstat(f->input->fd, &st) == 0 && !S_ISREG(st.st_mode);
}

static int start(struct scap_file *f, struct error *err)
{
	int r = at_gzip_magic(f->input, err);

	if (r <= 0)
		return r;
	/* 15 bits of window is deflate's largest, +16 asks for the gzip frame with its checksum */
	if (inflateInit2(&f->input->z, 15 + 16) != Z_OK)
		return error_set(err, -ENOMEM, "zlib cannot start");
	f->input->state = STATE_GZIP;
	return 0;
}

int scap_file_open(const char *path, struct scap_file *ret_file, struct error *err)
{
	struct scap_file f = { .cap = WINDOW_BYTES };
	int r;

	f.buffer = malloc(f.cap);
	f.input = calloc(1, sizeof(*f.input));
	if (!f.buffer || !f.input) {
		free(f.buffer);
		free(f.input);
		return error_set(err, -ENOMEM, "out of memory");
	}
	if (strcmp(path, "-") == 0)
		f.input->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		f.input->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (f.input->fd < 0)
		r = error_errno(err, -errno, "cannot open the capture");
	else
		r = start(&f, err);
	if (r < 0) {
		scap_file_close(&f);
		return r;
	}
	*ret_file = f;
	return 0;
}

void scap_file_close(struct scap_file *f)
{
	if (f->input) {
		inflateEnd(&f->input->z); /* harmless when it was never started */
		if (f->input->fd >= 0)
			close(f->input->fd);
	}
	free(f->input);
	free(f->buffer);
	*f = (struct scap_file){ 0 };
}
