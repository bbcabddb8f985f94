/* SPDX-License-Identifier: Apache-2.0 */
#include "output/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/parse.h"

struct segment {
	uint64_t number;
	uint64_t bytes;
};

struct spool {
	char *path;
	int folder, lock, position;
	uint64_t max_bytes, segment_bytes;
	/* by number; the last one is written to while tail is open */
	struct segment *segments;
	size_t nsegments, room;
	uint64_t next; /* number of the next file */
	uint64_t found; /* files below this number were here at the start, and their damage has been counted */
	int tail;
	/* the first file, as far as it was read */
	struct strbuf text;
	bool loaded;
	size_t at, end; /* of the record at hand */
	struct strbuf line; /* to write */
	struct spool_stats stats;
};

/* ---- files --------------------------------------------------------------------------------------------- */

#define NAME_FORMAT "%016" PRIx64 ".spool"
#define NAME_BYTES 32
#define NUMBER_DIGITS 16

static void name_of(char name[NAME_BYTES], uint64_t number)
{
	snprintf(name, NAME_BYTES, NAME_FORMAT, number);
}

/* Whatever else lies in the folder is not ours. */
static bool is_segment(const char *name, uint64_t *ret_number)
{
	char again[NAME_BYTES], *end;

	if (strspn(name, "0123456789abcdef") != NUMBER_DIGITS)
		return false;
	*ret_number = strtoull(name, &end, 16);
	name_of(again, *ret_number);
	return strcmp(name, again) == 0 && *ret_number < UINT64_MAX / 2;
}

static int add_segment(struct spool *s, struct segment segment)
{
	if (s->nsegments == s->room) {
		size_t room = s->room ? s->room * 2 : 16;
		struct segment *more = reallocarray(s->segments, room, sizeof(*more));

		if (!more)
			return -ENOMEM;
		s->segments = more;
		s->room = room;
	}
	s->segments[s->nsegments++] = segment;
	return 0;
}

static void close_tail(struct spool *s)
{
	if (s->tail < 0)
		return;
	(void)fdatasync(s->tail);
	close(take_fd(s->tail));
}

static void remove_first(struct spool *s)
{
	char name[NAME_BYTES];

	if (s->nsegments == 1)
		close_tail(s);
	name_of(name, s->segments[0].number);
	(void)unlinkat(s->folder, name, 0); /* one that stays is known as delivered by the position */
	s->stats.bytes -= s->segments[0].bytes;
	s->nsegments--;
	memmove(s->segments, s->segments + 1, s->nsegments * sizeof(*s->segments));
	strbuf_reset(&s->text);
	s->loaded = false;
	s->at = s->end = 0;
}

/* What the first file has beyond what was read of it before. */
static int load(struct spool *s)
{
	const struct segment *first = &s->segments[0];
	char name[NAME_BYTES], piece[16384];
	auto_fd int fd = -1;
	ssize_t n = 0;

	name_of(name, first->number);
	fd = openat(s->folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || lseek(fd, (off_t)s->text.len, SEEK_SET) < 0)
		return -errno;
	while (s->text.len < first->bytes && s->text.len < SPOOL_FILE_BYTES) {
		uint64_t left = first->bytes - s->text.len;

		n = file_read(fd, piece, left < sizeof(piece) ? (size_t)left : sizeof(piece));
		if (n <= 0)
			break;
		strbuf_add(&s->text, piece, (size_t)n);
	}
	s->loaded = true;
	return n < 0 ? (int)n : s->text.failed ? -ENOMEM : 0;
}

/* ---- the position: how much was delivered -------------------------------------------------------------- */

struct position {
	uint64_t number, at;
	uint32_t sum, unused;
};

static uint32_t position_sum(const struct position *p)
{
	return (uint32_t)crc32(0x5ea1, (const Bytef *)p, offsetof(struct position, sum));
}

