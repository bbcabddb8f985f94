/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/line.h"

struct file_output {
	struct output head;
	char *path;
	int fd; /* -1 while closed */
	bool keep_alive, sync, torn;
	unsigned int flags; /* LINE_* */
	struct strbuf line;
};

/* Alerts name secrets (arguments, paths): a new file is for its owner only. */
static int open_file(struct file_output *f, struct error *err)
{
	int fd = open(f->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return error_errno(err, -errno, "cannot open %s for alerts", f->path);
	f->fd = fd;
	f->flags = (f->head.json ? LINE_JSON : 0) | (isatty(fd) ? LINE_TERMINAL : 0);
	return 0;
}

static void close_file(struct file_output *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* Pipes and devices have nothing to be synchronised. */
static int sync_file(const struct file_output *f)
{
	return f->sync && fdatasync(f->fd) < 0 && errno != EINVAL && errno != EROFS ? -errno : 0;
}

static int file_send(struct output *o, const struct alert *a, struct error *err)
{
	struct file_output *f = (struct file_output *)o;
	int r = 0;

	if (f->fd < 0)
		r = open_file(f, err);
	if (r == 0) {
		strbuf_reset(&f->line);
		line_add(&f->line, a, f->flags);
		r = f->line.failed ? -ENOMEM : line_write(f->fd, strbuf_str(&f->line), &f->torn);
		if (r == 0)
			r = sync_file(f);
		if (r < 0)
			error_errno(err, r, "cannot write an alert to %s", f->path);
		if (!f->keep_alive)
			close_file(f);
	}
	if (r < 0)
		o->failed++;
	else
		o->sent++;
	return r;
}

/* The old file stays in use when the new one cannot be opened. */
static int file_reopen(struct output *o, struct error *err)
{
	struct file_output *f = (struct file_output *)o;
	int old = f->fd, r;

	r = open_file(f, err);
	if (r < 0)
		return r;
	if (old >= 0)
		close(old);
	f->torn = false;
	return 0;
}

static void file_close(struct output *o)
{
	struct file_output *f = (struct file_output *)o;

	close_file(f);
	strbuf_free(&f->line);
	free(f->path);
	free(f);
}

static const struct output_ops file_ops = {
	.name = "file",
	.send = file_send,
	.reopen = file_reopen,
	.close = file_close,
};

int output_file_open(const char *path, bool keep_alive, bool sync, bool json, struct output **ret_output,
		     struct error *err)
{
	struct file_output *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return error_set(err, -ENOMEM, "out of memory");
	f->head.ops = &file_ops;
	f->head.json = json;
	f->keep_alive = keep_alive;
	f->sync = sync;
	f->fd = -1;
	f->path = str_dup(str_of(path));
	if (!f->path) {
		free(f);
		return error_set(err, -ENOMEM, "out of memory");
	}

	/*
	 * opened now even when every line opens it anew: a wrong path is told before the run, not after the
	 * first alert
	 */
	r = open_file(f, err);
	if (r < 0) {
		file_close(&f->head);
		return r;
	}
	if (!keep_alive)
		close_file(f);
	*ret_output = &f->head;
	return 0;
}