static int save_position(struct spool *s)
{
	struct position p = { .number = s->segments[0].number, .at = s->at };
	ssize_t n;

	p.sum = position_sum(&p);
	do
		n = pwrite(s->position, &p, sizeof(p), 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n == sizeof(p) ? 0 : -EIO;
}

/* Without a good position all that is there is delivered, perhaps once more. */
static void apply_position(struct spool *s)
{
	struct position p;

	if (pread(s->position, &p, sizeof(p), 0) != sizeof(p) || p.sum != position_sum(&p))
		return;
	while (s->nsegments && s->segments[0].number < p.number)
		remove_first(s);
	if (s->nsegments && s->segments[0].number == p.number)
		s->at = p.at < SIZE_MAX ? (size_t)p.at : SIZE_MAX;
	if (s->next <= p.number && p.number < UINT64_MAX / 2)
		s->next = p.number + 1;
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int list_folder(struct spool *s)
{
	int fd = openat(s->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir))) {
		struct segment segment;
		struct stat st;

		if (!is_segment(entry->d_name, &segment.number) ||
		    fstatat(s->folder, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
			continue;
		segment.bytes = (uint64_t)st.st_size;
		r = add_segment(s, segment);
		s->stats.bytes += segment.bytes;
		if (s->next <= segment.number)
			s->next = segment.number + 1;
	}
	closedir(dir);
	if (s->nsegments)
		qsort(s->segments, s->nsegments, sizeof(*s->segments), compare);
	return r;
}

/* Counts what is there, and leaves the reading at its start. */
static void count_all(struct spool *s)
{
	size_t n = s->nsegments, begin = s->at;
	struct segment *all = s->segments;
	struct spool_record record;

	for (; s->nsegments; s->segments++, s->nsegments--) {
		uint64_t bytes = s->segments[0].bytes;

		strbuf_reset(&s->text);
		(void)load(s);
		while (spool_record_next(strbuf_str(&s->text), &s->at, &record, &s->stats.damaged) > 0)
			s->stats.records++;
		if (bytes > s->text.len)
			s->stats.damaged += bytes - s->text.len;
		s->at = 0;
	}
	s->segments = all;
	s->nsegments = n;
	strbuf_reset(&s->text);
	s->loaded = false;
	s->at = begin;
	s->found = s->next;
}

static int open_folder(struct spool *s, struct error *err)
{
	if (mkdir(s->path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, -errno, "cannot make the spool's folder %s", s->path);
	s->folder = open(s->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->folder >= 0)
		s->lock = openat(s->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return error_errno(err, -errno, "cannot use the spool %s", s->path);
	if (flock(s->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ?
			       error_set(err, -EBUSY, "the spool %s is used by another process", s->path) :
			       error_errno(err, -errno, "cannot lock the spool %s", s->path);
	s->position = openat(s->folder, "position", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return s->position < 0 ? error_errno(err, -errno, "cannot use the spool %s", s->path) : 0;
}

int spool_open(const char *folder, uint64_t max_bytes, struct spool **ret_spool, struct error *err)
{
	auto_spool struct spool *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return error_set(err, -ENOMEM, "out of memory");
	s->folder = s->lock = s->position = s->tail = -1;
	s->max_bytes = max_bytes;
	/* room comes back a file at a time */
	s->segment_bytes = max_bytes / 8 < SPOOL_SEGMENT_BYTES ? max_bytes / 8 : SPOOL_SEGMENT_BYTES;
	s->path = str_dup(str_of(folder));
	if (!s->path)
		return error_set(err, -ENOMEM, "out of memory");
	r = open_folder(s, err);
	if (r < 0)
		return r;
	r = list_folder(s);
	if (r < 0)
		return error_errno(err, r, "cannot read the spool %s", s->path);
	apply_position(s);
	count_all(s);
	*ret_spool = take_ptr(s);
	return 0;
}

/* ---- adding -------------------------------------------------------------------------------------------- */

/* Files that were here before are not written to: they may end within a record. */
static int start_segment(struct spool *s)
{
	char name[NAME_BYTES];
	int r;

	close_tail(s);
	name_of(name, s->next);
	s->tail = openat(s->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->tail < 0)
		return -errno;
	r = add_segment(s, (struct segment){ .number = s->next });
	if (r < 0) {
		(void)unlinkat(s->folder, name, 0);
		close(take_fd(s->tail));
		return r;
	}
	s->next++;
	return 0;
}

int spool_add(struct spool *s, uint32_t kind, struct str body, struct error *err)
{
	struct segment *last;
	int r = 0;

	if (body.len > SPOOL_RECORD_BYTES)
		return error_set(err, -EMSGSIZE, "the spool %s takes no record of %zu bytes", s->path, body.len);
	if (s->stats.bytes > s->max_bytes || SPOOL_HEAD_BYTES + body.len > s->max_bytes - s->stats.bytes)
		return error_set(err, -ENOSPC, "the spool %s is full: it may have %" PRIu64 " bytes", s->path,
				 s->max_bytes);
	strbuf_reset(&s->line);
	spool_record_add(&s->line, kind, body);
	if (s->line.failed)
		return error_set(err, -ENOMEM, "out of memory");
	if (s->tail < 0 || s->segments[s->nsegments - 1].bytes >= s->segment_bytes)
		r = start_segment(s);
	if (r < 0)
		return error_errno(err, r, "cannot make a file in the spool %s", s->path);
	last = &s->segments[s->nsegments - 1];
	r = file_write_all(s->tail, s->line.ptr, s->line.len);
	if (r < 0) {
		/* no half record stays, or else no further one is written behind it */
		if (ftruncate(s->tail, (off_t)last->bytes) < 0)
			close_tail(s);
		return error_errno(err, r, "cannot write to the spool %s", s->path);
	}
	last->bytes += s->line.len;
	s->stats.bytes += s->line.len;
	s->stats.records++;
	return 0;
}

/* ---- taking -------------------------------------------------------------------------------------------- */

int spool_first(struct spool *s, struct spool_record *ret_record)
{
	while (s->nsegments) {
		const struct segment *first = &s->segments[0];
		uint64_t skipped = 0;

		s->end = s->at;
		if (!s->loaded || (s->end >= s->text.len && s->text.len < first->bytes))
			(void)load(s); /* what cannot be read is missing below */
		if (spool_record_next(strbuf_str(&s->text), &s->end, ret_record, &skipped) > 0) {
			if (first->number >= s->found)
				s->stats.damaged += skipped;
			return 1;
		}
		if (first->number >= s->found)
			s->stats.damaged += skipped + (first->bytes > s->text.len ? first->bytes - s->text.len : 0);
		remove_first(s);
	}
	s->stats.records = 0; /* files that somebody else took away */
	return 0;
}

int spool_done(struct spool *s, struct error *err)
{
	int r;

	if (!s->nsegments || s->end <= s->at)
		return 0;
	s->at = s->end;
	if (s->stats.records)
		s->stats.records--;
	r = save_position(s);
	if (s->at >= s->segments[0].bytes)
		remove_first(s);
	return r < 0 ? error_errno(err, r, "cannot note in the spool %s what was delivered", s->path) : 0;
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

void spool_stats(const struct spool *s, struct spool_stats *ret_stats)
{
	*ret_stats = s->stats;
}

const char *spool_folder(const struct spool *s)
{
	return s->path;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	close_tail(s);
	if (s->position >= 0)
		close(s->position);
	if (s->lock >= 0)
		close(s->lock);
	if (s->folder >= 0)
		close(s->folder);
	strbuf_free(&s->text);
	strbuf_free(&s->line);
	free(s->segments);
	free(s->path);
	free(s);
}
